//! What namespace 0 holds but this server cannot answer: shown, it would lie.

/// Instances that are taken out together with all that hangs below them.
pub(super) const PRUNED: &[u32] = &[
    23470, // Aliases: no alias names yet.
    31915, // Locations: none are modelled.
    24226, // Resources
    12749, // SetSubscriptionDurable: no durable subscriptions.
    17594, // Dictionaries
    32530, // Quantities
    32637, // DefaultHAConfiguration: no history yet.
    32754, // DefaultHEConfiguration
    25709, // ResetToServerDefaults: a plant's server is not given back to its maker.
    14088, // DefaultHttpsGroup: no HTTPS.
    14122, // DefaultUserTokenGroup: users' certificates are given by name.
    14443, // PublishSubscribe
    18155, // KeyCredentialConfiguration
    17732, // AuthorizationServices
    25565, // SecurityKeyServerAdmin, SecurityKeyServerAccess, SecurityKeyServerPush: no PubSub.
    25603, 25584, 2289,  // SamplingIntervalDiagnosticsArray
    15004, // UrisVersion
    17634, // LocalTime
    19361, // Logs
    19372, // ServerLog
    11713, // limit of node management
    16314, // FileSystem
];
