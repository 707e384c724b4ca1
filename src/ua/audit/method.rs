//! Calls as deeds (Part 5, 6.4.27; Part 9, 5.10): which event type, and which arguments are secret.

use opcua_types::{
    Argument, Array, CallMethodRequest, CallMethodResult, Identifier, MethodId, ObjectTypeId,
    Variant, VariantScalarTypeId,
};

use crate::ua::audit::{Deed, Origin};
use crate::ua::server::Server;
use crate::ua::space::NodeIdRef;
use crate::ua::status;

/// What stands for a secret.
const MASK: &str = "***";
/// An argument whose name has one of these in it is a secret.
const SECRET_NAMES: [&str; 5] = ["password", "privatekey", "secret", "token", "nonce"];

/// As what a call is audited: type, SourceName, and fields beyond those of every method.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditedMethod {
    /// AuditUpdateMethodEventType or one below it.
    pub kind: ObjectTypeId,
    /// `Attribute/Call`, or for conditions `Method/` and the method's name.
    pub source_name: &'static str,
    /// Such as `ConditionEventId`, of namespace 0.
    pub fields: Vec<(&'static str, Variant)>,
}

impl Default for AuditedMethod {
    /// Any method.
    fn default() -> Self {
        let kind = ObjectTypeId::AuditUpdateMethodEventType;
        Self { kind, source_name: "Attribute/Call", fields: Vec::new() }
    }
}

/// As what a call is audited that is for no condition; none for those that change nothing: ConditionRefresh,
/// GetMonitoredItems, ResendData (Part 4, 6.5.9).
pub fn how_audited(call: &CallMethodRequest) -> Option<AuditedMethod> {
    const SILENT: [MethodId; 4] = [
        MethodId::ConditionType_ConditionRefresh,
        MethodId::ConditionType_ConditionRefresh2,
        MethodId::Server_GetMonitoredItems,
        MethodId::Server_ResendData,
    ];
    let is_silent = SILENT.iter().any(|it| call.method_id == (0, *it as u32));
    (!is_silent).then(AuditedMethod::default)
}

/// Values as a BaseDataType[].
pub(super) fn array(values: Vec<Variant>) -> Variant {
    let values = values.into_iter().map(|it| Variant::Variant(Box::new(it))).collect();
    let kind = VariantScalarTypeId::Variant;
    Variant::Array(Box::new(Array { value_type: kind, values, dimensions: None }))
}

impl Server {
    /// Audits a call, done or refused. The one way in for methods of every kind: the service does it for all calls it
    /// answers, as [`how_audited`] says; whoever knows better calls it with an `audited` of his own and adds fields,
    /// such as `("ConditionEventId", id)` and `("Comment", text)` with `AuditConditionAcknowledgeEventType`.
    /// Arguments that are secrets are masked here.
    pub fn audit_method(
        &self,
        origin: &Origin,
        call: &CallMethodRequest,
        result: &CallMethodResult,
        audited: AuditedMethod,
    ) {
        let status = result.status_code;
        let word = match status {
            status::WAITS => "waits until it is approved",
            _ if status.is_bad() => "was refused",
            _ => "was called",
        };
        let message = format!("method {} of {} {word}", call.method_id, call.object_id);
        let inputs = self.without_secrets(call);
        let outputs = result.output_arguments.clone().unwrap_or_default();
        let source = call.object_id.clone();
        let mut deed = Deed::new(audited.kind, source, audited.source_name, message, status)
            .with("MethodId", call.method_id.clone())
            .with("InputArguments", array(inputs))
            .with("OutputArguments", array(outputs));
        deed.fields.extend(audited.fields);
        self.audit(origin, deed);
    }

    /// The arguments; where a method has secrets and not the number of arguments it should, all of them are masked.
    pub(super) fn without_secrets(&self, call: &CallMethodRequest) -> Vec<Variant> {
        let secret = self.secret_arguments(call);
        let given = call.input_arguments.clone().unwrap_or_default();
        let is_shifted = secret.contains(&true) && secret.len() != given.len();
        let is_secret = |at: usize| is_shifted || secret.get(at) == Some(&true);
        let masked = given.into_iter().enumerate();
        masked.map(|(at, value)| if is_secret(at) { MASK.into() } else { value }).collect()
    }

    /// Which arguments are secrets: known by number, or by the name that the method declares.
    fn secret_arguments(&self, call: &CallMethodRequest) -> Vec<bool> {
        if let Some(known) = known_secrets(call) {
            return known;
        }
        let Some(object) = self.space.resolve(&NodeIdRef::from(&call.object_id)) else {
            return Vec::new();
        };
        let Some(method) = self.space.resolve(&NodeIdRef::from(&call.method_id)) else {
            return Vec::new();
        };
        if let Ok(found) = self.space.method(object, method) {
            return found.row.inputs.iter().map(|it| is_secret(it.name)).collect();
        }
        let crate::ua::space::NodeRef::Static(index) = method else { return Vec::new() };
        let property = self.space.property(index, "InputArguments");
        let value = property.and_then(|it| self.stored.borrow().get(it).map(|it| it.value.clone()));
        let Some(Variant::Array(declared)) = value else { return Vec::new() };
        let names = declared.values.iter().map(|it| match it {
            Variant::ExtensionObject(it) => {
                it.inner_as::<Argument>().is_some_and(|it| is_secret(it.name.as_ref()))
            }
            _ => false,
        });
        names.collect()
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_NAMES.iter().any(|it| name.contains(it))
}

/// Secrets of the standard's own methods, by the number of the method.
fn known_secrets(call: &CallMethodRequest) -> Option<Vec<bool>> {
    use MethodId as M;
    let Identifier::Numeric(number) = &call.method_id.identifier else { return None };
    if call.method_id.namespace != 0 {
        return None;
    }
    Some(match MethodId::try_from(*number).ok()? {
        M::UserManagementType_AddUser | M::UserManagement_AddUser => {
            vec![false, true, false, false]
        }
        M::UserManagementType_ModifyUser | M::UserManagement_ModifyUser => {
            vec![false, false, true, false, false, false, false]
        }
        M::UserManagementType_ChangePassword | M::UserManagement_ChangePassword => vec![true, true],
        M::ServerConfigurationType_UpdateCertificate | M::ServerConfiguration_UpdateCertificate => {
            vec![false, false, false, false, false, true]
        }
        M::ServerConfigurationType_CreateSigningRequest
        | M::ServerConfiguration_CreateSigningRequest => vec![false, false, false, false, true],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use opcua_types::NodeId;

    use super::*;

    fn call(method: MethodId, arguments: Vec<Variant>) -> CallMethodRequest {
        CallMethodRequest {
            object_id: NodeId::new(0, 1_u32),
            method_id: NodeId::new(0, method as u32),
            input_arguments: Some(arguments),
        }
    }

    #[test]
    fn a_method_that_changes_nothing_is_not_audited() {
        assert_eq!(how_audited(&call(MethodId::ConditionType_ConditionRefresh, Vec::new())), None);
        assert_eq!(how_audited(&call(MethodId::Server_GetMonitoredItems, Vec::new())), None);
        let change = how_audited(&call(MethodId::Server_RequestServerStateChange, Vec::new()));
        assert_eq!(change, Some(AuditedMethod::default()));
    }

    #[test]
    fn aud_05_passwords_among_arguments_are_known_by_method_or_by_name() {
        let change = call(MethodId::UserManagement_ChangePassword, Vec::new());
        assert_eq!(known_secrets(&change), Some(vec![true, true]));
        assert!(is_secret("NewPassword") && is_secret("PrivateKey") && !is_secret("Mass"));
    }
}
