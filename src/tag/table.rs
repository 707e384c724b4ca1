//! The tags of one plant: the catalogue laid out over its devices.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::config::PlantConfig;
use crate::control::Target;
use crate::tag::catalogue;
use crate::tag::{DeviceKind, MethodRow, Range, Row, StructureRow};

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
            DeviceKind::AlarmFixture => Some(Target::AlarmFixture),
            DeviceKind::FumeTreatment | DeviceKind::Utilities => None,
        }
    }
}

/// The devices and tags of one plant.
#[derive(Debug)]
pub struct TagTable {
    devices: Vec<Device>,
    by_path: IndexMap<String, DeviceIndex, FxBuildHasher>,
    /// Dots in the path of the deepest device.
    most_dots: usize,
    children: Vec<Vec<DeviceIndex>>,
    members: Vec<IndexMap<&'static str, MemberIndex, FxBuildHasher>>,
    /// Device of each tag.
    owner: Vec<DeviceIndex>,
}

impl TagTable {
    /// Lays the catalogue out over `config`'s devices: plant, then each line with its rectifiers and
    /// electrolyzers (each with feeder and anodes), then fume treatment and utilities.
    pub fn new(config: &PlantConfig) -> Self {
        let members = DeviceKind::ALL.map(|kind| {
            let rows = catalogue::rows(kind).iter().enumerate();
            rows.map(|(index, row)| (row.path, MemberIndex(index as u16))).collect()
        });
        let mut table = Self {
            devices: Vec::new(),
            by_path: IndexMap::default(),
            most_dots: 0,
            children: Vec::new(),
            members: members.into(),
            owner: Vec::new(),
        };
        let plant = table.add(DeviceKind::Plant, None, "Plant", Place::default());
        for (line, row) in config.lines.iter().enumerate() {
            let place = Place { index: line, ..Place::default() };
            let parent = table.add(DeviceKind::Line, Some(plant), &row.name, place);
            table.add_line(config, line, parent);
        }
        table.add(DeviceKind::FumeTreatment, Some(plant), "FumeTreatment", Place::default());
        table.add(DeviceKind::Utilities, Some(plant), "Utilities", Place::default());
        if config.alarm_fixture {
            table.add(DeviceKind::AlarmFixture, None, "AlarmFixture", Place::default());
        }
        table
    }

    fn add_line(&mut self, config: &PlantConfig, line: usize, parent: DeviceIndex) {
        for (index, row) in config.rectifiers.iter().enumerate().filter(|(_, it)| it.line == line) {
            let place = Place { index, position: 0, nominal_ka: row.nominal_a * 1e-3 };
            self.add(DeviceKind::Rectifier, Some(parent), &row.name, place);
        }
        let own = config.electrolyzers.iter().enumerate().filter(|(_, it)| it.line == line);
        for (index, row) in own {
            let model = &config.cell_models[row.model];
            let place = Place { index, position: 0, nominal_ka: model.nominal_a * 1e-3 };
            let electrolyzer = self.add(DeviceKind::Electrolyzer, Some(parent), &row.name, place);
            self.add(DeviceKind::Feeder, Some(electrolyzer), "Feeder", place);
            for position in 0..model.anodes {
                let name = format!("Anode{:02}", position + 1);
                let place = Place { position, ..place };
                self.add(DeviceKind::Anode, Some(electrolyzer), &name, place);
            }
        }
    }

    fn add(
        &mut self,
        kind: DeviceKind,
        parent: Option<DeviceIndex>,
        name: &str,
        place: Place,
    ) -> DeviceIndex {
        let index = DeviceIndex(self.devices.len() as u32);
        // Lines stand at the top of a path: a NodeId needs no prefix that all would share.
        let above = parent.map(|it| self.device(it)).filter(|it| it.kind != DeviceKind::Plant);
        let path = above.map_or_else(|| name.to_owned(), |it| format!("{}.{name}", it.path));
        let first_tag = TagIndex(self.owner.len() as u32);
        self.owner.extend(std::iter::repeat_n(index, catalogue::rows(kind).len()));
        self.most_dots = self.most_dots.max(path.matches('.').count());
        self.by_path.insert(path.clone(), index);
        self.children.push(Vec::new());
        if let Some(parent) = parent {
            self.children[parent.0 as usize].push(index);
        }
        self.devices.push(Device {
            kind,
            path,
            name: name.to_owned(),
            parent,
            index: place.index,
            position: place.position,
            nominal_ka: place.nominal_ka,
            first_tag,
        });
        index
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

    /// The device that `path` begins with, the longest one, and what follows behind its dot. A dot with nothing behind it
    /// names nothing.
    pub fn split<'a>(&self, path: &'a str) -> Option<(DeviceIndex, &'a str)> {
        // No device has a longer path than the deepest: what stands behind need not be tried. Paths are short: looking at each byte
        // is quicker than a search.
        let is_dot = |it: &(usize, u8)| it.1 == b'.';
        let end = path.bytes().enumerate().filter(is_dot).nth(self.most_dots);
        let end = end.map_or(path.len(), |(at, _)| at);
        let dots = path[..end].bytes().enumerate().rev().filter(is_dot).map(|(at, _)| at);
        let mut found = std::iter::once(end)
            .chain(dots)
            .filter_map(|at| Some((self.device_by_path(&path[..at])?, at)));
        let (device, at) = found.next()?;
        match path[at..].strip_prefix('.') {
            Some("") => None,
            rest => Some((device, rest.unwrap_or_default())),
        }
    }

