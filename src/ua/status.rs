//! The only place that maps our own words to status codes.

use opcua_types::StatusCode;

use crate::alarm::AlarmRefusal;
use crate::config::UserError;
use crate::control::Refusal;
use crate::field::Quality;
use crate::ua::aggregate::QueryError;
use crate::ua::approval::{ApprovalProblem, HoldProblem, Step};
use crate::ua::permission::Denied;
use crate::ua::pki::{CertificateProblem, InstallProblem};
use crate::ua::push::PushProblem;
use crate::ua::service::RoleProblem;

/// A hazardous command was asked for, has done nothing, and waits until it is approved: "the request has not been processed
/// by the Server yet". Part 12 gives this code to certificate requests that wait for an administrator. It is bad, so that
/// no client takes for done what has not been done.
pub const WAITS: StatusCode = StatusCode::BadRequestNotComplete;

/// Status of a hazardous command that cannot even wait.
pub fn of_hold_problem(problem: &HoldProblem) -> StatusCode {
    match problem {
        HoldProblem::Plant(refusal) => of_refusal(refusal),
        HoldProblem::Alarm(refusal) => of_alarm_refusal(refusal),
        HoldProblem::Nobody => StatusCode::BadUserAccessDenied,
        HoldProblem::Full => StatusCode::BadTooManyOperations,
        HoldProblem::Gone => StatusCode::BadShutdown,
    }
}

/// Status of an approval or a withdrawal that does not count.
pub fn of_approval_problem(problem: ApprovalProblem) -> StatusCode {
    match problem {
        ApprovalProblem::Unknown => StatusCode::BadNotFound,
        ApprovalProblem::SamePerson => StatusCode::BadRequestNotAllowed,
        ApprovalProblem::Denied { .. } => StatusCode::BadUserAccessDenied,
    }
}

/// What has come of the command of a request.
pub fn of_step(step: Step) -> StatusCode {
    match step {
        Step::Requested => WAITS,
        Step::Approved(status) | Step::NotApproved(status) => status,
        Step::Withdrawn => StatusCode::BadRequestCancelledByClient,
        Step::Refused => StatusCode::BadRequestNotAllowed,
        Step::Expired => StatusCode::BadTimeout,
        Step::SessionEnded => StatusCode::BadSessionClosed,
    }
}

/// Status of a value (Part 8, 6.3; Part 4, 7.38.2).
pub fn of_quality(quality: Quality) -> StatusCode {
    match quality {
        Quality::Good => StatusCode::Good,
        Quality::LocalOverride => StatusCode::GoodLocalOverride,
        Quality::LastUsable => StatusCode::UncertainLastUsableValue,
        Quality::NotAccurate => StatusCode::UncertainSensorNotAccurate,
        Quality::RangeExceeded => StatusCode::UncertainEngineeringUnitsExceeded,
        Quality::SubNormal => StatusCode::UncertainSubNormal,
        Quality::WaitingForData => StatusCode::BadWaitingForInitialData,
        Quality::SensorFailure => StatusCode::BadSensorFailure,
        Quality::DeviceFailure => StatusCode::BadDeviceFailure,
        Quality::NoCommunication => StatusCode::BadNoCommunication,
        Quality::OutOfService => StatusCode::BadOutOfService,
        Quality::Uncertain => StatusCode::Uncertain,
        Quality::Bad => StatusCode::Bad,
    }
}

/// The quality that a client's status stands for: its own, or what is left of it: good, doubtful or bad.
pub fn to_quality(status: StatusCode) -> Quality {
    let code = status.bits() & 0xffff_0000;
    let own = Quality::ALL.into_iter().find(|it| of_quality(*it).bits() == code);
    own.unwrap_or(match code >> 30 {
        0 => Quality::Good,
        1 => Quality::Uncertain,
        _ => Quality::Bad,
    })
}

