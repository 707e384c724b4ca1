//! NodeSet2 files (Part 6, Annex F): read, put in an order in which each comes behind those that it needs, and
//! taken as a whole or not at all (CT-04).

use std::collections::BTreeSet;

use opcua_nodes::{ImportedItem, NodeSet2Import, NodeSetImport};
use opcua_types::{DateTime, NodeId, NodeSetNamespaceMapper};
use opcua_xml::load_nodeset2_file;
use opcua_xml::schema::ua_node_set::ListOfRolePermissions;

use crate::ua::space::circle;
use crate::ua::space::load::{LoadError, NodeSetFile};
use crate::ua::space::permission::{Said, SaidOfRights};

/// Namespace 0, which every server has.
pub(super) const STANDARD: &str = "http://opcfoundation.org/UA/";

/// What is said of each node or model, by its name in the file.
type SaidOf = Vec<(String, Said)>;

/// A file that has been read.
pub(super) struct NodeSet<'a> {
    name: String,
    /// XML.
    text: &'a str,
    import: NodeSet2Import,
    /// Models that it brings.
    models: Vec<String>,
    /// Version of each model, and when it was published.
    versions: Vec<(String, String, DateTime)>,
    /// Models that must be there before.
    required: Vec<String>,
    /// Its NodeIds as they stand in it.
    ids: Vec<String>,
    /// What it says of rights: of nodes by their NodeIds as they stand in it, and of its models.
    said: (SaidOf, SaidOf),
}

/// RolePermissions and AccessRestrictions as they stand in a file; none if nothing is said.
fn said(permissions: Option<&ListOfRolePermissions>, restrictions: u8) -> Option<Said> {
    let permissions = permissions.map(|all| {
        let each = all.role_permissions.iter();
        // Roles are nodes of namespace 0; one that is none has no session either.
        each.filter_map(|it| Some((it.node_id.0.parse().ok()?, it.permissions as u32))).collect()
    });
    let said = Said { permissions, restrictions: restrictions.into() };
    (said != Said::default()).then_some(said)
}

/// Reads files and puts them in order. A model that is missing, or that two files bring, is an error, as is a
/// circle of models that need each other.
pub(super) fn read<'a>(files: &[&'a NodeSetFile]) -> Result<Vec<NodeSet<'a>>, LoadError> {
    let mut waiting = files.iter().map(|it| NodeSet::new(it)).collect::<Result<Vec<_>, _>>()?;
    let mut brought: Vec<(String, String)> = Vec::new();
    for set in &waiting {
        for model in &set.models {
            if let Some((_, other)) = brought.iter().find(|(known, _)| known == model) {
                let (name, other) = (set.name.clone(), other.clone());
                return Err(LoadError::Duplicate { name, model: model.clone(), other });
            }
            brought.push((model.clone(), set.name.clone()));
        }
    }
    let mut there: BTreeSet<String> = BTreeSet::from([STANDARD.to_owned()]);
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|it| it.required.iter().all(|it| there.contains(it)));
        let Some(ready) = ready else { return Err(stuck(&waiting, &brought)) };
        let set = waiting.remove(ready);
        there.extend(set.models.iter().cloned());
        ordered.push(set);
    }
    Ok(ordered)
}

