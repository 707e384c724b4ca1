//! TranslateBrowsePathsToNodeIds (Part 4, 5.9.4): a path is walked level by level, never by recursion.

use opcua_types::{
    BrowsePath, BrowsePathResult, BrowsePathTarget, ExpandedNodeId, RelativePathElement, StatusCode,
};

use crate::ua::permission::Rights;
use crate::ua::space::{NodeIdRef, NodeRef, Space};

/// Longest path; the deepest node stands less than a tenth of it below Root.
const LONGEST_PATH: usize = 128;
/// Nodes that a path may lead to at each of its elements.
const WIDEST: usize = 10_000;

impl Space {
    /// Where `path` leads to, over nodes that the session may see.
    pub fn translate(&self, rights: &Rights, path: &BrowsePath) -> BrowsePathResult {
        match self.walk(rights, path) {
            Ok(found) => BrowsePathResult {
                status_code: StatusCode::Good,
                targets: Some(found.into_iter().map(|it| self.target(it)).collect()),
            },
            Err(status_code) => BrowsePathResult { status_code, targets: None },
        }
    }

    fn target(&self, node: NodeRef) -> BrowsePathTarget {
        BrowsePathTarget {
            target_id: ExpandedNodeId::from(self.node_id(node)),
            remaining_path_index: u32::MAX,
        }
    }

    fn walk(&self, rights: &Rights, path: &BrowsePath) -> Result<Vec<NodeRef>, StatusCode> {
        if path.starting_node.is_null() {
            return Err(StatusCode::BadNodeIdInvalid);
        }
        let start = self
            .resolve(&NodeIdRef::from(&path.starting_node))
            .ok_or(StatusCode::BadNodeIdUnknown)?;
        if !rights.may_browse(self.class_of(start)) {
            return Err(StatusCode::BadUserAccessDenied);
        }
        let elements = path.relative_path.elements.as_deref().unwrap_or_default();
        if elements.is_empty() {
            return Err(StatusCode::BadNothingToDo);
        }
        if elements.len() > LONGEST_PATH {
            return Err(StatusCode::BadTooManyOperations);
        }
        if elements.iter().any(|it| it.target_name.name.is_empty()) {
            return Err(StatusCode::BadBrowseNameInvalid);
        }
        let mut nodes = vec![start];
        for element in elements {
            nodes = self.follow(rights, &nodes, element)?;
        }
        Ok(nodes)
    }

    fn follow(
        &self,
        rights: &Rights,
        from: &[NodeRef],
        element: &RelativePathElement,
    ) -> Result<Vec<NodeRef>, StatusCode> {
        let any = element.reference_type_id.is_null();
        let kind = if any {
            None
        } else {
            let id = NodeIdRef::from(&element.reference_type_id);
            // Part 4, 5.9.4.4: an unknown type in a path is a path that leads nowhere.
            Some(self.reference_type(&id).map_err(|_| StatusCode::BadNoMatch)?)
        };
        let wanted =
            (element.target_name.namespace_index, element.target_name.name.as_ref().into());
        let mut found = Vec::new();
        for node in from {
            let references = self.references(*node);
            let fitting = references.iter().filter(|it| {
                it.is_forward != element.is_inverse
                    && kind.is_none_or(|kind| self.fits(it.kind, kind, element.include_subtypes))
                    && self.browse_name(it.target) == wanted
                    && rights.may_browse(self.class_of(it.target))
            });
            found.extend(fitting.map(|it| it.target));
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(WIDEST);
        if found.is_empty() { Err(StatusCode::BadNoMatch) } else { Ok(found) }
    }
}
