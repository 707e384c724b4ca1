//! Hot paths one by one, each on the site of 15,000 t/y (240 electrolyzers and more): what a scan does, what a Read and a Browse do.
//!
//! `cargo bench --bench hot [-- FILTER]`. The figures are of a machine and its load; `./test instructions` is what catches
//! a path that has become slower.

use std::path::Path;
use std::sync::Arc;

use cellhouse::access::Role;
use cellhouse::alarm::Alarms;
use cellhouse::config::{self, Limits, PlantConfig};
use cellhouse::control::Controls;
use cellhouse::engine::{CHUNK_TAGS, Chunk, Engine, Snapshot};
use cellhouse::field::{Inputs, Outputs, Quality};
use cellhouse::history::{History, HistoryConfig, Sample, SeriesId};
use cellhouse::plant::Plant;
use cellhouse::tag::{HistoryMode, TagIndex, TagTable, Value};
use cellhouse::time;
use cellhouse::ua::permission::{ClassIndex, Rights, Security};
use cellhouse::ua::space::{
    BrowseFilter, BrowsePosition, IdRef, NodeIdRef, NodeRef, Space, ValueSource,
};
use cellhouse::ua::subscription::{
    Asked, DataFilter, ItemSettings, LiveValues, Mode, Moment, NewItem, Owner, Pass,
    PublishRequest, SessionKey, Source, SubscriptionSet,
};
use cellhouse::ua::value;
use divan::Bencher;
use divan::counter::ItemsCount;
use opcua_types::{ContextOwned, TimestampsToReturn};

/// Between two scans, s.
const SCAN_S: f64 = 1.0;
/// Nodes of one Read.
const NODES: usize = 1000;
/// Values of one log before it is committed.
const VALUES: usize = 100_000;

fn main() {
    divan::main();
}

fn site() -> PlantConfig {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/plant-15000.toml");
    config::load_plant(&path).expect("the shipped file is tested")
}

/// The site after a minute.
fn running() -> Engine {
    let plant = site();
    let start = plant.start;
    let mut engine = Engine::new(plant, start);
    (0..60).for_each(|_| engine.advance());
    engine.scan();
    engine
}

/// The address space of the site.
fn space(table: &Arc<TagTable>) -> Space {
    Space::new(&site(), Arc::clone(table), "urn:localhost:bench", &[]).expect("our NodeSet fits")
}

fn snapshot() -> (Arc<TagTable>, Arc<Snapshot>) {
    let engine = running();
    (Arc::clone(engine.table()), Arc::clone(engine.latest()))
}

/// Every tag of the site.
fn tags(table: &TagTable) -> impl Iterator<Item = TagIndex> + use<> {
    (0..table.len() as u32).map(TagIndex)
}

#[divan::bench]
fn scan_of_the_site(bencher: Bencher<'_, '_>) {
    let mut engine = running();
    bencher.bench_local(|| Arc::clone(engine.scan()));
}

#[divan::bench]
fn physics_step(bencher: Bencher<'_, '_>) {
    let config = site();
    let (mut plant, mut controls) = (Plant::new(&config), Controls::new(&config));
    let (mut inputs, mut outputs) = (Inputs::default(), Outputs::default());
    plant.read(&mut inputs, SCAN_S);
    controls.scan(&inputs, &mut outputs, SCAN_S);
    bencher
        .counter(ItemsCount::new(config.electrolyzers.len()))
        .bench_local(|| plant.step(&outputs, SCAN_S));
}

#[divan::bench]
fn control_scan(bencher: Bencher<'_, '_>) {
    let config = site();
    let (mut plant, mut controls) = (Plant::new(&config), Controls::new(&config));
    let (mut inputs, mut outputs) = (Inputs::default(), Outputs::default());
    plant.read(&mut inputs, SCAN_S);
    bencher
        .counter(ItemsCount::new(config.electrolyzers.len()))
        .bench_local(|| controls.scan(&inputs, &mut outputs, SCAN_S));
}

#[divan::bench]
fn alarm_scan(bencher: Bencher<'_, '_>) {
    let engine = running();
    let mut alarms = Alarms::new(&site(), Arc::clone(engine.table()));
    let snapshot = Arc::clone(engine.latest());
    let values = |tag| {
        let sample = snapshot.sample(tag);
        (sample.value, sample.quality)
    };
    let count = alarms.table().len();
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        alarms.scan(&engine.observed(), &values, SCAN_S);
        alarms.take_notices()
    });
}

#[divan::bench]
fn history_append(bencher: Bencher<'_, '_>) {
    let (table, snapshot) = snapshot();
    bencher
        .counter(ItemsCount::new(VALUES))
        .with_inputs(|| {
            let folder = tempfile::tempdir().expect("a folder for the bench");
            let (mut history, _) =
                History::open(folder.path(), HistoryConfig::default()).expect("it opens");
            let recorded = tags(&table).filter(|it| table.row(*it).1.history != HistoryMode::None);
            let series: Vec<(TagIndex, SeriesId)> =
                recorded.map(|it| (it, history.series(&table.path(it)))).collect();
            (folder, history, series)
        })
        .bench_local_refs(|(_, history, series)| {
            for (number, (tag, series)) in series.iter().cycle().take(VALUES).enumerate() {
                let found = snapshot.sample(*tag);
                let time = time::Timestamp::from_ticks(found.time.ticks() + number as i64);
                let (value, quality) = (found.value.clone(), found.quality);
                let sample = Sample { time, value, quality };
                history.append(*series, sample).expect("there is room");
            }
        });
}