/// Status of a refused command: each reason its own, none of them a login problem but the one that is.
pub fn of_refusal(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::OutOfRange { .. } => StatusCode::BadOutOfRange,
        Refusal::ArgumentOutOfRange { .. } => StatusCode::BadInvalidArgument,
        Refusal::AccessDenied { .. } => StatusCode::BadUserAccessDenied,
        Refusal::Interlocked { .. } | Refusal::InvalidState { .. } => StatusCode::BadInvalidState,
        Refusal::Unknown => StatusCode::BadNodeIdUnknown,
        Refusal::Busy => StatusCode::BadTooManyOperations,
    }
}

/// Status of a change of roles that is not made (Part 18, 4.3 and 4.4).
pub fn of_role_problem(problem: RoleProblem) -> StatusCode {
    match problem {
        RoleProblem::Unknown => StatusCode::BadNodeIdUnknown,
        RoleProblem::Invalid => StatusCode::BadInvalidArgument,
        RoleProblem::Exists => StatusCode::BadAlreadyExists,
        RoleProblem::NotFound => StatusCode::BadNotFound,
        RoleProblem::NotAllowed => StatusCode::BadRequestNotAllowed,
        RoleProblem::Full => StatusCode::BadNotSupported,
        RoleProblem::Denied => StatusCode::BadUserAccessDenied,
        RoleProblem::NotKept => StatusCode::BadResourceUnavailable,
    }
}

/// Status of a change of users that is not made (Part 18, 5.2.5 to 5.2.8).
pub fn of_user_error(error: &UserError) -> StatusCode {
    match error {
        UserError::Taken(_) | UserError::SamePassword => StatusCode::BadAlreadyExists,
        UserError::Unknown(_) => StatusCode::BadNotFound,
        UserError::Name(_) | UserError::Password(_) | UserError::Description => {
            StatusCode::BadOutOfRange
        }
        UserError::Options => StatusCode::BadConfigurationError,
        UserError::Kept(_) | UserError::Fixed(_) => StatusCode::BadNotSupported,
        UserError::OldPassword => StatusCode::BadIdentityTokenInvalid,
        UserError::LastAdmin | UserError::Roles => StatusCode::BadRequestNotAllowed,
        UserError::Mistakes(_) | UserError::File { .. } => StatusCode::BadResourceUnavailable,
    }
}

/// Status of what a user or a channel is not allowed.
pub fn of_denial(denied: Denied) -> StatusCode {
    match denied {
        Denied::Permission => StatusCode::BadUserAccessDenied,
        Denied::Security => StatusCode::BadSecurityModeInsufficient,
    }
}

/// Status of a read of processed history, or of an aggregate filter, that cannot be answered (Part 13, 5.4.2.2 and 5.3.2).
pub fn of_query(error: QueryError) -> StatusCode {
    match error {
        QueryError::NoTime | QueryError::Interval { .. } => StatusCode::BadInvalidArgument,
        QueryError::Percent(_) => StatusCode::BadAggregateInvalidInputs,
    }
}

/// Status of a refused request for an alarm (Part 9, 5.5 to 5.8).
pub fn of_alarm_refusal(refusal: &AlarmRefusal) -> StatusCode {
    match refusal {
        AlarmRefusal::AccessDenied { .. } => StatusCode::BadUserAccessDenied,
        AlarmRefusal::Disabled => StatusCode::BadConditionDisabled,
        AlarmRefusal::AlreadyEnabled => StatusCode::BadConditionAlreadyEnabled,
        AlarmRefusal::AlreadyDisabled => StatusCode::BadConditionAlreadyDisabled,
        AlarmRefusal::UnknownEvent => StatusCode::BadEventIdUnknown,
        AlarmRefusal::AlreadyAcked => StatusCode::BadConditionBranchAlreadyAcked,
        AlarmRefusal::AlreadyConfirmed => StatusCode::BadConditionBranchAlreadyConfirmed,
        AlarmRefusal::AlreadyShelved => StatusCode::BadConditionAlreadyShelved,
        AlarmRefusal::NotShelved => StatusCode::BadConditionNotShelved,
        AlarmRefusal::ShelvingTime { .. } => StatusCode::BadShelvingTimeOutOfRange,
        AlarmRefusal::NotSupported => StatusCode::BadMethodInvalid,
        AlarmRefusal::InvalidState(_) => StatusCode::BadInvalidState,
        AlarmRefusal::NoQuestion => StatusCode::BadDialogNotActive,
        AlarmRefusal::NoAnswer => StatusCode::BadDialogResponseInvalid,
        AlarmRefusal::OutOfRange { .. } => StatusCode::BadOutOfRange,
        AlarmRefusal::LongRemark => StatusCode::BadInvalidArgument,
        AlarmRefusal::Controls(refusal) => of_refusal(refusal),
        AlarmRefusal::Busy => StatusCode::BadTooManyOperations,
        AlarmRefusal::NotKept => StatusCode::BadResourceUnavailable,
    }
}

