//! Methods of ServerConfiguration and its trust list (Part 12, 7.8.2 and 7.10): arguments in, results out.

use std::rc::Rc;

use opcua_types::{
    Array, ByteString, CallMethodRequest, CallMethodResult, Identifier, MethodId, NodeId,
    ObjectTypeId, StatusCode, Variant, VariantScalarTypeId,
};
use tokio::task::JoinHandle;
use tracing::info;

use crate::time;
use crate::ua::audit::{AuditedMethod, Origin, how_audited};
use crate::ua::connection::Connection;
use crate::ua::push::{CONFIGURATION, GROUP, NewCertificate, PushProblem, SigningWish, TRUST_LIST};
use crate::ua::server::Server;
use crate::ua::service::method::{answered, failed};
use crate::ua::status;
use crate::ua::subscription::SessionKey;

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    CreateSigningRequest,
    UpdateCertificate,
    GetCertificates,
    GetRejectedList,
    ApplyChanges,
    CancelChanges,
    Open,
    OpenWithMasks,
    Close,
    Read,
    Write,
    GetPosition,
    SetPosition,
    CloseAndUpdate,
    AddCertificate,
    RemoveCertificate,
}

impl Method {
    /// The method of one of our objects, by its own NodeId or by the type's (MTH-06).
    fn of(call: &CallMethodRequest) -> Option<Self> {
        use MethodId as M;
        let number = |id: &NodeId| match id.identifier {
            Identifier::Numeric(number) if id.namespace == 0 => Some(number),
            _ => None,
        };
        let method = M::try_from(number(&call.method_id)?).ok()?;
        match number(&call.object_id)? {
            CONFIGURATION => Some(match method {
                M::ServerConfiguration_CreateSigningRequest
                | M::ServerConfigurationType_CreateSigningRequest => Self::CreateSigningRequest,
                M::ServerConfiguration_UpdateCertificate
                | M::ServerConfigurationType_UpdateCertificate => Self::UpdateCertificate,
                M::ServerConfiguration_GetCertificates
                | M::ServerConfigurationType_GetCertificates => Self::GetCertificates,
                M::ServerConfiguration_GetRejectedList
                | M::ServerConfigurationType_GetRejectedList => Self::GetRejectedList,
                M::ServerConfiguration_ApplyChanges | M::ServerConfigurationType_ApplyChanges => {
                    Self::ApplyChanges
                }
                M::ServerConfiguration_CancelChanges | M::ServerConfigurationType_CancelChanges => {
                    Self::CancelChanges
                }
                _ => return None,
            }),
            GROUP => Some(match method {
                M::ServerConfiguration_CertificateGroups_DefaultApplicationGroup_GetRejectedList
                | M::CertificateGroupType_GetRejectedList => Self::GetRejectedList,
                _ => return None,
            }),
            TRUST_LIST => Self::of_trust_list(method),
            _ => None,
        }
    }

    fn of_trust_list(method: MethodId) -> Option<Self> {
        use MethodId as M;
        /// Numbers of the methods of this very trust list.
        const OWN: [(u32, Method); 10] = [
            (12_647, Method::Open),
            (12_650, Method::Close),
            (12_652, Method::Read),
            (12_655, Method::Write),
            (12_657, Method::GetPosition),
            (12_660, Method::SetPosition),
            (12_663, Method::OpenWithMasks),
            (12_666, Method::CloseAndUpdate),
            (12_668, Method::AddCertificate),
            (12_670, Method::RemoveCertificate),
        ];
        let own = OWN.iter().find(|(number, _)| *number == method as u32);
        own.map(|(_, method)| *method).or(match method {
            M::FileType_Open => Some(Self::Open),
            M::FileType_Close => Some(Self::Close),
            M::FileType_Read => Some(Self::Read),
            M::FileType_Write => Some(Self::Write),
            M::FileType_GetPosition => Some(Self::GetPosition),
            M::FileType_SetPosition => Some(Self::SetPosition),
            M::TrustListType_OpenWithMasks => Some(Self::OpenWithMasks),
            M::TrustListType_CloseAndUpdate => Some(Self::CloseAndUpdate),
            M::TrustListType_AddCertificate => Some(Self::AddCertificate),
            M::TrustListType_RemoveCertificate => Some(Self::RemoveCertificate),
            _ => None,
        })
    }

    /// Types of its arguments.
    fn arguments(self) -> &'static [Kind] {
        use Kind as K;
        match self {
            Self::CreateSigningRequest => &[K::NodeId, K::NodeId, K::Text, K::Bool, K::Bytes],
            Self::UpdateCertificate => {
                &[K::NodeId, K::NodeId, K::Bytes, K::BytesArray, K::Text, K::Bytes]
            }
            Self::GetCertificates => &[K::NodeId],
            Self::GetRejectedList | Self::ApplyChanges | Self::CancelChanges => &[],
            Self::Open => &[K::Byte],
            Self::OpenWithMasks | Self::Close | Self::GetPosition | Self::CloseAndUpdate => {
                &[K::UInt32]
            }
            Self::Read => &[K::UInt32, K::Int32],
            Self::Write => &[K::UInt32, K::Bytes],
            Self::SetPosition => &[K::UInt32, K::UInt64],
            Self::AddCertificate => &[K::Bytes, K::Bool],
            Self::RemoveCertificate => &[K::Text, K::Bool],
        }
    }
}

