//! How cost grows with the plant, with clients and with items: server CPU and memory, tables, fitted exponents and
//! drawings. `cargo bench --bench growth -- --out DIR`, some ten minutes; nothing else should run.
//!
//! The server is a process of its own (this program again, as `serve`); its CPU is that of all its threads.
#![expect(clippy::print_stdout, reason = "shows what it measures")]

mod plot;
mod program;
#[expect(dead_code, unused_imports, reason = "the tests' client can do more than this needs")]
#[path = "../../tests/server/raw.rs"]
mod raw;
#[path = "../serve.rs"]
mod serve;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cellhouse::time;
use clap::Parser;
use opcua_types::{
    AttributeId, CreateMonitoredItemsRequest, CreateMonitoredItemsResponse,
    CreateSubscriptionRequest, CreateSubscriptionResponse, MonitoredItemCreateRequest,
    MonitoringMode, MonitoringParameters, NodeId, PublishRequest, ReadRequest, ReadResponse,
    ReadValueId, SubscriptionAcknowledgement, TimestampsToReturn,
};

use crate::plot::{Curve, round};
use crate::program::Server;
use crate::raw::Raw;

/// Cells of 60 variables.
const CELLS: [usize; 7] = [30, 100, 300, 1000, 3000, 10_000, 20_000];
/// Clients with 1,000 items each.
const CLIENTS: [usize; 7] = [1, 3, 10, 30, 50, 100, 200];
/// Items of one client.
const ITEMS: [usize; 7] = [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
/// Items of one subscription.
const PER_SUBSCRIPTION: usize = 10_000;
/// Nodes of a Read, and items of a client among many.
const PER_REQUEST: usize = 1000;
/// Items that are made by one request: it is sent in one chunk.
const CREATED: usize = 500;
/// Publish requests that wait at the server.
const WAITING: usize = 5;
/// The server takes no more.
const WAITING_MAX: usize = 90;
/// Reads of one node and of a thousand.
const READS: (usize, usize) = (20_000, 300);
/// How long values are counted.
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Parser)]
struct Args {
    /// Folder for the drawings and `growth.md`.
    #[arg(long, default_value = "target/growth")]
    out: PathBuf,
    /// Only what has this in its name: cells, clients, items.
    #[arg(long)]
    only: Option<String>,
    /// What `cargo bench` adds.
    #[arg(long)]
    bench: bool,
}

fn main() {
    let mut words = std::env::args();
    if words.nth(1).as_deref() == Some("serve") {
        serve::run(&serve::Args::parse_from(std::env::args().skip(1)));
        return;
    }
    let args = Args::parse();
    let wants = |name: &str| args.only.as_deref().is_none_or(|it| name.contains(it));
    let mut curves = Vec::new();
    if wants("cells") {
        curves.extend(cells());
    }
    if wants("clients") {
        curves.push(clients());
    }
    if wants("items") {
        curves.extend(items());
    }
    save(&args.out, &curves).expect("the folder can be written");
}

fn save(folder: &Path, curves: &[Curve]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut text = String::new();
    for curve in curves {
        let file = format!("{}.svg", curve.title.replace([' ', ','], "-"));
        std::fs::write(folder.join(&file), curve.svg())?;
        let (slope, _) = curve.fit();
        let (title, table) = (curve.title, curve.table());
        let _ =
            writeln!(text, "### {title}\n\nExponent {slope:.2}.\n\n![{title}]({file})\n\n{table}");
    }
    std::fs::write(folder.join("growth.md"), text)
}

/// The variables of a plant of so many cells: temperatures and voltages first.
fn variables(count: usize) -> Vec<NodeId> {
    serve::paths(count).into_iter().map(|it| NodeId::new(2, it)).collect()
}

fn read(raw: &mut Raw, nodes: &[NodeId]) -> ReadResponse {
    let one = |node: &NodeId| ReadValueId {
        node_id: node.clone(),
        attribute_id: AttributeId::Value as u32,
        ..ReadValueId::default()
    };
    let request = ReadRequest {
        request_header: raw.header(),
        timestamps_to_return: TimestampsToReturn::Both,
        nodes_to_read: Some(nodes.iter().map(one).collect()),
        ..ReadRequest::default()
    };
    raw.call(&request).expect("values are read")
}

