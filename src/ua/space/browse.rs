//! Browse (Part 4, 5.9.2): which references of a node, from where on, encoded straight into the answer.

use opcua_types::{NodeClass, StatusCode};

use crate::ua::permission::Rights;
use crate::ua::space::reference::Reference;
use crate::ua::space::{IdRef, NodeIdRef, NodeRef, Space};

/// A two-byte null NodeId.
const NULL_ID: [u8; 2] = [0, 0];

/// Which references are wanted, and what of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowseFilter {
    forward: bool,
    inverse: bool,
    kind: Option<u32>,
    include_subtypes: bool,
    class_mask: u32,
    result_mask: u32,
}

impl BrowseFilter {
    /// Checks a BrowseDescription. `BadBrowseDirectionInvalid` unless the direction is 0, 1 or 2;
    /// `BadReferenceTypeIdInvalid` unless the type is a ReferenceType.
    pub fn new(
        space: &Space,
        direction: i32,
        reference_type: Option<NodeIdRef<'_>>,
        include_subtypes: bool,
        masks: (u32, u32),
    ) -> Result<Self, StatusCode> {
        let (forward, inverse) = match direction {
            0 => (true, false),
            1 => (false, true),
            2 => (true, true),
            _ => return Err(StatusCode::BadBrowseDirectionInvalid),
        };
        let kind = reference_type.map(|it| space.reference_type(&it)).transpose()?;
        let (class_mask, result_mask) = masks;
        Ok(Self { forward, inverse, kind, include_subtypes, class_mask, result_mask })
    }

    fn accepts(&self, space: &Space, rights: &Rights, reference: &Reference) -> bool {
        let direction = if reference.is_forward { self.forward } else { self.inverse };
        direction
            && self.kind.is_none_or(|kind| space.fits(reference.kind, kind, self.include_subtypes))
            && (self.class_mask == 0 || self.class_mask & space.class(reference.target) as u32 != 0)
            && rights.may_browse(space.class_of(reference.target))
    }
}

/// A node being browsed, and how many of its references have been looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowsePosition {
    node: NodeRef,
    filter: BrowseFilter,
    seen: usize,
}

impl BrowsePosition {
    /// The node being browsed.
    pub fn node(&self) -> NodeRef {
        self.node
    }

    /// At the first reference of `node`.
    pub fn start(node: NodeRef, filter: BrowseFilter) -> Self {
        Self { node, filter, seen: 0 }
    }
}

impl Space {
    /// The static node of a reference type.
    pub(super) fn reference_type(&self, id: &NodeIdRef<'_>) -> Result<u32, StatusCode> {
        match self.resolve(id) {
            Some(NodeRef::Static(index)) if self.graph.class(index) == NodeClass::ReferenceType => {
                Ok(index)
            }
            _ => Err(StatusCode::BadReferenceTypeIdInvalid),
        }
    }

    /// Whether a reference of type `kind` is one of `wanted`.
    pub(super) fn fits(&self, kind: u32, wanted: u32, include_subtypes: bool) -> bool {
        kind == wanted || (include_subtypes && self.graph.is_subtype(kind, wanted))
    }

    /// Appends at most `maximum` ReferenceDescriptions to `out`: how many, and where to go on. Nodes that the session may
    /// not see are left out.
    pub fn browse(
        &self,
        rights: &Rights,
        position: BrowsePosition,
        maximum: usize,
        out: &mut Vec<u8>,
    ) -> (usize, Option<BrowsePosition>) {
        let BrowsePosition { node, filter, seen } = position;
        let mut count = 0;
        for (index, reference) in self.references(node).iter().enumerate().skip(seen) {
            if !filter.accepts(self, rights, reference) {
                continue;
            }
            if count == maximum {
                return (count, Some(BrowsePosition { node, filter, seen: index }));
            }
            self.describe(reference, filter.result_mask, out);
            count += 1;
        }
        (count, None)
    }

    /// ReferenceDescription (Part 4, 7.29); fields that the mask leaves out are null.
    fn describe(&self, reference: &Reference, mask: u32, out: &mut Vec<u8>) {
        let asked = |bit: u32| mask & (1 << bit) != 0;
        if asked(0) {
            out.extend_from_slice(self.graph.encoded_id(reference.kind));
        } else {
            out.extend_from_slice(&NULL_ID);
        }
        out.push(u8::from(asked(1) && reference.is_forward));
        // An ExpandedNodeId of this server is encoded as its NodeId.
        self.encode_node_id(reference.target, out);
        if asked(3) {
            let (namespace, name) = self.browse_name(reference.target);
            out.extend_from_slice(&namespace.to_le_bytes());
            encode_text(&name, out);
        } else {
            out.extend_from_slice(&[0, 0, 0xff, 0xff, 0xff, 0xff]);
        }
        if asked(4) {
            let (locale, text) = self.display_name(reference.target);
            encode_localized((&locale, &text), out);
        } else {
            out.push(0);
        }
        let class = if asked(2) { self.class(reference.target) as i32 } else { 0 };
        out.extend_from_slice(&class.to_le_bytes());
        match self.type_definition(reference.target).filter(|_| asked(5)) {
            Some(kind) => out.extend_from_slice(self.graph.encoded_id(kind)),
            None => out.extend_from_slice(&NULL_ID),
        }
    }

    /// Whether an id names the abstract root of all references, which is to say any.
    pub fn is_any_reference(id: &NodeIdRef<'_>) -> bool {
        id.namespace == 0 && id.identifier == IdRef::Numeric(0)
    }
}

fn encode_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as i32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn encode_localized((locale, text): (&str, &str), out: &mut Vec<u8>) {
    let (has_locale, has_text) = (!locale.is_empty(), !text.is_empty());
    out.push(u8::from(has_locale) | u8::from(has_text) << 1);
    if has_locale {
        encode_text(locale, out);
    }
    if has_text {
        encode_text(text, out);
    }
}
