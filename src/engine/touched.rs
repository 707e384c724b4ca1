//! Which devices' tags a batch of commands may have changed.

use crate::config::PlantConfig;
use crate::control::Target;
use crate::tag::{DeviceIndex, DeviceKind, TagTable};

/// Devices touched by commands since the last snapshot.
#[derive(Debug)]
pub(super) struct Touched {
    everything: bool,
    lines: Vec<usize>,
    electrolyzers: Vec<usize>,
    rectifiers: Vec<usize>,
    /// Rectifier of each electrolyzer.
    supply: Vec<usize>,
}

impl Touched {
    pub(super) fn new(config: &PlantConfig) -> Self {
        Self {
            everything: false,
            lines: Vec::new(),
            electrolyzers: Vec::new(),
            rectifiers: Vec::new(),
            supply: config.electrolyzers.iter().map(|it| it.rectifier).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.everything
            && self.lines.is_empty()
            && self.electrolyzers.is_empty()
            && self.rectifiers.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.everything = false;
        self.lines.clear();
        self.electrolyzers.clear();
        self.rectifiers.clear();
    }

    /// Adds the devices that a command to `target` can reach. Electrolyzers of one rectifier are in series:
    /// a command to one may show in the others.
    pub(super) fn add(&mut self, target: Target) {
        match target {
            Target::Plant | Target::AlarmFixture => self.everything = true,
            Target::Line(index) => note(&mut self.lines, index),
            Target::Rectifier(index) => note(&mut self.rectifiers, index),
            Target::Electrolyzer(index)
            | Target::Feeder(index)
            | Target::Anode { electrolyzer: index, .. } => {
                note(&mut self.electrolyzers, index);
                if let Some(rectifier) = self.supply.get(index) {
                    note(&mut self.rectifiers, *rectifier);
                }
            }
        }
    }

    /// The devices to sample again, in table order.
    pub(super) fn devices(&self, table: &TagTable, config: &PlantConfig) -> Vec<DeviceIndex> {
        let devices = table.devices().iter().enumerate();
        let touched = devices.filter(|(_, device)| {
            let of_electrolyzer = |index: usize| {
                let electrolyzer = &config.electrolyzers[index];
                self.electrolyzers.contains(&index)
                    || self.rectifiers.contains(&electrolyzer.rectifier)
                    || self.lines.contains(&electrolyzer.line)
            };
            self.everything
                || match device.kind {
                    DeviceKind::Plant | DeviceKind::Line | DeviceKind::AlarmFixture => true,
                    DeviceKind::Rectifier => {
                        self.rectifiers.contains(&device.index)
                            || self.lines.contains(&config.rectifiers[device.index].line)
                    }
                    DeviceKind::Electrolyzer | DeviceKind::Anode | DeviceKind::Feeder => {
                        of_electrolyzer(device.index)
                    }
                    DeviceKind::FumeTreatment | DeviceKind::Utilities => false,
                }
        });
        touched.map(|(index, _)| DeviceIndex(index as u32)).collect()
    }
}

/// Adds `index` once, so that the list is no longer than there are devices.
fn note(list: &mut Vec<usize>, index: usize) {
    if !list.contains(&index) {
        list.push(index);
    }
}
