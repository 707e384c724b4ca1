//! Hot paths one by one, each on the site of 15,000 t/y (240 electrolyzers and more): what a scan does, what a Read and a Browse do.
//!
//! `cargo bench --bench hot [-- FILTER]`. The figures are of a machine and its load; `./test instructions` is what catches
//! a path that has become slower.

use std::path::Path;
use std::sync::Arc;

use cellhouse::access::Role;
use cellhouse::alarm::Alarms;
use cellhouse::config::{self, PlantConfig};
use cellhouse::control::Controls;
use cellhouse::engine::{Engine, Snapshot};
use cellhouse::field::{Inputs, Outputs};
use cellhouse::history::{History, HistoryConfig, Sample, SeriesId};
use cellhouse::plant::Plant;
use cellhouse::tag::{HistoryMode, TagIndex, TagTable};
use cellhouse::time;
use cellhouse::ua::permission::{Rights, Security};
use cellhouse::ua::space::{
    BrowseFilter, BrowsePosition, IdRef, NodeIdRef, NodeRef, Space, ValueSource,
};
use cellhouse::ua::value;
use divan::Bencher;
use divan::counter::ItemsCount;
use opcua_types::TimestampsToReturn;

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