/// Why none of these can come next.
fn stuck(waiting: &[NodeSet<'_>], brought: &[(String, String)]) -> LoadError {
    let missing = waiting.iter().find_map(|set| {
        let is_there =
            |model: &String| model == STANDARD || brought.iter().any(|(known, _)| known == model);
        let model = set.required.iter().find(|it| !is_there(it))?;
        Some(LoadError::Missing { name: set.name.clone(), model: model.clone() })
    });
    missing.unwrap_or_else(|| {
        let names: Vec<&str> = waiting.iter().map(|it| it.name.as_str()).collect();
        LoadError::Circle { names: names.join(", ") }
    })
}

impl<'a> NodeSet<'a> {
    fn new(file: &'a NodeSetFile) -> Result<Self, LoadError> {
        let wrong = |reason: String| LoadError::NodeSet { name: file.name.clone(), reason };
        let read = load_nodeset2_file(&file.text).map_err(|error| wrong(error.to_string()))?;
        let set = read.node_set.ok_or_else(|| wrong("there is no UANodeSet in it".to_owned()))?;
        if let Some(node) = circle::of_data_types(&set) {
            let (line, name) = (line_of(&file.text, node), file.name.clone());
            return Err(LoadError::Subtypes { name, line, node: node.to_owned() });
        }
        let models = set.models.iter().flat_map(|it| &it.models);
        let (mut own, mut required, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
        let mut versions = Vec::new();
        for model in models {
            let said = said(model.role_permissions.as_ref(), model.access_restrictions.0);
            defaults.extend(said.map(|it| (model.model_uri.clone(), it)));
            let published = model.publication_date.map_or_else(DateTime::null, DateTime::from);
            let version = model.version.clone().unwrap_or_default();
            versions.push((model.model_uri.clone(), version, published));
            own.push(model.model_uri.clone());
            required.extend(model.required_model.iter().map(|it| it.model_uri.clone()));
        }
        required.retain(|it| !own.contains(it));
        let ids = set.nodes.iter().map(|it| it.base().node_id.0.clone());
        let rights = set.nodes.iter().filter_map(|it| {
            let base = it.base();
            let said = said(base.role_permissions.as_ref(), base.access_restrictions.0)?;
            Some((base.node_id.0.clone(), said))
        });
        Ok(Self {
            name: file.name.clone(),
            text: &file.text,
            said: (rights.collect(), defaults),
            ids: ids.collect(),
            import: NodeSet2Import::new_nodeset("en", set, Vec::new()),
            versions,
            models: own,
            required,
        })
    }

    /// Version of a model that it brings, and when it was published.
    pub(super) fn version(&self, uri: &str) -> Option<(String, DateTime)> {
        let found = self.versions.iter().find(|it| it.0 == uri)?;
        Some((found.1.clone(), found.2))
    }

    /// Namespaces that it names.
    pub(super) fn namespaces(&self) -> Vec<String> {
        self.import.get_own_namespaces()
    }

    /// Adds what it says of rights to `said`.
    pub(super) fn say(
        &self,
        mapper: &NodeSetNamespaceMapper<'_>,
        namespaces: &[String],
        said: &mut SaidOfRights,
    ) {
        let (nodes, models) = &self.said;
        for (id, of_node) in nodes {
            let Ok(id) = id.parse::<NodeId>() else { continue };
            if let Ok(namespace) = mapper.get_index(id.namespace) {
                said.nodes.push((NodeId { namespace, ..id }, of_node.clone()));
            }
        }
        for (uri, of_model) in models {
            if let Some(index) = namespaces.iter().position(|it| it == uri) {
                said.namespaces.insert(index as u16, of_model.clone());
            }
        }
    }

    /// Its nodes. One that cannot be read is an error: a part of a model is worse than none.
    pub(super) fn load(
        &self,
        mapper: &mut NodeSetNamespaceMapper<'_>,
    ) -> Result<Vec<ImportedItem>, LoadError> {
        // The library's own way of registering namespaces prints to standard output.
        for (index, uri) in self.namespaces().iter().enumerate() {
            mapper.add_namespace(uri, index as u16 + 1);
        }
        let items: Vec<ImportedItem> = self.import.load(mapper).collect();
        if items.len() == self.ids.len() {
            return Ok(items);
        }
        let loaded: BTreeSet<String> =
            items.iter().map(|it| identifier(it.node.as_node().node_id())).collect();
        let is_loaded = |id: &str| id.parse().is_ok_and(|it| loaded.contains(&identifier(&it)));
        let lost = self.ids.iter().find(|id| !is_loaded(id));
        let node = lost.cloned().unwrap_or_default();
        let line = line_of(self.text, &node);
        Err(LoadError::Node { name: self.name.clone(), line, node })
    }
}

/// A NodeId without its namespace, whose index is another in each file.
fn identifier(id: &NodeId) -> String {
    id.identifier.to_string()
}

/// The line where a node stands, from 1.
fn line_of(text: &str, id: &str) -> usize {
    let at = text.find(&format!("NodeId=\"{id}\"")).unwrap_or(0);
    text.as_bytes().iter().take(at).filter(|it| **it == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, needs: &[&str], nodes: &str) -> NodeSetFile {
        let required: Vec<String> =
            needs.iter().map(|it| format!("<RequiredModel ModelUri=\"urn:{it}\"/>")).collect();
        let required = required.concat();
        let text = format!(
            "<UANodeSet xmlns=\"http://opcfoundation.org/UA/2011/03/UANodeSet.xsd\">\n\
             <NamespaceUris><Uri>urn:{name}</Uri></NamespaceUris>\n\
             <Models><Model ModelUri=\"urn:{name}\">{required}</Model></Models>\n{nodes}\n</UANodeSet>"
        );
        NodeSetFile { name: name.to_owned(), text }
    }

    fn order(files: &[NodeSetFile]) -> Result<Vec<String>, String> {
        let all = read(&files.iter().collect::<Vec<_>>()).map_err(|it| it.to_string())?;
        Ok(all.into_iter().map(|it| it.name).collect())
    }

    #[test]
    fn ct_04_files_in_any_order_come_behind_what_they_need() {
        let files = [file("c", &["b", "a"], ""), file("a", &[], ""), file("b", &["a"], "")];
        assert_eq!(order(&files).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn ct_04_what_is_missing_twice_there_or_in_a_circle_is_named() {
        let missing = order(&[file("a", &["x"], "")]).unwrap_err();
        assert!(missing.contains("a: ") && missing.contains("urn:x"), "{missing}");
        let other = NodeSetFile { name: "other".to_owned(), ..file("a", &[], "") };
        let twice = order(&[file("a", &[], ""), other]).unwrap_err();
        assert!(twice.contains("other") && twice.contains("urn:a"), "{twice}");
        let circle = order(&[file("a", &["b"], ""), file("b", &["a"], "")]).unwrap_err();
        assert!(circle.contains("a, b"), "{circle}");
    }

    #[test]
    fn ct_04_data_types_above_each_other_refuse_the_whole_file() {
        let data_type = |number: u32, above: &str| {
            format!(
                "<UADataType NodeId=\"ns=1;i={number}\" BrowseName=\"1:T{number}\"><DisplayName>T</DisplayName>\
                 <References><Reference ReferenceType=\"i=45\" IsForward=\"false\">{above}</Reference></References>\
                 <Definition Name=\"1:T{number}\"><Field Name=\"X{number}\" DataType=\"i=11\"/></Definition></UADataType>"
            )
        };
        let types = |of: [&str; 3]| {
            let all = of.iter().enumerate().map(|(at, it)| data_type(at as u32 + 1, it));
            order(&[file("a", &[], &all.collect::<Vec<_>>().join("\n"))])
        };
        assert_eq!(types(["i=22", "ns=1;i=1", "ns=1;i=2"]).unwrap(), ["a"]);
        for circle in [["ns=1;i=1", "i=22", "i=22"], ["ns=1;i=3", "ns=1;i=1", "ns=1;i=2"]] {
            let said = types(circle).unwrap_err();
            assert!(said.contains("a:4: the data type ns=1;i=1"), "{said}");
        }
    }

    #[test]
    fn ct_04_a_node_that_cannot_be_read_refuses_the_whole_file() {
        let good = "<UAObject NodeId=\"ns=1;i=1\" BrowseName=\"1:A\"><DisplayName>A</DisplayName></UAObject>";
        let wrong = "<UAObject NodeId=\"ns=7;i=2\" BrowseName=\"7:B\"><DisplayName>B</DisplayName></UAObject>";
        let file = file("a", &[], &format!("{good}\n{wrong}"));
        let sets = read(&[&file]).unwrap();
        let mut map = opcua_types::NamespaceMap::new();
        map.add_namespace("urn:a");
        let mut mapper = NodeSetNamespaceMapper::new(&mut map);
        let said = sets[0].load(&mut mapper).err().map(|it| it.to_string());
        assert_eq!(
            said.as_deref(),
            Some("a:5: the node ns=7;i=2 cannot be read: is its namespace, type and value right?")
        );
    }
}
