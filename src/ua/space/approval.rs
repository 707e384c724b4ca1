//! Nodes of the requests that wait until they are approved: `PendingApprovals` of the plant.

use crate::ua::space::template::Content;
use crate::ua::space::{NodeRef, Space};

/// The object, below the plant.
const OBJECT: &str = "PendingApprovals";

/// A node below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApprovalNode {
    /// How many requests wait.
    Count,
    /// Each of them, as a structure.
    Requests,
    /// Each of them, as a line for people.
    Summary,
    /// Approve(RequestId).
    Approve,
    /// Withdraw(RequestId).
    Withdraw,
}

impl ApprovalNode {
    /// The node with this path below a device.
    pub(super) fn at(path: &str) -> Option<Self> {
        Some(match path.strip_prefix(OBJECT)?.strip_prefix('.')? {
            "Count" => Self::Count,
            "Requests" => Self::Requests,
            "Summary" => Self::Summary,
            "Approve" => Self::Approve,
            "Withdraw" => Self::Withdraw,
            _ => return None,
        })
    }

    /// Whether it is called and not read.
    pub const fn is_method(self) -> bool {
        matches!(self, Self::Approve | Self::Withdraw)
    }
}

impl Space {
    /// The method of PendingApprovals that a call means; by its own NodeId or by the type's.
    pub fn approval_method(&self, object: NodeRef, method: NodeRef) -> Option<ApprovalNode> {
        match self.approval_member(object, method)?.1 {
            Content::Approval(node) if node.is_method() => Some(node),
            _ => None,
        }
    }

    fn approval_member(&self, object: NodeRef, method: NodeRef) -> Option<(NodeRef, Content)> {
        let NodeRef::Member(device, at) = object else { return None };
        if self.member(device, at).path != OBJECT {
            return None;
        }
        let children = self.member(device, at).children.iter();
        let mut own = children.map(|it| (NodeRef::Member(device, *it), self.member(device, *it)));
        let (node, found) =
            own.find(|(node, it)| method == *node || method == NodeRef::Static(it.declaration))?;
        Some((node, found.content))
    }

    /// The method of an object below a device that a call means: Reset of alarm metrics, or of PendingApprovals.
    pub(super) fn member_method(&self, object: NodeRef, method: NodeRef) -> Option<NodeRef> {
        let NodeRef::Member(device, _) = object else { return None };
        if self.metrics_reset(object, method).is_some() {
            return self.device_member(device, "Alarms.Metrics.Reset");
        }
        let (node, content) = self.approval_member(object, method)?;
        matches!(content, Content::Approval(it) if it.is_method()).then_some(node)
    }
}
