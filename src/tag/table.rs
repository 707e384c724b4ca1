//! The tags of one plant: the catalogue laid out over its devices.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::config::PlantConfig;
use crate::control::Target;
use crate::tag::{DeviceKind, MethodRow, Row};

/// A device of this plant, in order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceIndex(pub u32);

/// A row of a device kind's catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberIndex(pub u16);

/// A tag of this plant: index into every array of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagIndex(pub u32);

/// One device.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its kind.
    pub kind: DeviceKind,
    /// Full path, the NodeId's string, such as `Line1.EL101.Feeder`.
    pub path: String,
    /// Last part of the path: the BrowseName.
    pub name: String,
    /// The device above; `None` for the plant.
    pub parent: Option<DeviceIndex>,
    /// Index within its kind, as in the configuration (for an anode: of its electrolyzer).
    pub index: usize,
    /// Anode position from 0; 0 for all others.
    pub position: usize,
    /// Nominal current, kA; 0 where it has no meaning.
    pub nominal_ka: f64,
    /// First tag; the device's rows follow in catalogue order.
    pub first_tag: TagIndex,
}

impl Device {
    /// What a command for this device is addressed to; `None` if nothing can be asked of it.
    pub fn target(&self) -> Option<Target> {
        match self.kind {
            DeviceKind::Plant => Some(Target::Plant),
            DeviceKind::Line => Some(Target::Line(self.index)),
            DeviceKind::Rectifier => Some(Target::Rectifier(self.index)),
            DeviceKind::Electrolyzer => Some(Target::Electrolyzer(self.index)),
            DeviceKind::Anode => {
                Some(Target::Anode { electrolyzer: self.index, position: self.position })
            }
            DeviceKind::Feeder => Some(Target::Feeder(self.index)),
            DeviceKind::FumeTreatment | DeviceKind::Utilities => None,
        }
    }
}

/// The devices and tags of one plant.
#[derive(Debug)]
pub struct TagTable {
    devices: Vec<Device>,
    by_path: IndexMap<String, DeviceIndex, FxBuildHasher>,
    children: Vec<Vec<DeviceIndex>>,
    tag_count: u32,
    /// Device of each tag.
    owner: Vec<DeviceIndex>,
}

impl TagTable {
    /// Lays the catalogue out over `config`'s devices: plant, then each line with its rectifiers and
    /// electrolyzers (each with feeder and anodes), then fume treatment and utilities.
    pub fn new(config: &PlantConfig) -> Self {
        let _ = config;
        unimplemented!("written by the tag task")
    }

    /// Every device, parents before children.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// One device.
    pub fn device(&self, index: DeviceIndex) -> &Device {
        &self.devices[index.0 as usize]
    }

    /// The device with this full path.
    pub fn device_by_path(&self, path: &str) -> Option<DeviceIndex> {
        self.by_path.get(path).copied()
    }

    /// Devices directly below `index`.
    pub fn children(&self, index: DeviceIndex) -> &[DeviceIndex] {
        &self.children[index.0 as usize]
    }

    /// Number of tags.
    pub fn len(&self) -> usize {
        self.tag_count as usize
    }

    /// Whether there is no tag at all.
    pub fn is_empty(&self) -> bool {
        self.tag_count == 0
    }

    /// Rows of a kind, in order.
    pub fn rows(&self, kind: DeviceKind) -> &'static [Row] {
        let _ = kind;
        unimplemented!("written by the tag task")
    }

    /// Methods of a kind, in order.
    pub fn methods(&self, kind: DeviceKind) -> &'static [MethodRow] {
        let _ = kind;
        unimplemented!("written by the tag task")
    }

    /// The member of `kind` at `path`, such as `Bath.Temperature`.
    pub fn member(&self, kind: DeviceKind, path: &str) -> Option<MemberIndex> {
        let _ = (kind, path);
        unimplemented!("written by the tag task")
    }

    /// The tag of a device's member.
    pub fn tag(&self, device: DeviceIndex, member: MemberIndex) -> TagIndex {
        TagIndex(self.device(device).first_tag.0 + u32::from(member.0))
    }

    /// Device and row of a tag.
    pub fn row(&self, tag: TagIndex) -> (&Device, &'static Row) {
        let device = self.device(self.owner[tag.0 as usize]);
        let member = tag.0 - device.first_tag.0;
        (device, &self.rows(device.kind)[member as usize])
    }

    /// Measuring range of a tag, low and high, if it is analog.
    pub fn range(&self, tag: TagIndex) -> Option<(f64, f64)> {
        let _ = tag;
        unimplemented!("written by the tag task")
    }
}
