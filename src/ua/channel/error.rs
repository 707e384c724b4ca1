//! Why a channel ends.

use opcua_types::StatusCode;

use crate::ua::crypto::CryptoError;

/// Why a channel ends. The client sees no more than the code; the log has the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// Unknown or switched-off policy.
    #[error("security policy is not offered")]
    PolicyRejected,
    /// Mode that is not offered with the policy.
    #[error("security mode is not offered")]
    ModeRejected,
    /// Signature, padding, certificate, sequence: never said which.
    #[error("security checks failed")]
    SecurityChecks,
    /// Nonce too short, all zero, or used before.
    #[error("nonce is invalid")]
    Nonce,
    /// No such token.
    #[error("security token is unknown or expired")]
    TokenUnknown,
    /// Another channel's id, or a renewal without an issue.
    #[error("secure channel is unknown")]
    ChannelUnknown,
    /// More bytes or chunks than agreed.
    #[error("message is too large")]
    TooLarge,
    /// Cannot be decoded.
    #[error("message cannot be decoded")]
    Malformed,
}

impl ChannelError {
    /// The code in the ERR frame.
    pub fn status(self) -> StatusCode {
        match self {
            Self::PolicyRejected => StatusCode::BadSecurityPolicyRejected,
            Self::ModeRejected => StatusCode::BadSecurityModeRejected,
            Self::SecurityChecks => StatusCode::BadSecurityChecksFailed,
            Self::Nonce => StatusCode::BadNonceInvalid,
            Self::TokenUnknown => StatusCode::BadSecureChannelTokenUnknown,
            Self::ChannelUnknown => StatusCode::BadTcpSecureChannelUnknown,
            Self::TooLarge => StatusCode::BadTcpMessageTooLarge,
            Self::Malformed => StatusCode::BadDecodingError,
        }
    }
}

impl From<CryptoError> for ChannelError {
    fn from(_: CryptoError) -> Self {
        Self::SecurityChecks
    }
}
