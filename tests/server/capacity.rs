//! How much the server takes, and that one client's weight is not felt by another.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opcua_types::{
    DataChangeNotification, NodeId, PublishRequest, PublishResponse, ReadRequest, ReadResponse,
    ReadValueId, StatusCode, TimestampsToReturn,
};

use crate::items::{create, item, subscribe};
use crate::raw::{Raw, Server, standard, tag};

/// Sessions, subscriptions of each, items of each subscription: 100, 500 and 200,000 in all.
const SESSIONS: usize = 100;
const SUBSCRIPTIONS: usize = 5;
const ITEMS: usize = 400;
/// Resident memory with all of them, KiB: 2 GiB.
const MOST_KIB: u64 = 2 << 20;

fn publish(raw: &mut Raw) {
    let request =
        PublishRequest { request_header: raw.header(), subscription_acknowledgements: None };
    raw.ask(&request);
}

/// Client handles of a data notification.
fn handles(response: &PublishResponse) -> impl Iterator<Item = u32> {
    let data = response.notification_message.notification_data.iter().flatten();
    data.filter_map(|it| it.inner_as::<DataChangeNotification>())
        .flat_map(|it| it.monitored_items.iter().flatten())
        .map(|it| it.client_handle)
}

/// So many measurements of the first line, over and over.
fn measurements() -> impl Iterator<Item = NodeId> {
    const SIGNALS: [&str; 4] =
        ["Bath.Temperature", "Electrical.CellVoltage", "State.PhaseTime", "Feeder.FlowRate"];
    (101..=128).cycle().flat_map(|it| SIGNALS.map(|signal| tag(&format!("Line1.EL{it}.{signal}"))))
}

/// A session with its subscriptions and items, all created.
fn loaded(server: &Server) -> Raw {
    let mut raw = server.session();
    for _ in 0..SUBSCRIPTIONS {
        let id = subscribe(&mut raw, 1000.0).subscription_id;
        let wanted: Vec<_> =
            measurements().take(ITEMS).zip(0..).map(|(node, handle)| item(node, handle)).collect();
        let results = create(&mut raw, id, wanted).unwrap();
        assert!(results.iter().all(|it| it.status_code == StatusCode::Good), "{:?}", results[0]);
    }
    raw
}

#[test]
fn sub_20_mon_25_a_hundred_sessions_with_200_000_items_are_served_within_2_gib() {
    let server = Server::with("limits.sessions_per_address = 100");
    let mut clients: Vec<Raw> = (0..SESSIONS).map(|_| loaded(&server)).collect();
    for raw in &mut clients {
        (0..SUBSCRIPTIONS).for_each(|_| publish(raw));
    }
    for raw in &mut clients {
        let mut seen = BTreeSet::new();
        for _ in 0..SUBSCRIPTIONS {
            let response: PublishResponse = raw.answer().unwrap();
            let id = response.subscription_id;
            seen.extend(handles(&response).map(|handle| (id, handle)));
        }
        assert_eq!(seen.len(), SUBSCRIPTIONS * ITEMS, "every item has said its first value");
    }
    let resident = server.resident_kib();
    println!("{resident} KiB resident with {} items", SESSIONS * SUBSCRIPTIONS * ITEMS);
    assert!(resident < MOST_KIB, "{resident} KiB");
    let mut one_more = server.open();
    assert_eq!(
        one_more.try_create_session(60_000.0).unwrap_err(),
        StatusCode::BadTooManySessions,
        "what is documented is enforced"
    );
}

#[test]
fn mon_04_items_are_bounded_by_what_is_said() {
    let server = Server::with(
        "[limits]\nmonitored_items = 5\nmonitored_items_per_subscription = 4\n\
         subscriptions = 2\nsubscriptions_per_session = 2\n",
    );
    let mut raw = server.session();
    let first = subscribe(&mut raw, 1000.0).subscription_id;
    let second = subscribe(&mut raw, 1000.0).subscription_id;
    let codes = |raw: &mut Raw, id| -> Vec<StatusCode> {
        let wanted = measurements().take(5).map(|node| item(node, 1)).collect();
        create(raw, id, wanted).unwrap().iter().map(|it| it.status_code).collect()
    };
    let full = StatusCode::BadTooManyMonitoredItems;
    let good = StatusCode::Good;
    assert_eq!(codes(&mut raw, first), [good, good, good, good, full]);
    assert_eq!(codes(&mut raw, second), [good, full, full, full, full]);
}

#[test]
fn a_client_that_does_not_read_is_bounded_and_holds_nobody_up() {
    let server = Server::start();
    let mut deaf = server.session();
    let id = subscribe(&mut deaf, 50.0).subscription_id;
    let wanted: Vec<_> = measurements().take(500).map(|node| item(node, 1)).collect();
    for _ in 0..16 {
        create(&mut deaf, id, wanted.clone()).unwrap();
    }
    let before = server.resident_kib();
    // Each answer is some 40 KiB and none is ever taken; in the end nothing more can be sent, and the thread
    // waits until the server goes.
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    std::thread::spawn(move || {
        loop {
            publish(&mut deaf);
            deaf.ask(&read(&deaf, 1000));
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let mut other = server.session();
    let (mut before_reads, mut after_reads) = (usize::MAX, 0);
    while before_reads != after_reads || after_reads == 0 {
        before_reads = asked.load(Ordering::Relaxed);
        for _ in 0..500 {
            let request = read(&other, 1);
            let answer: ReadResponse = other.call(&request).unwrap();
            assert!(answer.results.unwrap()[0].value.is_some());
        }
        after_reads = asked.load(Ordering::Relaxed);
    }
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < 64 << 10, "{grown} KiB wait for a client that does not read");
}

/// A Read of the server's state, so many times.
fn read(raw: &Raw, count: usize) -> ReadRequest {
    let one = ReadValueId { node_id: standard(2256), attribute_id: 13, ..ReadValueId::default() };
    ReadRequest {
        request_header: raw.header(),
        max_age: 0.0,
        timestamps_to_return: TimestampsToReturn::Both,
        nodes_to_read: Some(vec![one; count]),
    }
}
