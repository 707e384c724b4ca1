//! The object of each session below SessionsDiagnosticsSummary (Part 5, 6.3.5): its NodeId is the SessionId.

use std::cell::RefCell;
use std::collections::BTreeMap;

use opcua_types::{AttributeId, LocalizedText, NodeId, QualifiedName, Variant};

use crate::ua::space::attribute::CURRENT_READ;
use crate::ua::space::reference::Reference;
use crate::ua::space::template::{Template, TemplateNode};
use crate::ua::space::{IdRef, NodeIdRef, NodeRef, SERVER, Space};

/// What SessionIds begin with; the session's number follows.
const PREFIX: &str = "Session";
/// SessionsDiagnosticsSummary.
const SUMMARY: u32 = 3706;

/// The nodes of sessions.
#[derive(Debug)]
pub(super) struct SessionNodes {
    /// What hangs below each.
    pub(super) template: Template,
    /// Names of the sessions that there are; none while diagnostics are switched off.
    names: RefCell<BTreeMap<u32, String>>,
}

impl SessionNodes {
    pub(super) fn new(template: Template) -> Self {
        Self { template, names: RefCell::default() }
    }
}

/// The NodeId of a session's object, which is its SessionId.
pub fn session_id(session: u32) -> NodeId {
    NodeId::new(SERVER, format!("{PREFIX}{session}"))
}

impl Space {
    /// Shows these sessions, by number and name, and no others.
    pub fn show_sessions(&self, sessions: impl Iterator<Item = (u32, String)>) {
        *self.sessions.names.borrow_mut() = sessions.collect();
    }

    /// The node of a session with this NodeId in the server's own namespace.
    pub(super) fn resolve_session(&self, id: &NodeIdRef<'_>) -> Option<NodeRef> {
        let IdRef::Text(path) = id.identifier else { return None };
        let (number, rest) =
            path.strip_prefix(PREFIX).map(|it| it.split_once('.').unwrap_or((it, "")))?;
        let session = number.parse().ok().filter(|it: &u32| it.to_string() == number)?;
        if !self.sessions.names.borrow().contains_key(&session) {
            return None;
        }
        if rest.is_empty() {
            return (number.len() + PREFIX.len() == path.len())
                .then_some(NodeRef::Session(session, 0));
        }
        self.sessions.template.find(rest).map(|it| NodeRef::Session(session, it + 1))
    }

    /// A node below a session's object; `None` for the object itself.
    pub(super) fn of_session(&self, member: u16) -> Option<&TemplateNode> {
        let member = usize::from(member).checked_sub(1)?;
        self.sessions.template.nodes.get(member)
    }

    /// Path of a node below its session's object, such as `SessionDiagnostics.SessionName`.
    pub fn session_path(&self, member: u16) -> &str {
        self.of_session(member).map_or("", |it| it.path.as_str())
    }

    /// String of the NodeId of a session's node.
    pub(super) fn session_node_path(&self, session: u32, member: u16) -> String {
        match self.of_session(member) {
            Some(node) => format!("{PREFIX}{session}.{}", node.path),
            None => format!("{PREFIX}{session}"),
        }
    }

    pub(super) fn session_name(&self, session: u32) -> String {
        self.sessions.names.borrow().get(&session).cloned().unwrap_or_default()
    }

    /// The static node that declares a session's node.
    pub(super) fn session_declaration(&self, member: u16) -> u32 {
        self.of_session(member).map_or(self.sessions.template.object_type, |it| it.declaration)
    }

    pub(super) fn session_attribute(
        &self,
        session: u32,
        member: u16,
        attribute: AttributeId,
    ) -> Option<Variant> {
        if member == 0 {
            let name = self.session_name(session);
            return match attribute {
                AttributeId::BrowseName => Some(QualifiedName::new(SERVER, name).into()),
                AttributeId::DisplayName => Some(LocalizedText::new("", &name).into()),
                AttributeId::Description => Some(LocalizedText::null().into()),
                AttributeId::EventNotifier => Some(0_u8.into()),
                _ => None,
            };
        }
        let found = self.graph.attribute(self.session_declaration(member), attribute)?;
        Some(match attribute {
            AttributeId::AccessLevel | AttributeId::UserAccessLevel => CURRENT_READ.into(),
            _ => found,
        })
    }

    /// References to the sessions from the node that lists them.
    pub(super) fn references_to_sessions(&self, from: u32) -> Vec<Reference> {
        if self.graph.id(from).namespace != 0 || self.graph.id(from).as_u32() != Some(SUMMARY) {
            return Vec::new();
        }
        let names = self.sessions.names.borrow();
        let kind = self.graph.known.has_component;
        let to = |session: &u32| Reference {
            kind,
            is_forward: true,
            target: NodeRef::Session(*session, 0),
        };
        names.keys().map(to).collect()
    }

    pub(super) fn session_references(&self, session: u32, member: u16) -> Vec<Reference> {
        let template = &self.sessions.template;
        let known = self.graph.known;
        let node = |kind, is_forward, target| Reference { kind, is_forward, target };
        let below = |children: &[u16]| -> Vec<Reference> {
            let child = |it: &u16| {
                let target = NodeRef::Session(session, it + 1);
                node(template.nodes[usize::from(*it)].reference, true, target)
            };
            children.iter().map(child).collect()
        };
        let own_type = self.type_definition(NodeRef::Session(session, member));
        let own_type =
            own_type.map(|it| node(known.has_type_definition, true, NodeRef::Static(it)));
        let mut all: Vec<Reference> = own_type.into_iter().collect();
        if let Some(declared) = self.of_session(member) {
            all.extend(below(&declared.children));
            let above = NodeRef::Session(session, declared.parent.map_or(0, |it| it + 1));
            all.push(node(declared.reference, false, above));
            return all;
        }
        all.extend(below(&template.top));
        let id = NodeIdRef { namespace: 0, identifier: IdRef::Numeric(SUMMARY) };
        let summary = self.graph.resolve(&id).map(NodeRef::Static);
        all.extend(summary.map(|it| node(known.has_component, false, it)));
        all
    }
}
