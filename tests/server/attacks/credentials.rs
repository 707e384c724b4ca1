//! Passwords, tokens and sessions that are not the attacker's own.

use cellhouse::time;
use opcua_types::{
    ActivateSessionRequest, ActivateSessionResponse, ByteString, CloseSessionRequest,
    CloseSessionResponse, ExtensionObject, Identifier, NodeId, SignatureData, StatusCode,
    UserNameIdentityToken,
};

use crate::attacks::{goes_on, withstands};
use crate::raw::Raw;

/// A login with a password in clear text, on a server that takes that.
fn login(raw: &Raw, user: &str, password: &str) -> ActivateSessionRequest {
    let token = UserNameIdentityToken {
        policy_id: "username_None".into(),
        user_name: user.into(),
        password: password.as_bytes().into(),
        ..UserNameIdentityToken::default()
    };
    ActivateSessionRequest {
        request_header: raw.header(),
        client_signature: SignatureData::default(),
        client_software_certificates: None,
        locale_ids: None,
        user_identity_token: ExtensionObject::from_message(token),
        user_token_signature: SignatureData::default(),
    }
}

#[test]
fn attack_passwords_guessed_by_many_at_a_time() {
    // Each check of a password takes 19 MiB: all at once would take 2 GiB.
    withstands("clear_text_passwords = true", |ground| {
        ground.server.add_user("ann", "correct horse 4", "Operator");
        let mut guessing: Vec<Raw> = (0..70)
            .map(|_| {
                let mut raw = ground.open();
                raw.create_session();
                raw
            })
            .collect();
        let mut guesses = 0;
        for raw in &mut guessing {
            for guess in 0..5 {
                let request = login(raw, &format!("user{guesses}"), &format!("guess {guess}"));
                raw.ask(&request);
                guesses += 1;
            }
        }
        for raw in &mut guessing {
            for _ in 0..5 {
                let refused = raw.answer::<ActivateSessionResponse>().unwrap_err();
                let expected =
                    [StatusCode::BadUserAccessDenied, StatusCode::BadResourceUnavailable];
                assert!(expected.contains(&refused), "{refused}");
            }
        }
        // The operator's own address is not locked out.
        let mut operator = ground.server.open();
        operator.create_session();
        let request = login(&operator, "ann", "correct horse 4");
        let answered: Result<ActivateSessionResponse, StatusCode> = operator.call(&request);
        assert!(answered.is_ok(), "{answered:?}");
        format!("{guesses} passwords of as many users guessed at once")
    });
}

#[test]
fn attack_sessions_of_others() {
    withstands("", |ground| {
        let mut victim = ground.server.session();
        let (begun, mut tried) = (time::monotonic(), 0);
        let mut raw = ground.session();
        while goes_on(begun) {
            // Known to the byte, but of another channel.
            raw.session = victim.session.clone();
            let close =
                CloseSessionRequest { request_header: raw.header(), delete_subscriptions: true };
            let closed = raw.call::<CloseSessionResponse>(&close);
            assert_eq!(closed.unwrap_err(), StatusCode::BadSecureChannelIdInvalid);
            // The session's number can be seen; the rest of its token is guessed.
            raw.session = guess(&victim.session, tried);
            assert_eq!(raw.try_activate().unwrap_err(), StatusCode::BadSessionIdInvalid);
            tried += 2;
        }
        assert!(victim.try_activate().is_ok(), "it is still there");
        format!("{tried} requests with the token of another's session")
    });
}

/// A token of which only the first bytes, the session's number, are right.
fn guess(token: &NodeId, round: u32) -> NodeId {
    let Identifier::ByteString(bytes) = &token.identifier else { panic!("{token}") };
    let mut bytes = bytes.value.clone().unwrap();
    let at = 4 + round as usize / 2 % (bytes.len() - 4);
    bytes[at] ^= 1;
    NodeId::new(0, ByteString::from(bytes))
}