/// Type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NodeId,
    Text,
    Bool,
    Byte,
    Int32,
    UInt32,
    UInt64,
    Bytes,
    BytesArray,
}

impl Kind {
    fn fits(self, value: &Variant) -> bool {
        match (self, value) {
            // A null is the null of its type, where the type has one.
            (Self::NodeId | Self::Text | Self::Bytes | Self::BytesArray, Variant::Empty)
            | (Self::NodeId, Variant::NodeId(_))
            | (Self::Text, Variant::String(_))
            | (Self::Bool, Variant::Boolean(_))
            | (Self::Byte, Variant::Byte(_))
            | (Self::Int32, Variant::Int32(_))
            | (Self::UInt32, Variant::UInt32(_))
            | (Self::UInt64, Variant::UInt64(_))
            | (Self::Bytes, Variant::ByteString(_)) => true,
            (Self::BytesArray, Variant::Array(it)) => {
                it.value_type == VariantScalarTypeId::ByteString
            }
            _ => false,
        }
    }
}

/// Arguments whose types have been checked, taken one after the other.
struct Arguments<'a>(std::slice::Iter<'a, Variant>);

impl<'a> Arguments<'a> {
    fn check(method: Method, given: &'a [Variant]) -> Result<Self, CallMethodResult> {
        let wanted = method.arguments();
        if given.len() < wanted.len() {
            return Err(failed(StatusCode::BadArgumentsMissing));
        }
        if given.len() > wanted.len() {
            return Err(failed(StatusCode::BadTooManyArguments));
        }
        let fits = || given.iter().zip(wanted).map(|(value, kind)| kind.fits(value));
        if fits().all(|it| it) {
            return Ok(Self(given.iter()));
        }
        let code = |it: bool| if it { StatusCode::Good } else { StatusCode::BadTypeMismatch };
        Err(CallMethodResult {
            input_argument_results: Some(fits().map(code).collect()),
            ..failed(StatusCode::BadInvalidArgument)
        })
    }

    fn node_id(&mut self) -> NodeId {
        match self.0.next() {
            Some(Variant::NodeId(it)) => it.as_ref().clone(),
            _ => NodeId::null(),
        }
    }

    fn text(&mut self) -> String {
        match self.0.next() {
            Some(Variant::String(it)) => it.as_ref().to_owned(),
            _ => String::new(),
        }
    }

    fn bool(&mut self) -> bool {
        matches!(self.0.next(), Some(Variant::Boolean(true)))
    }

    /// Any unsigned number.
    fn number(&mut self) -> u64 {
        match self.0.next() {
            Some(Variant::Byte(it)) => (*it).into(),
            Some(Variant::UInt32(it)) => (*it).into(),
            Some(Variant::UInt64(it)) => *it,
            _ => 0,
        }
    }

    fn handle(&mut self) -> u32 {
        self.number() as u32
    }

