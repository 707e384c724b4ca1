//! Sessions from the client's side: created, activated by anybody, closed; signed where the channel is secured.

use opcua_types::{
    ActivateSessionRequest, ActivateSessionResponse, AdditionalParametersType,
    ApplicationDescription, ByteString, CloseSessionRequest, CloseSessionResponse,
    CreateSessionRequest, CreateSessionResponse, EphemeralKeyType, ExtensionObject, KeyValuePair,
    QualifiedName, ResponseHeader, SignatureData, UAString, UserNameIdentityToken, UserTokenPolicy,
    UserTokenType, Variant,
};

use crate::config::SecurityPolicy;
use crate::conformance::Stop;
use crate::conformance::expect::that;
use crate::conformance::link::{Answer, Link};
use crate::conformance::recipe::URI;
use crate::conformance::secure::random;
use crate::conformance::wallet::Identity;
use crate::time;
use crate::ua::crypto::{self, EccSecret, PublicKey};
use crate::ua::pki;

impl Link {
    /// A CreateSession request.
    pub(super) fn session_request(&self, timeout_ms: f64) -> CreateSessionRequest {
        let certificate = self.secured.as_ref().map(|it| it.identity.chain.as_slice());
        let nonce = self.secured.as_ref().and_then(|_| random().ok());
        let mut request_header = self.header();
        if let Some(policy) = self.secured.as_ref().map(|it| it.offer.policy)
            && policy.is_elliptic()
        {
            request_header.additional_header = ask_key(crypto::policy_uri(policy));
        }
        CreateSessionRequest {
            request_header,
            client_description: ApplicationDescription {
                application_uri: URI.into(),
                application_name: "Cellhouse conformance".into(),
                application_type: opcua_types::ApplicationType::Client,
                ..ApplicationDescription::default()
            },
            endpoint_url: self.url.as_str().into(),
            session_name: "conformance".into(),
            client_nonce: nonce.map_or_else(ByteString::null, ByteString::from),
            client_certificate: certificate.map_or_else(ByteString::null, ByteString::from),
            requested_session_timeout: timeout_ms,
            ..CreateSessionRequest::default()
        }
    }

    /// CreateSession; the link takes the session's token.
    pub(super) fn create_session(
        &mut self,
        timeout_ms: f64,
    ) -> Result<Answer<CreateSessionResponse>, Stop> {
        let request = self.session_request(timeout_ms);
        self.create_with(&request)
    }

    /// The same with a request of one's own. The server's signature is checked.
    pub(super) fn create_with(
        &mut self,
        request: &CreateSessionRequest,
    ) -> Result<Answer<CreateSessionResponse>, Stop> {
        let answer: Answer<CreateSessionResponse> = self.call(request)?;
        if let Ok(response) = &answer {
            self.session = response.authentication_token.clone();
            self.server_nonce = response.server_nonce.value.clone().unwrap_or_default();
            if let Some(secured) = &self.secured {
                let nonce = request.client_nonce.value.as_deref().unwrap_or_default();
                let signature = response.server_signature.signature.value.as_deref();
                // Over the client's own certificate; some servers take the chain with it.
                let own = pki::leaf(&secured.identity.chain);
                let is_signed = [own, &secured.identity.chain].iter().any(|certificate| {
                    let data = [*certificate, nonce].concat();
                    secured.verify(&data, signature.unwrap_or_default())
                });
                that(is_signed, "the server's signature in CreateSession is wrong")?;
            }
            self.take_key(&response.response_header)?;
        }
        Ok(answer)
    }

    /// An ActivateSession request, signed where the channel is.
    pub(super) fn activate_request(
        &self,
        token: ExtensionObject,
    ) -> Result<ActivateSessionRequest, Stop> {
        let client_signature = match &self.secured {
            Some(secured) => {
                let data = [secured.offer.certificate(), self.server_nonce.as_slice()].concat();
                SignatureData {
                    algorithm: crypto::signature_uri(secured.offer.policy)
                        .map_or_else(UAString::null, UAString::from),
                    signature: ByteString::from(secured.sign(&data)?),
                }
            }
            None => SignatureData::default(),
        };
        Ok(ActivateSessionRequest {
            request_header: self.header(),
            client_signature,
            user_identity_token: token,
            ..ActivateSessionRequest::default()
        })
    }

    /// ActivateSession, anonymous.
    pub(super) fn activate(&mut self) -> Result<Answer<ActivateSessionResponse>, Stop> {
        self.activate_as(ExtensionObject::null())
    }

    /// ActivateSession with this token.
    pub(super) fn activate_as(
        &mut self,
        token: ExtensionObject,
    ) -> Result<Answer<ActivateSessionResponse>, Stop> {
        let request = self.activate_request(token)?;
        self.activate_with(&request)
    }

    /// The same with a request of one's own. The link takes the new nonce.
    pub(super) fn activate_with(
        &mut self,
        request: &ActivateSessionRequest,
    ) -> Result<Answer<ActivateSessionResponse>, Stop> {
        let answer: Answer<ActivateSessionResponse> = self.call(request)?;
        if let Ok(response) = &answer {
            self.server_nonce = response.server_nonce.value.clone().unwrap_or_default();
            self.take_key(&response.response_header)?;
        }
        Ok(answer)
    }