#[divan::bench]
fn encode_values(bencher: Bencher<'_, '_>) {
    let (table, snapshot) = snapshot();
    let now = time::now();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(table.len())).bench_local(|| {
        out.clear();
        for tag in tags(&table) {
            value::encode_sample(&mut out, &snapshot.sample(tag), TimestampsToReturn::Both, now);
        }
        out.len()
    });
}

#[divan::bench]
fn resolve_1000_nodes(bencher: Bencher<'_, '_>) {
    let (table, _) = snapshot();
    let space = space(&table);
    let stride = table.len() / NODES;
    let paths: Vec<String> =
        tags(&table).step_by(stride).take(NODES).map(|it| table.path(it)).collect();
    bencher.counter(ItemsCount::new(NODES)).bench_local(|| {
        let found = paths.iter().filter_map(|it| {
            let id = NodeIdRef { namespace: 2, identifier: IdRef::Text(it) };
            let node = space.resolve(&id)?;
            matches!(space.value_source(node), ValueSource::Tag(_)).then_some(node)
        });
        assert_eq!(found.count(), NODES, "each path is a tag's");
    });
}

#[divan::bench]
fn browse_an_electrolyzer(bencher: Bencher<'_, '_>) {
    let (table, _) = snapshot();
    let space = space(&table);
    let device = table.device_by_path("Line1.EL101").expect("the site has it");
    let filter = BrowseFilter::new(&space, 0, None, true, (0, 63)).expect("it is a good filter");
    let roles = [Role::Observer].into_iter().collect();
    let rights = Rights::new(space.classes(), roles, Security::default());
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        let position = BrowsePosition::start(NodeRef::Device(device), filter.clone());
        space.browse(&rights, position, usize::MAX, &mut out)
    });
}

/// Clients, and items of each.
const CLIENTS: u32 = 50;
const ITEMS: u32 = 18_000;

/// A snapshot in which every value is another than in that of the scan before.
fn tick(scan: u64) -> Snapshot {
    let time = time::Timestamp::from_ticks(scan as i64);
    let chunk = Arc::new(Chunk {
        values: vec![Value::F64(scan as f64); CHUNK_TAGS],
        qualities: vec![Quality::Good; CHUNK_TAGS],
        times: vec![time; CHUNK_TAGS],
    });
    let chunks = vec![chunk; (ITEMS as usize).div_ceil(CHUNK_TAGS)];
    Snapshot { scan, revision: scan, time, chunks, ..Snapshot::default() }
}

/// Clients that watch every tag once a second.
fn watchers(threads: usize) -> SubscriptionSet {
    let limits = Limits {
        monitored_items: (CLIENTS * ITEMS) as usize,
        retransmission_queue: 1,
        ..config::default_server().limits
    };
    let mut set = SubscriptionSet::new(&limits, 1000.0);
    set.set_threads(threads);
    let (first, live) = (tick(1), LiveValues::default());
    let pass = Pass { snapshot: &first, live: &live, utc: time::now() };
    for client in (0..CLIENTS).map(SessionKey) {
        let asked = Asked {
            interval_ms: 1000.0,
            lifetime: 1000,
            keep_alive: 10,
            notifications: 0,
            is_publishing: true,
            priority: 0,
        };
        let made = set.create(client, Owner::default(), &asked, 0.0);
        let (subscription, _) = made.expect("there is room");
        for tag in 0..ITEMS {
            let settings = ItemSettings {
                client_handle: tag,
                timestamps: TimestampsToReturn::Both,
                every: 1,
                filter: DataFilter::default(),
                queue_size: 1,
                discard_oldest: true,
            };
            let (source, mode) = (Source::Tag(TagIndex(tag)), Mode::Reporting);
            let class = ClassIndex::PROCESS;
            let item = NewItem { source, class, mode, settings, aggregate: None };
            set.add_item(client, subscription, item, &pass).expect("there is room");
        }
    }
    set
}

/// All values of one scan to all clients, as far as the encoded responses.
#[divan::bench(args = [1, 2], sample_count = 30, sample_size = 1)]
fn fan_out_by_threads(bencher: Bencher<'_, '_>, threads: usize) {
    let mut set = watchers(threads);
    let (live, utc, types) = (LiveValues::default(), time::now(), ContextOwned::default());
    let context = types.context();
    let mut outgoing = Vec::new();
    let mut scan = 1;
    bencher.counter(ItemsCount::new(CLIENTS * ITEMS)).bench_local(|| {
        scan += 1;
        let moment = Moment { now_ms: scan as f64 * 1000.0, utc, context: &context };
        outgoing.clear();
        for client in 0..CLIENTS {
            let request = PublishRequest {
                channel: client,
                id: 1,
                handle: 1,
                results: Vec::new(),
                deadline_ms: f64::INFINITY,
                max_bytes: 1 << 24,
            };
            set.publish(SessionKey(client), request, &moment, &mut outgoing).expect("it may");
        }
        let snapshot = tick(scan);
        let pass = Pass { snapshot: &snapshot, live: &live, utc };
        set.sample(&pass, &moment, &mut outgoing);
        assert_eq!(outgoing.len(), CLIENTS as usize, "each client hears of each value");
    });
}
