//! The alarms of one plant: the catalogue laid out over its devices.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::alarm::{AlarmRow, catalogue};
use crate::tag::{Device, DeviceIndex, DeviceKind, MemberIndex, TagIndex, TagTable};

/// An alarm of this plant, in order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmIndex(pub u32);

/// Folder below each device that holds its alarms.
pub const FOLDER: &str = "Alarms";

#[derive(Clone, Copy, Debug)]
struct Place {
    device: DeviceIndex,
    row: u16,
}

/// A row with the tags that it needs, looked up once for its kind of device.
#[derive(Debug)]
struct Resolved {
    input: Option<MemberIndex>,
    /// The setpoint of a deviation, or the tag that is derived from the input.
    second: Option<MemberIndex>,
}

/// The alarms of one plant.
#[derive(Debug)]
pub struct AlarmTable {
    places: Vec<Place>,
    /// First alarm of each device; one more at the end.
    first: Vec<u32>,
    resolved: Vec<Vec<Resolved>>,
    names: Vec<IndexMap<&'static str, u16, FxBuildHasher>>,
    /// The device whose alarms form one group with those of each device.
    groups: Vec<DeviceIndex>,
}

impl AlarmTable {
    /// Lays the catalogue out over the devices of `table`.
    ///
    /// # Panics
    /// If a row names a tag that its kind of device does not have: a mistake in the catalogue.
    pub fn new(table: &TagTable) -> Self {
        let resolve = |row: &AlarmRow| {
            let find = |path: &str| {
                let found = table.member(row.device, path);
                assert!(found.is_some() || path.is_empty(), "{}: no tag {path}", row.name);
                found
            };
            let second = row.second().map(find);
            Resolved { input: find(row.input), second: second.flatten() }
        };
        let of = |kind| catalogue::rows(kind).iter();
        let mut places = Vec::new();
        let mut first = Vec::with_capacity(table.devices().len() + 1);
        for (index, device) in table.devices().iter().enumerate() {
            first.push(places.len() as u32);
            let device_index = DeviceIndex(index as u32);
            places.extend(
                (0..of(device.kind).len())
                    .map(|row| Place { device: device_index, row: row as u16 }),
            );
        }
        first.push(places.len() as u32);
        let names = |kind| {
            let rows = of(kind).enumerate();
            rows.map(|(index, row)| (row.name, index as u16)).collect()
        };
        Self {
            places,
            first,
            resolved: DeviceKind::ALL.iter().map(|kind| of(*kind).map(resolve).collect()).collect(),
            names: DeviceKind::ALL.iter().map(|kind| names(*kind)).collect(),
            groups: (0..table.devices().len())
                .map(|it| group_of(table, DeviceIndex(it as u32)))
                .collect(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Every alarm.
    pub fn all(&self) -> impl Iterator<Item = AlarmIndex> + use<> {
        (0..self.places.len() as u32).map(AlarmIndex)
    }

    /// Its device.
    pub fn device(&self, alarm: AlarmIndex) -> DeviceIndex {
        self.places[alarm.0 as usize].device
    }

    /// Its place among the alarms of its kind of device.
    pub fn row_number(&self, alarm: AlarmIndex) -> u16 {
        self.places[alarm.0 as usize].row
    }

    /// Its row.
    pub fn row(&self, tags: &TagTable, alarm: AlarmIndex) -> &'static AlarmRow {
        let place = self.places[alarm.0 as usize];
        &catalogue::rows(tags.device(place.device).kind)[usize::from(place.row)]
    }

    /// Rows of a kind of device, in order.
    pub fn rows(&self, kind: DeviceKind) -> &'static [AlarmRow] {
        catalogue::rows(kind)
    }

    /// Alarms of a device, in order.
    pub fn of_device(&self, device: DeviceIndex) -> impl Iterator<Item = AlarmIndex> + use<> {
        let at = device.0 as usize;
        (self.first[at]..self.first[at + 1]).map(AlarmIndex)
    }

    /// The device's alarm with this name.
    pub fn find(&self, tags: &TagTable, device: DeviceIndex, name: &str) -> Option<AlarmIndex> {
        let row = *self.names[tags.device(device).kind as usize].get(name)?;
        Some(AlarmIndex(self.first[device.0 as usize] + u32::from(row)))
    }

    /// The tag that it looks at.
    pub fn input(&self, tags: &TagTable, alarm: AlarmIndex) -> Option<TagIndex> {
        let (resolved, device) = self.resolved(tags, alarm);
        resolved.input.map(|it| tags.tag(device, it))
    }

    /// The setpoint of a deviation, or the tag that is derived from the input.
    pub fn second(&self, tags: &TagTable, alarm: AlarmIndex) -> Option<TagIndex> {
        let (resolved, device) = self.resolved(tags, alarm);
        resolved.second.map(|it| tags.tag(device, it))
    }

    fn resolved(&self, tags: &TagTable, alarm: AlarmIndex) -> (&Resolved, DeviceIndex) {
        let place = self.places[alarm.0 as usize];
        let kind = tags.device(place.device).kind;
        (&self.resolved[kind as usize][usize::from(place.row)], place.device)
    }

    /// The device whose alarms form one group with those of `device`: of those that came together, the first
    /// is marked (Part 9, FirstInGroup). An electrolyzer with its feeder and anodes; every other device by itself.
    pub fn group(&self, device: DeviceIndex) -> DeviceIndex {
        self.groups[device.0 as usize]
    }

    /// Full path of an alarm: the string of its NodeId, and the key under which its state is kept.
    pub fn path(&self, tags: &TagTable, alarm: AlarmIndex) -> String {
        let device = tags.device(self.device(alarm));
        format!("{}.{FOLDER}.{}", device.path, self.row(tags, alarm).name)
    }

    /// The alarm with this full path.
    pub fn by_path(&self, tags: &TagTable, path: &str) -> Option<AlarmIndex> {
        let (device, rest) = tags.split(path)?;
        let name = rest.strip_prefix(FOLDER)?.strip_prefix('.')?;
        self.find(tags, device, name)
    }
}

fn group_of(table: &TagTable, index: DeviceIndex) -> DeviceIndex {
    let Device { kind, parent, .. } = table.device(index);
    match (kind, parent) {
        (DeviceKind::Feeder | DeviceKind::Anode, Some(parent)) => *parent,
        _ => index,
    }
}