    fn length(&mut self) -> i32 {
        match self.0.next() {
            Some(Variant::Int32(it)) => *it,
            _ => -1,
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.0.next().map_or_else(Vec::new, bytes_of)
    }

    fn bytes_array(&mut self) -> Vec<Vec<u8>> {
        match self.0.next() {
            Some(Variant::Array(it)) => it.values.iter().map(bytes_of).collect(),
            _ => Vec::new(),
        }
    }
}

fn bytes_of(value: &Variant) -> Vec<u8> {
    match value {
        Variant::ByteString(it) => it.value.clone().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The call of one of these methods, on its way; `None` if it is another one. Those of one request are done in turn.
pub(super) fn call(
    server: &Rc<Server>,
    session: SessionKey,
    connection: &Rc<Connection>,
    origin: &Origin,
    call: &CallMethodRequest,
) -> Option<JoinHandle<CallMethodResult>> {
    let method = Method::of(call)?;
    let (server, connection) = (Rc::clone(server), Rc::clone(connection));
    let (origin, call) = (origin.clone(), call.clone());
    Some(tokio::task::spawn_local(async move {
        let _turn = server.push.turn.lock().await;
        if let Err(problem) = server.may_manage_certificates(session, &connection) {
            return refused(method, &problem);
        }
        let given = call.input_arguments.as_deref().unwrap_or_default();
        let arguments = match Arguments::check(method, given) {
            Ok(arguments) => arguments,
            Err(result) => return result,
        };
        match act(&server, session, &origin, method, arguments).await {
            Ok(outputs) => answered(&call, outputs),
            Err(problem) => refused(method, &problem),
        }
    }))
}

fn refused(method: Method, problem: &PushProblem) -> CallMethodResult {
    info!(?method, %problem, "call refused");
    failed(status::of_push(problem))
}

async fn act(
    server: &Rc<Server>,
    session: SessionKey,
    origin: &Origin,
    method: Method,
    mut given: Arguments<'_>,
) -> Result<Vec<Variant>, PushProblem> {
    Ok(match method {
        Method::CreateSigningRequest => {
            let wish = SigningWish {
                group: given.node_id(),
                kind: given.node_id(),
                subject: given.text(),
                new_key: given.bool(),
                nonce: given.bytes(),
            };
            vec![ByteString::from(server.create_signing_request(wish).await?).into()]
        }
        Method::UpdateCertificate => {
            let new = NewCertificate {
                group: given.node_id(),
                kind: given.node_id(),
                certificate: given.bytes(),
                issuers: given.bytes_array(),
                format: given.text(),
                key: given.bytes(),
            };
            server.update_certificate(session, new).await?;
            vec![true.into()]
        }
        Method::GetCertificates => {
            let (kinds, certificates) = server.own_certificates(&given.node_id())?;
            vec![Variant::from(kinds), byte_strings(certificates)]
        }
        Method::GetRejectedList => {
            let store = server.channels.trust.clone();
            let found = tokio::task::spawn_blocking(move || store.rejected()).await;
            vec![byte_strings(found.map_err(|_| PushProblem::Broken)?)]
        }
        Method::ApplyChanges => {
            server.apply_changes(session, origin).await?;
            Vec::new()
        }
        Method::CancelChanges => {
            server.cancel_changes(session)?;
            Vec::new()
        }
        Method::AddCertificate => {
            server.add_to_trust_list(origin, &given.bytes(), given.bool()).await?;
            Vec::new()
        }
        Method::RemoveCertificate => {
            server.remove_from_trust_list(origin, &given.text(), given.bool()).await?;
            Vec::new()
        }
        _ => act_on_file(server, session, method, given)?,
    })
}

fn act_on_file(
    server: &Server,
    session: SessionKey,
    method: Method,
    mut given: Arguments<'_>,
) -> Result<Vec<Variant>, PushProblem> {
    let now = time::monotonic();
    let files = &server.push.files;
    let handle = given.handle();
    Ok(match method {
        // Its only argument is the mode.
        Method::Open => {
            let mode = u8::try_from(handle).map_err(|_| PushProblem::Argument)?;
            vec![server.open_trust_list(session, mode)?.into()]
        }
        // Its only argument are the masks.
        Method::OpenWithMasks => vec![server.read_trust_list(session, handle)?.into()],
        Method::Read => {
            let read = files.borrow_mut().read(session, handle, given.length(), now)?;
            vec![ByteString::from(read).into()]
        }
        Method::Write => {
            files.borrow_mut().write(session, handle, &given.bytes(), now)?;
            Vec::new()
        }
        Method::GetPosition => vec![files.borrow_mut().position(session, handle, now)?.into()],
        Method::SetPosition => {
            files.borrow_mut().set_position(session, handle, given.number(), now)?;
            Vec::new()
        }
        Method::CloseAndUpdate => {
            server.close_and_update(session, handle)?;
            vec![true.into()]
        }
        _ => {
            files.borrow_mut().close(session, handle)?;
            Vec::new()
        }
    })
}

fn byte_strings(all: Vec<Vec<u8>>) -> Variant {
    let values = all.into_iter().map(|it| ByteString::from(it).into()).collect();
    let kind = VariantScalarTypeId::ByteString;
    Variant::Array(Box::new(Array { value_type: kind, values, dimensions: None }))
}

/// As what a call of these methods or of any other is audited (GDS-11); none that changes nothing.
pub(super) fn audited(call: &CallMethodRequest) -> Option<AuditedMethod> {
    let Some(method) = Method::of(call) else { return how_audited(call) };
    let kind = match method {
        Method::CreateSigningRequest | Method::ApplyChanges | Method::CancelChanges => {
            return Some(AuditedMethod::default());
        }
        Method::UpdateCertificate => ObjectTypeId::CertificateUpdateRequestedAuditEventType,
        Method::CloseAndUpdate | Method::AddCertificate | Method::RemoveCertificate => {
            ObjectTypeId::TrustListUpdateRequestedAuditEventType
        }
        Method::GetCertificates
        | Method::GetRejectedList
        | Method::Open
        | Method::OpenWithMasks
        | Method::Close
        | Method::Read
        | Method::Write
        | Method::GetPosition
        | Method::SetPosition => return None,
    };
    Some(AuditedMethod { kind, ..AuditedMethod::default() })
}
