//! Steps of requests for approval as deeds: of the operation that asked, with the request and both persons.

use opcua_types::{ObjectTypeId, StatusCode};

use crate::ua::approval::{Form, Request, Step};
use crate::ua::audit::method::array;
use crate::ua::audit::{Deed, Origin};
use crate::ua::server::Server;
use crate::ua::status;

impl Server {
    /// Audits a step of a request that `origin` takes; `approver` is whoever approved or refused, if anybody did.
    pub fn audit_approval(&self, origin: &Origin, request: &Request, step: Step, approver: &str) {
        let asked = &request.asked;
        // Asking and taking back are done, whatever has become of the command.
        let status = match step {
            Step::Requested | Step::Withdrawn => StatusCode::Good,
            other => status::of_step(other),
        };
        let source_name = format!("Approval/{}", step.name());
        let message = format!("{} of request {}: {}", step.name(), request.id, asked.text);
        let mut deed = match &asked.form {
            Form::Call(call) => {
                let kind = ObjectTypeId::AuditUpdateMethodEventType;
                Deed::new(kind, call.object_id.clone(), source_name, message, status)
                    .with("MethodId", call.method_id.clone())
                    .with("InputArguments", array(self.without_secrets(call)))
            }
            Form::Write(written) => {
                let kind = ObjectTypeId::AuditWriteUpdateEventType;
                Deed::new(kind, written.id(&self.space), source_name, message, status)
                    .with("AttributeId", written.attribute)
                    .with("IndexRange", written.range.as_str())
                    .with("OldValue", written.old.clone())
                    .with("NewValue", written.new.clone())
            }
        };
        // For the log. Listeners read them in the message, and in the ApprovalEventType.
        deed.notes.extend([
            ("RequestId", request.id.into()),
            ("Requester", asked.by.name.as_str().into()),
            ("Approver", approver.into()),
        ]);
        self.audit(origin, deed);
    }
}
