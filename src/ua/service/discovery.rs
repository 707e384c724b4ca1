//! Discovery service set (Part 4, 5.5): FindServers and GetEndpoints, without a session.

use opcua_types::{FindServersResponse, LocaleId, ObjectId, StatusCode, UAString};

use crate::ua::endpoint::TRANSPORT_PROFILE;
use crate::ua::service::{Answer, Outcome, Request};

/// FindServers: ourselves, if the client did not ask for others only.
pub(super) fn find_servers(mut request: Request<'_>) -> Outcome {
    let endpoint_url: UAString = request.typed()?;
    let _locales: Option<Vec<LocaleId>> = request.typed()?;
    let server_uris: Option<Vec<UAString>> = request.typed()?;
    let asked = server_uris.unwrap_or_default();
    let ours = request.server.endpoints.application_uri.as_str();
    let wanted = asked.is_empty() || asked.iter().any(|it| it.as_ref() == ours);
    let own = request.server.endpoints.application(endpoint_url.as_ref());
    request.answer(&FindServersResponse {
        response_header: request.good(),
        servers: Some(if wanted { vec![own] } else { Vec::new() }),
    })
}

/// GetEndpoints: every endpoint that speaks one of the profiles asked for.
pub(super) fn get_endpoints(mut request: Request<'_>) -> Outcome {
    let endpoint_url: UAString = request.typed()?;
    let _locales: Option<Vec<LocaleId>> = request.typed()?;
    let profiles: Option<Vec<UAString>> = request.typed()?;
    let profiles = profiles.unwrap_or_default();
    let matches = profiles.is_empty() || profiles.iter().any(|it| it.as_ref() == TRANSPORT_PROFILE);
    let mut answer = request.head(ObjectId::GetEndpointsResponse_Encoding_DefaultBinary);
    if matches {
        let (endpoints, context) = (&request.server.endpoints, request.server.context());
        let all = endpoints.encoded(endpoint_url.as_ref(), &context);
        answer.extend_from_slice(&all.map_err(|_| StatusCode::BadEncodingError)?);
    } else {
        // None of them: an array without elements.
        answer.extend_from_slice(&0_u32.to_le_bytes());
    }
    Ok(Answer::Now(answer))
}