fn cells() -> Vec<Curve> {
    let mut curves = [
        ("start, by cells", "s until the first value is read"),
        ("memory, by cells", "resident MiB after start"),
        ("read1, by cells", "server CPU of a Read of one node, us"),
        ("read1000, by cells", "server CPU of a Read of 1,000 nodes, us"),
    ]
    .map(|(title, y)| Curve { title, x: "cells of 60 variables", y, points: Vec::new() });
    for count in CELLS {
        let begun = time::monotonic();
        let server = Server::start(count);
        let nodes = variables(count * serve::PER_CELL);
        let mut raw = server.session();
        read(&mut raw, &nodes[..1]);
        let started = time::monotonic().duration_since(begun).as_secs_f64();
        let memory = server.resident() / f64::from(1 << 20);
        // A stride that has no factor in common with the count visits every part of the plant.
        let nth = |index: usize| &nodes[index * 7919 % nodes.len()];
        let before = server.cpu_s();
        for index in 0..READS.0 {
            read(&mut raw, std::slice::from_ref(nth(index)));
        }
        let one = (server.cpu_s() - before) / READS.0 as f64 * 1e6;
        let many: Vec<Vec<NodeId>> = (0..10)
            .map(|part| (0..PER_REQUEST).map(|it| nth(part * PER_REQUEST + it).clone()).collect())
            .collect();
        let before = server.cpu_s();
        for index in 0..READS.1 {
            read(&mut raw, &many[index % many.len()]);
        }
        let thousand = (server.cpu_s() - before) / READS.1 as f64 * 1e6;
        let all = [started, memory, one, thousand];
        println!("{count} cells: s, MiB, us, us: {}", all.map(round).join(", "));
        for (curve, value) in curves.iter_mut().zip(all) {
            curve.points.push((count as f64, value));
        }
    }
    curves.into()
}

fn clients() -> Curve {
    let mut curve = Curve {
        title: "values, by clients",
        x: "clients with 1,000 items at 1 Hz",
        y: "server CPU, % of a core",
        points: Vec::new(),
    };
    for count in CLIENTS {
        let server = Server::start(300);
        let nodes = variables(300 * serve::PER_CELL);
        let mut all: Vec<Watcher> = (0..count)
            .map(|it| {
                let first = it * PER_REQUEST % (nodes.len() - PER_REQUEST);
                Watcher::new(&server, &nodes[first..first + PER_REQUEST])
            })
            .collect();
        let seen = watch(&server, &mut all);
        seen.tell(&format!("{count} clients"), count * PER_REQUEST);
        curve.points.push((count as f64, seen.core_pct));
    }
    curve
}

fn items() -> Vec<Curve> {
    let mut curves = [
        ("values, by items", "server CPU, % of a core"),
        ("memory, by items", "bytes of memory for each item"),
    ]
    .map(|(title, y)| Curve { title, x: "items of one client at 1 Hz", y, points: Vec::new() });
    for count in ITEMS {
        let server = Server::start((count / serve::PER_CELL + 1).max(300));
        let nodes = variables(count);
        let before = server.resident();
        let mut all = vec![Watcher::new(&server, &nodes)];
        let memory = (server.resident() - before) / count as f64;
        let seen = watch(&server, &mut all);
        seen.tell(&format!("{count} items, {memory:.0} bytes each"), count);
        curves[0].points.push((count as f64, seen.core_pct));
        curves[1].points.push((count as f64, memory));
    }
    curves.into()
}

/// What came in the window.
struct Seen {
    values: usize,
    seconds: f64,
    core_pct: f64,
}

impl Seen {
    fn tell(&self, what: &str, items: usize) {
        let delivered = self.values as f64 / (items as f64 * self.seconds) * 100.0;
        println!("{what}: {}% of a core, {delivered:.0}% delivered", round(self.core_pct));
    }
}

/// A client that takes what comes.
struct Watcher {
    raw: Raw,
}

