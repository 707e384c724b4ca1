//! An operator's client: 500 values, ten times a second, and a read now and then.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use cellhouse::time;
use opcua_types::{NodeId, PublishRequest, PublishResponse, SubscriptionAcknowledgement};

use crate::items::{create, item, subscribe};
use crate::publishing::values;
use crate::raw::{Raw, Server, eventually, tag};
use crate::values::{read, value};

/// The delay of 99 of 100 values, and the time for 99 of 100 reads, stay below.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
/// Values watched.
const ITEMS: usize = 500;
/// A measurement comes so often in the plant's time, ms.
const SCAN_MS: i64 = 1000;
/// The plant's time goes so much faster than ours.
pub(crate) const SPEED: i64 = 10;
/// Publish requests that wait at the server.
const WAITING: usize = 5;
/// 100 ns in a millisecond.
const TICKS: i64 = 10_000;

/// What the operator has seen.
pub(crate) struct Seen {
    /// Values.
    pub(crate) values: usize,
    /// Values and messages that did not come.
    pub(crate) lost: usize,
    /// Behind the value that came soonest after its measurement.
    pub(crate) late_p99: Duration,
    /// From request to answer.
    pub(crate) read_p99: Duration,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { values, lost, late_p99, read_p99 } = self;
        write!(f, "{values} values, {lost} lost, p99 {late_p99:?} late, reads p99 {read_p99:?}")
    }
}

/// The client at work, on a thread for values and one for reads.
pub(crate) struct Bystander {
    stop: Arc<AtomicBool>,
    watching: JoinHandle<Watched>,
    reading: JoinHandle<Vec<Duration>>,
}

struct Watched {
    values: usize,
    lost: usize,
    /// From measurement to arrival, from a beginning that is the same for all, us.
    ages_us: Vec<i64>,
}

/// Measurements that differ at every scan, as often as it takes.
fn measurements() -> impl Iterator<Item = NodeId> {
    const SIGNALS: [&str; 2] = ["Bath.Temperature", "Electrical.CellVoltage"];
    (101..=135).cycle().flat_map(|it| SIGNALS.map(|signal| tag(&format!("Line1.EL{it}.{signal}"))))
}

impl Bystander {
    /// Subscribes, and waits until values come.
    pub(crate) fn start(server: &Server) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(AtomicUsize::new(0));
        let mut watcher = server.session();
        let id = subscribe(&mut watcher, 100.0).subscription_id;
        let wanted: Vec<_> = measurements()
            .take(ITEMS)
            .zip(0..)
            .map(|(node, handle)| {
                let mut item = item(node, handle);
                item.requested_parameters.sampling_interval = 100.0;
                item.requested_parameters.queue_size = 20;
                item
            })
            .collect();
        let made = create(&mut watcher, id, wanted).unwrap();
        assert!(made.iter().all(|it| it.status_code.is_good()));
        let watching = {
            let (stop, seen) = (Arc::clone(&stop), Arc::clone(&seen));
            std::thread::spawn(move || watch(watcher, &stop, &seen))
        };
        let reader = server.session();
        let reading = {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || read_on(reader, &stop))
        };
        eventually("values come", || seen.load(Ordering::Relaxed) > 3);
        Self { stop, watching, reading }
    }

    /// What came until now.
    pub(crate) fn stop(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        let watched = self.watching.join().expect("the operator has seen nothing wrong");
        let reads = self.reading.join().expect("the operator could read");
        Seen {
            values: watched.values,
            lost: watched.lost,
            late_p99: p99(late(&watched.ages_us)),
            read_p99: p99(reads),
        }
    }
}

/// How much later than the soonest.
fn late(ages_us: &[i64]) -> Vec<Duration> {
    let soonest = ages_us.iter().min().copied().unwrap_or(0);
    ages_us.iter().map(|it| Duration::from_micros((it - soonest).unsigned_abs())).collect()
}

fn p99(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[(all.len() * 99 / 100).min(all.len() - 1)]
}

fn watch(mut raw: Raw, stop: &AtomicBool, seen: &AtomicUsize) -> Watched {
    let publish = |raw: &mut Raw, acknowledge: Option<(u32, u32)>| {
        let acknowledgement = acknowledge.map(|(subscription_id, sequence_number)| {
            vec![SubscriptionAcknowledgement { subscription_id, sequence_number }]
        });
        let request = PublishRequest {
            request_header: raw.header(),
            subscription_acknowledgements: acknowledgement,
        };
        raw.ask(&request);
    };
    (0..WAITING).for_each(|_| publish(&mut raw, None));
    let mut watched = Watched { values: 0, lost: 0, ages_us: Vec::new() };
    let begun = time::monotonic();
    let mut last_number = 0;
    let mut last_times: BTreeMap<u32, i64> = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        let response: PublishResponse = raw.answer().unwrap();
        let message = &response.notification_message;
        publish(&mut raw, Some((response.subscription_id, message.sequence_number)));
        if message.notification_data.is_none() {
            // A keep-alive has the number of the message that comes next.
            continue;
        }
        watched.lost += message.sequence_number.wrapping_sub(last_number + 1) as usize;
        last_number = message.sequence_number;
        let now_us = i64::try_from(begun.elapsed().as_micros()).unwrap();
        for (handle, value) in values(&response) {
            let time = value.source_timestamp.expect("a source timestamp").ticks();
            if let Some(last) = last_times.insert(handle, time) {
                let scans = (time - last + SCAN_MS * TICKS / 2) / (SCAN_MS * TICKS);
                watched.lost += usize::try_from(scans - 1).expect("time goes on");
            }
            watched.values += 1;
            watched.ages_us.push(now_us - time / 10 / SPEED);
        }
        seen.fetch_add(1, Ordering::Relaxed);
    }
    watched
}

fn read_on(mut raw: Raw, stop: &AtomicBool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = time::monotonic();
        let wanted = measurements().take(10).map(value).collect();
        let results = read(&mut raw, 0.0, wanted).unwrap();
        assert!(results.iter().all(|it| it.value.is_some()));
        took.push(time::monotonic().duration_since(begun));
        time::wait(Duration::from_millis(20));
    }
    took
}
