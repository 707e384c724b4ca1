//! What is known of each namespace (Part 5, 6.3.13): NamespaceMetadata objects below Server.Namespaces, with the rights that
//! its nodes have unless they say otherwise (Part 3, 4.9).

use opcua_nodes::{EventNotifier, ImportedItem, ImportedReference, NodeType, Object, Variable};
use opcua_types::{
    DateTime, LocalizedText, NodeId, QualifiedName, ReferenceTypeId, UAString, Variant,
};

use crate::access::Roles;
use crate::ua::space::graph::Graph;
use crate::ua::space::{NodeRef, SERVER, Space, TYPES};

/// Server.Namespaces.
const NAMESPACES: u32 = 11_715;
/// NamespaceMetadataType.
const METADATA_TYPE: u32 = 11_616;
/// PropertyType.
const PROPERTY_TYPE: u32 = 68;
/// What namespace 0 has of this by itself: DefaultRolePermissions, DefaultUserRolePermissions, DefaultAccessRestrictions.
const STANDARD: [(u32, Shown); 3] =
    [(16_134, Shown::Roles), (16_135, Shown::UserRoles), (16_136, Shown::Restrictions)];

/// What a namespace's nodes have unless they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Roles,
    UserRoles,
    Restrictions,
}

/// Variables that show the default rights of a namespace: node, namespace, and what of them; sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults(Vec<(u32, u16, Shown)>);

impl Defaults {
    /// Finds them in a graph that has them.
    pub(super) fn find(graph: &Graph, namespaces: &[String]) -> Self {
        let standard = STANDARD.into_iter().map(|(number, of)| (NodeId::new(0, number), 0, of));
        let ours = namespaces.iter().enumerate().skip(1).flat_map(|(index, uri)| {
            let of = [
                ("DefaultRolePermissions", Shown::Roles),
                ("DefaultUserRolePermissions", Shown::UserRoles),
                ("DefaultAccessRestrictions", Shown::Restrictions),
            ];
            of.map(|(name, of)| (property_id(uri, name), index as u16, of))
        });
        let found = standard
            .chain(ours)
            .filter_map(|(id, namespace, of)| Some((graph.resolve(&(&id).into())?, namespace, of)));
        let mut all: Vec<_> = found.collect();
        all.sort_unstable_by_key(|it| it.0);
        Self(all)
    }

    fn get(&self, node: u32) -> Option<(u16, Shown)> {
        let at = self.0.binary_search_by_key(&node, |it| it.0).ok()?;
        self.0.get(at).map(|it| (it.1, it.2))
    }

    /// Those that tell what other roles may do.
    pub(super) fn hidden(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|it| it.2 == Shown::Roles).map(|it| it.0)
    }
}

fn object_id(uri: &str) -> NodeId {
    NodeId::new(SERVER, format!("Namespaces.{uri}"))
}

fn property_id(uri: &str, name: &str) -> NodeId {
    NodeId::new(SERVER, format!("Namespaces.{uri}.{name}"))
}

fn reference(kind: ReferenceTypeId, target: NodeId, is_forward: bool) -> ImportedReference {
    ImportedReference { target_id: target, type_id: NodeId::new(0, kind as u32), is_forward }
}

/// The objects of all namespaces but the first that no NodeSet of `items` has one of. `version` says the version of a
/// model, and when it was published.
pub(super) fn missing(
    items: &[ImportedItem],
    namespaces: &[String],
    version: impl Fn(&str) -> Option<(String, DateTime)>,
) -> Vec<ImportedItem> {
    let known: Vec<&str> = items
        .iter()
        .filter(|it| {
            it.references
                .iter()
                .any(|it| it.is_forward && it.target_id == NodeId::new(0, METADATA_TYPE))
        })
        .map(|it| it.node.as_node().browse_name().name.as_ref())
        .collect();
    let absent = namespaces.iter().enumerate().skip(1);
    let absent = absent.filter(|(_, it)| !known.contains(&it.as_str()));
    absent.flat_map(|(index, uri)| of_namespace(index as u16, uri, version(uri))).collect()
}

fn of_namespace(index: u16, uri: &str, model: Option<(String, DateTime)>) -> Vec<ImportedItem> {
    let name = QualifiedName::new(index, uri);
    let object =
        Object::new(&object_id(uri), name, LocalizedText::new("", uri), EventNotifier::empty());
    let (version, published) = model.unwrap_or_else(|| (String::new(), DateTime::null()));
    // Numbers of types never change; names of the plant are as its files have them.
    let kinds = if index >= TYPES { vec![Variant::Int32(0)] } else { Vec::new() };
    let kinds = opcua_types::Array::new(opcua_types::VariantScalarTypeId::Int32, kinds);
    let kinds = kinds.map_or(Variant::Empty, |it| Variant::Array(Box::new(it)));
    let properties: [(&str, u32, i32, Variant); 10] = [
        ("NamespaceUri", 12, -1, uri.into()),
        ("NamespaceVersion", 12, -1, version.into()),
        ("NamespacePublicationDate", 13, -1, published.into()),
        ("IsNamespaceSubset", 1, -1, false.into()),
        ("StaticNodeIdTypes", 256, 1, kinds),
        ("StaticNumericNodeIdRange", 291, 1, Variant::from(Vec::<UAString>::new())),
        ("StaticStringNodeIdPattern", 12, -1, "".into()),
        ("DefaultRolePermissions", 96, 1, Variant::Empty),
        ("DefaultUserRolePermissions", 96, 1, Variant::Empty),
        ("DefaultAccessRestrictions", 95, -1, Variant::Empty),
    ];
    let references = vec![
        reference(ReferenceTypeId::HasTypeDefinition, NodeId::new(0, METADATA_TYPE), true),
        reference(ReferenceTypeId::HasComponent, NodeId::new(0, NAMESPACES), false),
    ];
    let mut items = vec![ImportedItem { node: NodeType::Object(Box::new(object)), references }];
    items.extend(properties.map(|(name, data_type, rank, value)| {
        let mut variable = Variable::new_data_value(
            &property_id(uri, name),
            QualifiedName::new(0, name),
            LocalizedText::new("", name),
            NodeId::new(0, data_type),
            Some(rank),
            None,
            value,
        );
        variable.set_value_rank(rank);
        let references = vec![
            reference(ReferenceTypeId::HasTypeDefinition, NodeId::new(0, PROPERTY_TYPE), true),
            reference(ReferenceTypeId::HasProperty, object_id(uri), false),
        ];
        ImportedItem { node: NodeType::Variable(Box::new(variable)), references }
    }));
    items
}

impl Space {
    /// The value of a variable that shows default rights, as all see it; none for other nodes.
    pub(super) fn default_rights(&self, index: u32) -> Option<Variant> {
        let (namespace, of) = self.defaults.get(index)?;
        let class = self.default_class(namespace);
        Some(match of {
            Shown::Roles => self.role_permissions(class, None),
            Shown::UserRoles => self.role_permissions(class, Some(Roles::NONE)),
            Shown::Restrictions => self.restrictions(class),
        })
    }

    /// The value of a DefaultUserRolePermissions for a user with these roles; none for other nodes.
    pub fn default_user_permissions(&self, node: NodeRef, roles: Roles) -> Option<Variant> {
        let NodeRef::Static(index) = node else { return None };
        match self.defaults.get(index)? {
            (namespace, Shown::UserRoles) => {
                Some(self.role_permissions(self.default_class(namespace), Some(roles)))
            }
            _ => None,
        }
    }
}