impl Watcher {
    fn new(server: &Server, nodes: &[NodeId]) -> Self {
        let mut raw = server.session();
        for part in nodes.chunks(PER_SUBSCRIPTION) {
            let request = CreateSubscriptionRequest {
                request_header: raw.header(),
                requested_publishing_interval: 1000.0,
                requested_lifetime_count: 1000,
                requested_max_keep_alive_count: 10,
                publishing_enabled: true,
                ..CreateSubscriptionRequest::default()
            };
            let made: CreateSubscriptionResponse = raw.call(&request).expect("a subscription");
            for some in part.chunks(CREATED) {
                monitor(&mut raw, made.subscription_id, some);
            }
        }
        let subscriptions = nodes.len().div_ceil(PER_SUBSCRIPTION);
        (0..(2 * subscriptions).clamp(WAITING, WAITING_MAX)).for_each(|_| publish(&mut raw, None));
        Self { raw }
    }

    /// Takes one answer, asks for another: the values in it.
    fn next(&mut self) -> usize {
        let (_, _, body) = self.raw.message();
        let (subscription_id, sequence_number, values) = counted(&body);
        publish(&mut self.raw, Some((subscription_id, sequence_number)));
        values
    }
}

fn monitor(raw: &mut Raw, subscription: u32, nodes: &[NodeId]) {
    let one = |(node, handle): (&NodeId, u32)| MonitoredItemCreateRequest {
        item_to_monitor: ReadValueId {
            node_id: node.clone(),
            attribute_id: AttributeId::Value as u32,
            ..ReadValueId::default()
        },
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            client_handle: handle,
            sampling_interval: 1000.0,
            queue_size: 1,
            discard_oldest: true,
            ..MonitoringParameters::default()
        },
    };
    let request = CreateMonitoredItemsRequest {
        request_header: raw.header(),
        subscription_id: subscription,
        timestamps_to_return: TimestampsToReturn::Both,
        items_to_create: Some(nodes.iter().zip(0..).map(one).collect()),
    };
    let made: CreateMonitoredItemsResponse = raw.call(&request).expect("items");
    assert!(made.results.unwrap_or_default().iter().all(|it| it.status_code.is_good()));
}

fn publish(raw: &mut Raw, acknowledge: Option<(u32, u32)>) {
    let subscription_acknowledgements = acknowledge.map(|(subscription_id, sequence_number)| {
        vec![SubscriptionAcknowledgement { subscription_id, sequence_number }]
    });
    let request = PublishRequest { request_header: raw.header(), subscription_acknowledgements };
    raw.ask(&request);
}

/// Subscription, number of the message and how many values a Publish response has, without decoding them.
fn counted(body: &[u8]) -> (u32, u32, usize) {
    let number = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().expect("four bytes"));
    // Response header without diagnostics: 8 time, 4 handle, 4 result, 1, 4 no strings, 3 no object.
    let subscription = number(24);
    let available = number(28) as i32;
    // 1 more notifications, 4 number, 8 time, 4 length of the data.
    let message = 32 + 4 * available.max(0) as usize + 1;
    let data = message + 12;
    // 4 type, 1 encoding, 4 length.
    let values = if number(data) as i32 > 0 { number(data + 4 + 9) as usize } else { 0 };
    (subscription, number(message), values)
}

/// All take what comes for a while, each on a thread of its own.
fn watch(server: &Server, all: &mut [Watcher]) -> Seen {
    // The first values of all items are not counted.
    for watcher in all.iter_mut() {
        watcher.next();
    }
    let (before, begun) = (server.cpu_s(), time::monotonic());
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .iter_mut()
            .map(|watcher| {
                scope.spawn(move || {
                    let mut values = 0;
                    while time::monotonic() < begun + WINDOW {
                        values += watcher.next();
                    }
                    values
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().expect("it takes what comes")).sum::<usize>()
    });
    let seconds = time::monotonic().duration_since(begun).as_secs_f64();
    let core_pct = (server.cpu_s() - before) / seconds * 100.0;
    Seen { values: counts, seconds, core_pct }
}