/// Why a certificate is not taken (Part 4, 6.1.3). For the audit trail: the client is not told.
pub fn of_certificate(problem: &CertificateProblem) -> StatusCode {
    use CertificateProblem as P;
    match problem {
        P::Invalid => StatusCode::BadCertificateInvalid,
        P::Untrusted(_) | P::UserUnknown(_) => StatusCode::BadCertificateUntrusted,
        P::TimeInvalid(_) => StatusCode::BadCertificateTimeInvalid,
        P::UseNotAllowed(_) => StatusCode::BadCertificateUseNotAllowed,
        P::PolicyCheckFailed(_) => StatusCode::BadCertificatePolicyCheckFailed,
        P::ChainIncomplete(_) => StatusCode::BadCertificateChainIncomplete,
        P::IssuerTimeInvalid(_) => StatusCode::BadCertificateIssuerTimeInvalid,
        P::IssuerUseNotAllowed(_) => StatusCode::BadCertificateIssuerUseNotAllowed,
        P::Revoked(_) => StatusCode::BadCertificateRevoked,
        P::IssuerRevoked(_) => StatusCode::BadCertificateIssuerRevoked,
        P::RevocationUnknown(_) => StatusCode::BadCertificateRevocationUnknown,
        P::IssuerRevocationUnknown(_) => StatusCode::BadCertificateIssuerRevocationUnknown,
    }
}

/// Status of a method of push management that did nothing (Part 12, 7.8.2 and 7.10).
pub fn of_push(problem: &PushProblem) -> StatusCode {
    match problem {
        PushProblem::Denied => StatusCode::BadUserAccessDenied,
        PushProblem::NotEncrypted => StatusCode::BadSecurityModeInsufficient,
        PushProblem::Pending => StatusCode::BadTransactionPending,
        PushProblem::NothingToDo => StatusCode::BadNothingToDo,
        PushProblem::Open | PushProblem::Mode => StatusCode::BadInvalidState,
        PushProblem::Argument => StatusCode::BadInvalidArgument,
        PushProblem::Unsupported => StatusCode::BadNotSupported,
        PushProblem::TooLong => StatusCode::BadEncodingLimitsExceeded,
        PushProblem::TooMany => StatusCode::BadResourceUnavailable,
        PushProblem::Unreadable => StatusCode::BadDecodingError,
        PushProblem::Install(problem) => of_install(problem),
        PushProblem::Listed(_) => StatusCode::BadCertificateInvalid,
        PushProblem::Disk(_) | PushProblem::Broken => StatusCode::BadInternalError,
    }
}

fn of_install(problem: &InstallProblem) -> StatusCode {
    use CertificateProblem as C;
    match problem {
        // The certificate itself is good, but it hangs in the air or is not ours.
        InstallProblem::Certificate(
            C::ChainIncomplete(_) | C::Untrusted(_) | C::Revoked(_) | C::IssuerRevoked(_),
        )
        | InstallProblem::Key => StatusCode::BadSecurityChecksFailed,
        InstallProblem::Certificate(_)
        | InstallProblem::Use
        | InstallProblem::Uri { .. }
        | InstallProblem::KeyType(_) => StatusCode::BadCertificateInvalid,
        InstallProblem::KeyFormat => StatusCode::BadNotSupported,
        InstallProblem::Subject(_) => StatusCode::BadInvalidArgument,
        InstallProblem::Identity(_) => StatusCode::BadInternalError,
    }
}
