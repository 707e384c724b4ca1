//! Runs repeat: the same seed, plant and journal give the same files, byte for byte.

use std::fs;
use std::path::Path;

use cellhouse::app::simulate::{SimulateOptions, Summary, run};
use cellhouse::config::PlantConfig;

use crate::support::{Size, plant};

const SCENARIO: &str = "
[[event]]
at_min = 5
device = \"Line1.EL101\"
write = \"BaseFeedRate\"
value = 150.5

[[event]]
at_min = 12
device = \"Line1.EL102\"
write = \"BaseFeedRate\"
value = 171.25
";

struct Run<'a> {
    config: PlantConfig,
    scenario: Option<&'a Path>,
    journal: Option<&'a Path>,
}

impl Run<'_> {
    fn to(self, folder: &Path) -> Summary {
        let options = SimulateOptions {
            hours: 0.5,
            out: Some(folder.to_owned()),
            every_s: 10.0,
            scenario: self.scenario.map(Path::to_owned),
            journal: self.journal.map(Path::to_owned),
        };
        run(&options, self.config, &mut |_| {}).unwrap()
    }
}

fn csv(folder: &Path) -> (String, String) {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    (read("electrolyzers.csv"), read("lines.csv"))
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &two] {
        Run { config: plant(Size::Ka6, 2), scenario: None, journal: None }.to(folder.path());
    }
    assert_eq!(csv(one.path()), csv(two.path()));
}

#[test]
fn another_seed_gives_another_run() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Run { config: plant(Size::Ka6, 2), scenario: None, journal: None }.to(one.path());
    let config = PlantConfig { seed: 2, ..plant(Size::Ka6, 2) };
    Run { config, scenario: None, journal: None }.to(two.path());
    assert_ne!(csv(one.path()).0, csv(two.path()).0);
}

#[test]
fn a_journal_repeats_the_run_that_wrote_it() {
    let (first, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scenario = first.path().join("scenario.toml");
    fs::write(&scenario, SCENARIO).unwrap();
    let config = plant(Size::Ka6, 2);
    Run { config: config.clone(), scenario: Some(&scenario), journal: None }.to(first.path());
    let journal = first.path().join("journal.txt");
    Run { config, scenario: None, journal: Some(&journal) }.to(again.path());
    assert_eq!(csv(first.path()), csv(again.path()));
}

// Without this, the test above would pass with a scenario that does nothing.
#[test]
fn a_scenario_changes_the_run() {
    let (with, without) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scenario = with.path().join("scenario.toml");
    fs::write(&scenario, SCENARIO).unwrap();
    let config = plant(Size::Ka6, 2);
    Run { config: config.clone(), scenario: Some(&scenario), journal: None }.to(with.path());
    Run { config, scenario: None, journal: None }.to(without.path());
    assert_ne!(csv(with.path()).0, csv(without.path()).0);
}

#[test]
fn a_journal_written_while_repeating_is_the_same_journal() {
    let (first, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scenario = first.path().join("scenario.toml");
    fs::write(&scenario, SCENARIO).unwrap();
    let config = plant(Size::Ka6, 2);
    Run { config: config.clone(), scenario: Some(&scenario), journal: None }.to(first.path());
    let journal = first.path().join("journal.txt");
    Run { config, scenario: None, journal: Some(&journal) }.to(again.path());
    let read = |folder: &Path| fs::read(folder.join("journal.txt")).unwrap();
    assert_eq!(read(first.path()), read(again.path()));
}

#[test]
fn every_mistake_of_a_scenario_is_reported_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenario.toml");
    let text = "[[event]]\nat_s = 1\ndevice = \"Line9\"\nwrite = \"Current\"\nvalue = 1\n\n\
                [[event]]\nat_s = -1\ncall = \"Start\"\n";
    fs::write(&scenario, text).unwrap();
    let options = SimulateOptions {
        hours: 0.5,
        out: None,
        every_s: 10.0,
        scenario: Some(scenario),
        journal: None,
    };
    let error = run(&options, plant(Size::Ka6, 1), &mut |_| {}).unwrap_err();
    let source = std::error::Error::source(&error).expect("a source").to_string();
    assert_eq!(source, "line 1: no device \"Line9\"\nline 7: -1 s is not a time after the start");
}
