//! What may stand in a variable: its data type down to a built-in one, its rank and its dimensions (Part 3, 5.6.2).

use opcua_types::{
    AttributeId, EnumDefinition, ExpandedNodeId, NodeId, Variant, VariantScalarTypeId,
};

use crate::ua::aggregate;
use crate::ua::space::graph::Graph;
use crate::ua::space::{IdRef, NodeIdRef, NodeRef, Space};

/// What one element of a value may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// BaseDataType.
    Any,
    /// Number: any integer or floating point.
    Number,
    /// Integer: signed only.
    Integer,
    /// UInteger.
    UInteger,
    /// A built-in type or one derived from it.
    Builtin(VariantScalarTypeId),
    /// Int32 with one of these values.
    Enumeration(Vec<i64>),
    /// A structure of this data type or one derived from it, by its node.
    Structure(u32),
}

/// What may stand in a variable or an argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// One element.
    pub kind: Kind,
    /// ValueRank.
    pub rank: i32,
    /// ArrayDimensions: 0 is any length.
    pub dimensions: Vec<u32>,
}

impl Declared {
    /// Whether every value is a number or an array of numbers.
    pub fn is_number(&self) -> bool {
        use VariantScalarTypeId::{
            Byte, Double, Float, Int16, Int32, Int64, SByte, UInt16, UInt32, UInt64,
        };
        match self.kind {
            Kind::Number | Kind::Integer | Kind::UInteger => true,
            Kind::Builtin(it) => matches!(
                it,
                SByte | Byte | Int16 | UInt16 | Int32 | UInt32 | Int64 | UInt64 | Float | Double
            ),
            Kind::Any | Kind::Enumeration(_) | Kind::Structure(_) => false,
        }
    }
}

impl Declared {
    /// The type of one element as aggregates calculate with it; an abstract number counts as a Double.
    pub fn measured(&self) -> Option<aggregate::Kind> {
        use VariantScalarTypeId as T;
        use aggregate::Kind as K;
        Some(match self.kind {
            Kind::Number | Kind::Integer | Kind::UInteger => K::F64,
            Kind::Builtin(it) => match it {
                T::Boolean => K::Boolean,
                T::SByte => K::I8,
                T::Byte => K::U8,
                T::Int16 => K::I16,
                T::UInt16 => K::U16,
                T::Int32 => K::I32,
                T::UInt32 => K::U32,
                T::Int64 => K::I64,
                T::UInt64 => K::U64,
                T::Float => K::F32,
                T::Double => K::F64,
                _ => return None,
            },
            Kind::Any | Kind::Enumeration(_) | Kind::Structure(_) => return None,
        })
    }
}

impl Space {
    /// What may stand in a variable of the graph.
    pub fn declared(&self, node: NodeRef) -> Option<Declared> {
        let NodeRef::Static(index) = node else { return None };
        let Variant::NodeId(data_type) = self.graph.attribute(index, AttributeId::DataType)? else {
            return None;
        };
        let Variant::Int32(rank) = self.graph.attribute(index, AttributeId::ValueRank)? else {
            return None;
        };
        let dimensions = match self.graph.attribute(index, AttributeId::ArrayDimensions) {
            Some(Variant::Array(array)) => {
                let size = |it: &Variant| if let Variant::UInt32(it) = it { *it } else { 0 };
                array.values.iter().map(size).collect()
            }
            _ => Vec::new(),
        };
        Some(Declared { kind: self.kind(&data_type)?, rank, dimensions })
    }

    /// What one element of this data type may be.
    pub fn kind(&self, data_type: &NodeId) -> Option<Kind> {
        let own = self.graph.resolve(&NodeIdRef::from(data_type))?;
        let mut at = own;
        // A NodeSet may hold a circle of subtypes.
        for _ in 0..64 {
            let id = self.graph.id(at);
            if let (0, Some(number)) = (id.namespace, id.as_u32()) {
                match number {
                    22 => return Some(Kind::Structure(own)),
                    24 => return Some(Kind::Any),
                    26 => return Some(Kind::Number),
                    27 => return Some(Kind::Integer),
                    28 => return Some(Kind::UInteger),
                    29 => return Some(Kind::Enumeration(values(&self.graph, own))),
                    1..=25 => {
                        return VariantScalarTypeId::try_from(number).ok().map(Kind::Builtin);
                    }
                    _ => {}
                }
            }
            at = self.graph.supertype(at)?;
        }
        None
    }

    /// Whether a structure with this encoding id is of data type `wanted` or one derived from it.
    pub fn is_encoding_of(&self, encoding: &ExpandedNodeId, wanted: u32) -> bool {
        let id = NodeIdRef::from(&encoding.node_id);
        if matches!(id.identifier, IdRef::Other) {
            return false;
        }
        let Some(node) = self.graph.resolve(&id) else { return false };
        let has_encoding = self.graph.known.has_encoding;
        let of = self.graph.references(node).iter();
        let mut of = of.filter(|it| it.kind == has_encoding && !it.is_forward);
        of.any(|it| self.graph.is_subtype(it.target, wanted))
    }
}

/// Values that an enumeration defines; none if the NodeSet does not say.
fn values(graph: &Graph, data_type: u32) -> Vec<i64> {
    let found = graph.attribute(data_type, AttributeId::DataTypeDefinition);
    let Some(Variant::ExtensionObject(definition)) = found else { return Vec::new() };
    let fields = definition.inner_as::<EnumDefinition>().and_then(|it| it.fields.as_ref());
    fields.map_or_else(Vec::new, |it| it.iter().map(|it| it.value).collect())
}