    /// Takes the server's ephemeral key from an answer on an elliptic channel (Part 6, 6.8.2).
    fn take_key(&mut self, header: &ResponseHeader) -> Result<(), Stop> {
        let Some(secured) = self.secured.as_ref().filter(|it| it.offer.policy.is_elliptic()) else {
            return Ok(());
        };
        let Some(value) = told_key(header) else {
            self.ephemeral.clear();
            return Ok(());
        };
        let key = match &value {
            Variant::ExtensionObject(body) => body.inner_as::<EphemeralKeyType>(),
            _ => None,
        };
        let Some(key) = key else {
            return Err(Stop::unexpected("ECDHKey", "an EphemeralKeyType", value));
        };
        let public = key.public_key.value.clone().unwrap_or_default();
        let signature = key.signature.value.as_deref().unwrap_or_default();
        let is_signed = secured.verify(&public, signature);
        that(is_signed, "the server's signature of its ephemeral key is wrong")?;
        that(public != self.ephemeral, "the server gives the same ephemeral key again")?;
        self.ephemeral = public;
        Ok(())
    }

    /// CloseSession.
    pub(super) fn close_session(
        &mut self,
        delete_subscriptions: bool,
    ) -> Result<Answer<CloseSessionResponse>, Stop> {
        let request = CloseSessionRequest { request_header: self.header(), delete_subscriptions };
        self.call(&request)
    }
}

/// An additional header that asks for a key of this policy.
pub(super) fn ask_key(policy_uri: &str) -> ExtensionObject {
    let key = QualifiedName::new(0, "ECDHPolicyUri");
    let value = Variant::String(policy_uri.into());
    let parameters = Some(vec![KeyValuePair { key, value }]);
    ExtensionObject::from_message(AdditionalParametersType { parameters })
}

/// What an answer says of the server's ephemeral key.
pub(super) fn told_key(header: &ResponseHeader) -> Option<Variant> {
    let told = header.additional_header.inner_as::<AdditionalParametersType>()?;
    let mut all = told.parameters.as_deref().unwrap_or_default().iter();
    all.find(|it| it.key.name.as_ref() == "ECDHKey").map(|it| it.value.clone())
}

/// A token policy of this kind.
pub(super) fn policy_of(
    tokens: &[UserTokenPolicy],
    kind: UserTokenType,
) -> Option<&UserTokenPolicy> {
    tokens.iter().find(|it| it.token_type == kind)
}

/// Name and password for a server: how the password is protected (Part 4, 7.40.2).
pub(super) struct Login<'a> {
    /// Its id.
    pub(super) policy_id: UAString,
    /// Policy that encrypts; None sends in clear text.
    pub(super) policy: SecurityPolicy,
    /// The server's certificate in DER.
    pub(super) certificate: &'a [u8],
    /// The server's nonce.
    pub(super) nonce: &'a [u8],
    /// Who signs a secret of an elliptic policy, and the server's ephemeral key.
    pub(super) sender: Option<(&'a Identity, &'a [u8])>,
}

impl<'a> Login<'a> {
    /// As the server's token policy says; `channel` is the policy of the endpoint.
    pub(super) fn new(
        token: &UserTokenPolicy,
        channel: SecurityPolicy,
        certificate: &'a [u8],
        nonce: &'a [u8],
    ) -> Result<Self, Stop> {
        let own = token.security_policy_uri.as_ref();
        let policy = if own.is_empty() { Some(channel) } else { crypto::policy_of(own) };
        let policy = policy.ok_or_else(|| {
            Stop::skipped(format!("the runner does not speak the token policy {own}"))
        })?;
        Ok(Self { policy_id: token.policy_id.clone(), policy, certificate, nonce, sender: None })
    }

    /// Encrypts length, password and nonce; or anything else of that form. An elliptic policy has its own.
    pub(super) fn secret(&self, password: &[u8]) -> Result<Vec<u8>, Stop> {
        if self.policy.is_elliptic() {
            let (who, receiver) =
                self.sender.filter(|(_, key)| !key.is_empty()).ok_or_else(|| {
                    Stop::failed("the server has given no ephemeral key for the secret")
                })?;
            let certificate = pki::leaf(&who.chain);
            let envelope = EccSecret { policy: self.policy, certificate, server_nonce: self.nonce };
            let ticks = time::now().ticks();
            let sealed = envelope.seal(&who.key, receiver, password, ticks);
            return sealed.map_err(|_| Stop::failed("the secret cannot be encrypted"));
        }
        let mut plain = ((password.len() + self.nonce.len()) as u32).to_le_bytes().to_vec();
        plain.extend_from_slice(password);
        plain.extend_from_slice(self.nonce);
        PublicKey::of_certificate(self.certificate)
            .and_then(|key| key.encrypt(self.policy, &plain))
            .map_err(|_| Stop::failed("the server's certificate cannot encrypt a password"))
    }

    /// The token of this user.
    pub(super) fn token(&self, name: &str, password: &[u8]) -> Result<ExtensionObject, Stop> {
        if self.policy == SecurityPolicy::None {
            return Ok(self.raw(name, password.to_vec(), UAString::null()));
        }
        let algorithm = crypto::encryption_uri(self.policy);
        let algorithm = algorithm.map_or_else(UAString::null, UAString::from);
        Ok(self.raw(name, self.secret(password)?, algorithm))
    }

    /// A token with any secret and algorithm.
    pub(super) fn raw(&self, name: &str, secret: Vec<u8>, algorithm: UAString) -> ExtensionObject {
        ExtensionObject::from_message(UserNameIdentityToken {
            policy_id: self.policy_id.clone(),
            user_name: name.into(),
            password: ByteString::from(secret),
            encryption_algorithm: algorithm,
        })
    }
}
