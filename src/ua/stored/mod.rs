//! Values that clients write and the server itself keeps: those of the conformance fixture. The plant's
//! values are never here: they belong to the engine.

mod fit;

use std::collections::BTreeMap;

use opcua_types::{
    DataValue, EnumValueType, NumericRange, StatusCode, Variant, VariantScalarTypeId,
};

use crate::time::Timestamp;
use crate::ua::range;
use crate::ua::space::{Declared, NodeRef, Space};
use crate::ua::value::LiveValue;

pub use fit::fit;

/// Every stored value, by its node in the address space's graph.
#[derive(Debug, Default)]
pub struct StoredValues {
    all: BTreeMap<u32, LiveValue>,
}

impl StoredValues {
    /// With the values that the NodeSet gives.
    pub fn new(space: &Space, now: Timestamp) -> Self {
        let live = |value| LiveValue { value, status: StatusCode::Good, source: now };
        Self { all: space.stored().map(|(index, value)| (index, live(value))).collect() }
    }

    /// A value.
    pub fn get(&self, index: u32) -> Option<&LiveValue> {
        self.all.get(&index)
    }

    /// Writes a value or part of one, with its status and source time if they come with it (WR-01 to
    /// WR-09, WR-16). The server's own time cannot be written: `BadWriteNotSupported`.
    pub fn write(
        &mut self,
        space: &Space,
        to: (u32, &NumericRange),
        written: DataValue,
        now: Timestamp,
    ) -> Result<(), StatusCode> {
        let (index, part) = to;
        let kept = self.all.get(&index).ok_or(StatusCode::BadNotWritable)?;
        if written.server_timestamp.is_some() {
            return Err(StatusCode::BadWriteNotSupported);
        }
        let declared = space.declared(NodeRef::Static(index)).ok_or(StatusCode::BadNotWritable)?;
        let value = written.value.unwrap_or(Variant::Empty);
        let value = if part.is_none() {
            fit(space, &declared, value)?
        } else {
            let any_shape = Declared { rank: -2, dimensions: Vec::new(), ..declared };
            let value = fit(space, &any_shape, value)?;
            range::splice(&kept.value, part, &value)?
        };
        let text = self.text_of(space, index, &value)?;
        let kept = self.all.get_mut(&index).ok_or(StatusCode::BadNotWritable)?;
        kept.value = value;
        kept.status = written.status.unwrap_or(StatusCode::Good);
        kept.source =
            written.source_timestamp.map_or(now, |it| Timestamp::from_ticks(it.checked_ticks()));
        if let Some((property, text)) = text
            && let Some(kept) = self.all.get_mut(&property)
        {
            *kept = LiveValue { value: text, status: StatusCode::Good, source: now };
        }
        Ok(())
    }

    /// What ValueAsText says of a new number, and where: the name that EnumValues gives it. A number without a
    /// name is `BadOutOfRange` (Part 8, 5.3.3.4). None for a variable that has no EnumValues.
    fn text_of(
        &self,
        space: &Space,
        index: u32,
        value: &Variant,
    ) -> Result<Option<(u32, Variant)>, StatusCode> {
        let found = space.property(index, "EnumValues").zip(space.property(index, "ValueAsText"));
        let Some((names, text)) = found else { return Ok(None) };
        let Variant::Int64(number) = value.cast(VariantScalarTypeId::Int64) else {
            return Err(StatusCode::BadTypeMismatch);
        };
        let names = match self.get(names).map(|it| &it.value) {
            Some(Variant::Array(array)) => array.values.as_slice(),
            _ => &[],
        };
        let mut names = names.iter().filter_map(|it| match it {
            Variant::ExtensionObject(it) => it.inner_as::<EnumValueType>(),
            _ => None,
        });
        let name = names.find(|it| it.value == number).ok_or(StatusCode::BadOutOfRange)?;
        Ok(Some((text, name.display_name.clone().into())))
    }
}
