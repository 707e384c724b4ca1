//! The conformance fixture: the one namespace whose nodes say themselves what clients may write.

use std::borrow::Cow;

use opcua_types::{
    Array, AttributeId, ExtensionObject, LocalizedText, NodeClass, Range, StatusCode, Variant,
    VariantScalarTypeId, WriteMask,
};

use crate::access::{Access, Roles};
use crate::ua::space::{Declared, HISTORY_READ, HISTORY_WRITE, Kind, NodeRef, Space, ValueSource};

/// Properties that say what the value of their variable means (Part 8, 5.2).
const MEANINGS: &[&str] =
    &["EURange", "EngineeringUnits", "InstrumentRange", "EnumStrings", "EnumValues"];
/// Length of the last dimension of a matrix that a NodeSet gives no value; all others are 2.
const COLUMNS: u32 = 3;

/// A matrix that counts from 0 where its type counts.
fn matrix(declared: &Declared) -> Option<Variant> {
    let scalar = match declared.kind {
        Kind::Builtin(scalar) => scalar,
        Kind::Enumeration(_) | Kind::Integer => VariantScalarTypeId::Int32,
        Kind::UInteger => VariantScalarTypeId::UInt32,
        Kind::Structure(_) => VariantScalarTypeId::ExtensionObject,
        Kind::Any | Kind::Number => VariantScalarTypeId::Double,
    };
    let mut sizes = vec![2; usize::try_from(declared.rank).ok()?];
    *sizes.last_mut()? = COLUMNS;
    let value = |number: u32| match (&declared.kind, Variant::from(number).convert(scalar)) {
        // The only structure that the fixture has matrices of.
        (Kind::Structure(_), _) => {
            let range = Range { low: number.into(), high: f64::from(number) + 10.0 };
            ExtensionObject::from_message(range).into()
        }
        (Kind::Enumeration(_), _) | (_, Variant::Empty) => Variant::get_variant_default(scalar),
        (_, number) => number,
    };
    let values: Vec<Variant> = (0..sizes.iter().product()).map(value).collect();
    Array::new_multi(scalar, values, sizes).ok().map(|it| Variant::Array(Box::new(it)))
}

impl Space {
    pub(super) fn is_fixture(&self, index: u32) -> bool {
        self.fixture.is_some_and(|it| self.graph.id(index).namespace == it)
    }

    pub(super) fn is_stored(&self, index: u32) -> bool {
        self.is_fixture(index) && self.graph.class(index) == NodeClass::Variable
    }

    /// Variables whose values the server keeps, each with the value of its NodeSet.
    pub fn stored(&self) -> impl Iterator<Item = (u32, Variant)> {
        let nodes = self.fixture.into_iter().flat_map(|it| self.graph.of_namespace(it));
        nodes.filter(|it| self.is_stored(*it)).map(|it| {
            let value = self.graph.attribute(it, AttributeId::Value).unwrap_or(Variant::Empty);
            let declared = self.declared(NodeRef::Static(it));
            match declared {
                Some(declared) if value.is_empty() && declared.rank > 1 => {
                    (it, matrix(&declared).unwrap_or_default())
                }
                _ => (it, value),
            }
        })
    }

    /// A right of the fixture's node: what UserAccessLevel leaves out is for an Operator and above.
    pub(super) fn fixture_attribute(
        &self,
        index: u32,
        attribute: AttributeId,
        roles: Roles,
    ) -> Option<Variant> {
        let found = self.graph.attribute(index, attribute)?;
        Some(match attribute {
            AttributeId::AccessLevel => self.fixture_level(index, None).into(),
            AttributeId::UserAccessLevel => self.fixture_level(index, Some(roles)).into(),
            AttributeId::Historizing => self.kept(NodeRef::Static(index)).is_some().into(),
            AttributeId::DisplayName => {
                let (locale, text) = self.display_name(NodeRef::Static(index));
                LocalizedText::new(&locale, &text).into()
            }
            _ => found,
        })
    }

    /// AccessLevel of a variable of the fixture, at all or for a user with these roles; none of history without one.
    pub(super) fn fixture_level(&self, index: u32, roles: Option<Roles>) -> u8 {
        let attribute = match roles {
            Some(roles) if !roles.may_write(Access::Operator) => AttributeId::UserAccessLevel,
            _ => AttributeId::AccessLevel,
        };
        let Some(Variant::Byte(level)) = self.graph.attribute(index, attribute) else { return 0 };
        match self.kept(NodeRef::Static(index)) {
            Some(_) => level,
            None => level & !(HISTORY_READ | HISTORY_WRITE),
        }
    }

    /// Writes an attribute other than Value: DisplayName where WriteMask allows it (WR-17).
    pub fn write_attribute(
        &self,
        node: NodeRef,
        attribute: AttributeId,
        value: &Variant,
    ) -> Result<(), StatusCode> {
        let NodeRef::Static(index) = node else { return Err(StatusCode::BadNotWritable) };
        let mask = match self.graph.attribute(index, AttributeId::WriteMask) {
            Some(Variant::UInt32(mask)) if self.is_fixture(index) => mask,
            _ => 0,
        };
        if attribute != AttributeId::DisplayName || mask & WriteMask::DISPLAY_NAME.bits() == 0 {
            return Err(StatusCode::BadNotWritable);
        }
        let Variant::LocalizedText(text) = value else { return Err(StatusCode::BadTypeMismatch) };
        self.names.borrow_mut().insert(index, text.as_ref().clone());
        Ok(())
    }

    /// The variable of the fixture that a node is a property of: its range or unit has a meaning for it.
    pub fn described_by(&self, property: u32) -> Option<u32> {
        let (namespace, name) = self.browse_name(NodeRef::Static(property));
        let is_meaning = namespace == 0 && MEANINGS.contains(&name.as_ref());
        let references = self.graph.references(property).iter();
        let owner = references.filter(|it| !it.is_forward).map(|it| it.target);
        let mut owner = owner.filter(|it| is_meaning && self.is_stored(*it));
        owner.next()
    }

    /// Whether writing this variable of the fixture is an event.
    pub fn is_trigger(&self, variable: u32) -> bool {
        self.is_fixture(variable) && self.browse_name(NodeRef::Static(variable)).1 == "Trigger"
    }

    /// The property `name` of namespace 0 of a stored variable.
    pub fn property(&self, variable: u32, name: &str) -> Option<u32> {
        let references = self.graph.references(variable).iter();
        let mut targets = references.filter(|it| it.is_forward).map(|it| it.target);
        targets.find(|it| self.browse_name(NodeRef::Static(*it)) == (0, name.into()))
    }

    /// The name of the fixture's method `method` of the object `object`, below which it stands.
    pub fn fixture_method(
        &self,
        object: NodeRef,
        method: NodeRef,
    ) -> Option<Result<(u32, Cow<'_, str>), StatusCode>> {
        let NodeRef::Static(method) = method else { return None };
        if !self.is_fixture(method) || self.value_source(object) != ValueSource::None {
            return None;
        }
        let NodeRef::Static(object) = object else {
            return Some(Err(StatusCode::BadMethodInvalid));
        };
        let is_its = self.graph.references(object).iter().any(|it| {
            it.is_forward && it.kind == self.graph.known.has_component && it.target == method
        });
        if !is_its || self.graph.class(method) != NodeClass::Method {
            return Some(Err(StatusCode::BadMethodInvalid));
        }
        if self.graph.attribute(method, AttributeId::Executable) != Some(true.into()) {
            return Some(Err(StatusCode::BadNotExecutable));
        }
        Some(Ok((method, self.browse_name(NodeRef::Static(method)).1)))
    }
}
