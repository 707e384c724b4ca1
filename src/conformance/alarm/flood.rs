//! Very many alarms at once, and several who listen.

use std::collections::BTreeSet;

use crate::conformance::alarm::ear::Ear;
use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::stage::on_stage;
use crate::conformance::expect::{equal, that};
use crate::conformance::{Bench, Check, Stop};

/// EventQueueOverflowEventType.
const OVERFLOW: u32 = 3035;
/// Who listens.
const LISTENERS: usize = 3;
/// How often every alarm comes.
const ROUNDS: usize = 2;

pub(super) fn ac_27(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let levels = stage.levels()?;
        let is_ours = stage.is_ours();
        let mut ears =
            (0..LISTENERS).map(|_| Ear::open(bench)).collect::<Result<Vec<Ear>, Stop>>()?;
        let last = stage.condition("ExclusiveLevel")?;
        for _ in 0..ROUNDS {
            for (value, on) in [(levels.high_high, true), (levels.normal, false)] {
                for source in ["BooleanSource", "DialogSource"] {
                    if stage.fixture.source(source).is_ok() {
                        stage.write(source, on)?;
                    }
                }
                stage.write("AnalogSource", value)?;
                stage.until(last, "the alarm follows its source", |it| {
                    it.branch().is_null() && it.flag("ActiveState.Id") == Some(on)
                })?;
            }
        }
        stage.ear.quiet(&is_ours)?;
        let heard = |ear: &Ear| -> BTreeSet<Vec<u8>> {
            let ours = ear.heard.iter().filter(|it| is_ours(it));
            ours.filter_map(|it| it.id().value).collect()
        };
        for ear in &mut ears {
            // The listener of the stage was quiet for a while: nothing more is to come.
            while ear.pull()? > 0 {}
            let lost = ear.heard.iter().any(|it| it.is_a(OVERFLOW));
            that(!lost, "a queue of a thousand events has overflowed")?;
            that(ear.heard.iter().all(|it| !it.id().is_null()), "an event without EventId")?;
        }
        let first = heard(&ears[0]);
        for ear in &ears[1..] {
            equal(heard(ear) == first, true, "all who listen hear the same events")?;
        }
        let active: BTreeSet<String> = ears[0]
            .heard
            .iter()
            .filter(|it| is_ours(it) && it.is("ActiveState.Id"))
            .map(|it: &Event| it.condition().to_string())
            .collect();
        let open = stage.ear.refreshed()?;
        let retained = open.iter().filter(|it| is_ours(it) && it.flag("AckedState.Id").is_some());
        for event in retained {
            let name = event.condition().to_string();
            that(active.contains(&name), format!("nobody was told that {name} is active"))?;
        }
        Ok(())
    })
}