    /// The tag with this full path, such as `Line1.EL101.Bath.Temperature`.
    pub fn resolve(&self, path: &str) -> Option<TagIndex> {
        let (device, rest) = self.split(path)?;
        let member = self.member(self.device(device).kind, rest)?;
        Some(self.tag(device, member))
    }

    /// Devices directly below `index`.
    pub fn children(&self, index: DeviceIndex) -> &[DeviceIndex] {
        &self.children[index.0 as usize]
    }

    /// Number of tags.
    pub fn len(&self) -> usize {
        self.owner.len()
    }

    /// Whether there is no tag at all.
    pub fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }

    /// Rows of a kind, in order.
    pub fn rows(&self, kind: DeviceKind) -> &'static [Row] {
        catalogue::rows(kind)
    }

    /// Methods of a kind, in order.
    pub fn methods(&self, kind: DeviceKind) -> &'static [MethodRow] {
        catalogue::methods(kind)
    }

    /// Structures of a kind, in order.
    pub fn structures(&self, kind: DeviceKind) -> &'static [StructureRow] {
        catalogue::structures(kind)
    }

    /// The member of `kind` at `path`, such as `Bath.Temperature`.
    pub fn member(&self, kind: DeviceKind, path: &str) -> Option<MemberIndex> {
        self.members[kind as usize].get(path).copied()
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

    /// Full path of a tag, such as `Line1.EL101.Bath.Temperature`.
    pub fn path(&self, tag: TagIndex) -> String {
        let (device, row) = self.row(tag);
        format!("{}.{}", device.path, row.path)
    }

    /// Measuring range of a tag, low and high, if it is analog.
    pub fn range(&self, tag: TagIndex) -> Option<(f64, f64)> {
        let (device, row) = self.row(tag);
        match row.range {
            Range::None => None,
            Range::Fixed(low, high) => Some((low, high)),
            Range::BySize(ranges) => Some(ranges[size_class(device.nominal_ka)]),
            Range::TimesNominal(factor) => Some((0.0, factor * device.nominal_ka)),
        }
    }
}

/// What a device is besides its kind and name.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    index: usize,
    position: usize,
    nominal_ka: f64,
}

/// Class of size of a device: 0 for 6 kA, 1 for 10 kA, 2 for 30 kA.
pub fn size_class(nominal_ka: f64) -> usize {
    if nominal_ka <= 7.0 {
        0
    } else if nominal_ka <= 14.0 {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use crate::config;
    use crate::tag::TagTable;

    #[test]
    fn a_path_begins_with_its_deepest_device() {
        let table = TagTable::new(&config::default_plant());
        let split = |path| table.split(path).map(|(it, rest)| (&*table.device(it).path, rest));
        assert_eq!(split("Line1"), Some(("Line1", "")));
        assert_eq!(split("Line1.Alarms.A.B.C.D"), Some(("Line1", "Alarms.A.B.C.D")));
        assert_eq!(split("Line1.EL101.Anode01.X.Y"), Some(("Line1.EL101.Anode01", "X.Y")));
        assert_eq!(split("Line1.EL101.Feeder"), Some(("Line1.EL101.Feeder", "")));
        assert_eq!(split("Line1.EL101.Feeders"), Some(("Line1.EL101", "Feeders")));
        for path in
            ["", ".", "Line", "Line1.", "Line1.EL101.", "Line1.EL101.Feeder.", "EL101", ".Line1"]
        {
            assert_eq!(split(path), None, "{path}");
        }
    }
}
