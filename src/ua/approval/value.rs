//! What the variables of PendingApprovals show.

use opcua_types::type_loader::ByteStringBody;
use opcua_types::{ByteString, ExtensionObject, NodeId, StatusCode, UAString, Variant};

use crate::config::ApprovalRule;
use crate::ua::approval::Request;
use crate::ua::server::Server;
use crate::ua::space::{ApprovalNode, TYPES};
use crate::ua::value::LiveValue;

/// Default Binary of ApprovalRequestDataType in our NodeSet.
const ENCODING: u32 = 9008;

impl Server {
    /// The value of a variable of PendingApprovals.
    pub fn approval_value(&self, node: ApprovalNode) -> Option<LiveValue> {
        let pending = self.approvals.borrow();
        let value = match node {
            ApprovalNode::Count => Variant::from(pending.iter().count() as u32),
            ApprovalNode::Requests => pending.iter().map(structure).collect::<Vec<_>>().into(),
            ApprovalNode::Summary => {
                let lines = pending.iter().map(|it| UAString::from(line(it)));
                lines.collect::<Vec<_>>().into()
            }
            ApprovalNode::Approve | ApprovalNode::Withdraw => return None,
        };
        Some(LiveValue { value, status: StatusCode::Good, source: pending.changed() })
    }
}

fn line(request: &Request) -> String {
    let Request { id, asked, until, .. } = request;
    let (by, text, role) = (&asked.by.name, &asked.text, asked.danger.access.name());
    let who = match asked.rule {
        ApprovalRule::TwoPersons => "another person",
        ApprovalRule::Confirm | ApprovalRule::None => "anybody",
    };
    format!("{id}: {by} asks for {text}; {who} with the rights of {role} approves it until {until}")
}

/// ApprovalRequestDataType, field by field.
fn structure(request: &Request) -> ExtensionObject {
    let Request { id, asked, since, until, .. } = request;
    let mut body = id.to_le_bytes().to_vec();
    put(&mut body, &asked.text);
    put(&mut body, &asked.by.name);
    body.extend_from_slice(&since.ticks().to_le_bytes());
    body.extend_from_slice(&until.ticks().to_le_bytes());
    body.push(u8::from(asked.rule == ApprovalRule::TwoPersons));
    put(&mut body, asked.danger.access.name());
    let raw = ByteStringBody::new(ByteString::from(body), NodeId::new(TYPES, ENCODING));
    ExtensionObject::from_message(raw)
}

fn put(body: &mut Vec<u8>, text: &str) {
    body.extend_from_slice(&(text.len() as i32).to_le_bytes());
    body.extend_from_slice(text.as_bytes());
}
