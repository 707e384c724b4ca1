//! ServerDiagnostics: what the server counts of itself, its sessions and subscriptions (Part 5, 6.3.3).

mod session;

use std::cell::Cell;

use opcua_types::{
    DynEncodable, ExtensionObject, ServerDiagnosticsSummaryDataType,
    SubscriptionDiagnosticsDataType, VariableId, Variant,
};

use crate::ua::server::Server;
use crate::ua::session::Session;
use crate::ua::space::session_id;
use crate::ua::subscription::SessionKey;

/// A counter of diagnostics.
#[derive(Debug, Default)]
pub struct Counter(Cell<u32>);

impl Counter {
    /// One more.
    pub fn bump(&self) {
        self.0.set(self.0.get().wrapping_add(1));
    }

    /// So many since the start.
    pub fn get(&self) -> u32 {
        self.0.get()
    }
}

/// ServerDiagnosticsSummary (Part 5, 12.9) as far as it is not counted elsewhere.
#[derive(Debug, Default)]
pub struct Counters {
    /// Sessions ever created.
    pub sessions: Counter,
    /// Sessions refused for security reasons.
    pub security_rejected_sessions: Counter,
    /// Sessions refused or closed for other reasons.
    pub rejected_sessions: Counter,
    /// Sessions ended because their client broke the rules.
    pub aborted_sessions: Counter,
    /// Sessions ended by their timeout.
    pub timed_out_sessions: Counter,
    /// Requests refused for security reasons.
    pub security_rejected_requests: Counter,
    /// Requests refused.
    pub rejected_requests: Counter,
}

fn structures<T: DynEncodable>(all: Vec<T>) -> Variant {
    all.into_iter().map(ExtensionObject::from_message).collect::<Vec<_>>().into()
}

impl Server {
    /// Switches diagnostics on or off: without, there are no sessions and subscriptions to be seen (DIA-01).
    pub fn switch_diagnostics(&self, on: bool) {
        self.diagnostics_enabled.set(on);
        self.show_sessions();
    }

    /// Brings the sessions' objects up to date.
    pub fn show_sessions(&self) {
        let sessions = self.sessions.borrow();
        let on = self.diagnostics_enabled.get();
        let all = sessions.iter().filter(|_| on);
        self.space.show_sessions(all.map(|it| (it.key.0, it.client.name.clone())));
    }

    fn each_session<T>(&self, of: impl Fn(&Self, &Session) -> T) -> Vec<T> {
        let on = self.diagnostics_enabled.get();
        self.sessions.borrow().iter().filter(|_| on).map(|it| of(self, it)).collect()
    }

    fn subscription_diagnostics(
        &self,
        of: Option<SessionKey>,
    ) -> Vec<SubscriptionDiagnosticsDataType> {
        if !self.diagnostics_enabled.get() {
            return Vec::new();
        }
        self.subscriptions.borrow().diagnostics(of, |it| session_id(it.0))
    }

    /// A variable of ServerDiagnostics; its numbers are Bad or empty while they are switched off.
    pub(super) fn live_diagnostics(&self, variable: VariableId) -> Option<Variant> {
        use VariableId as V;
        let all = self.summary();
        Some(match variable {
            V::Server_ServerDiagnostics_EnabledFlag => self.diagnostics_enabled.get().into(),
            V::Server_ServerDiagnostics_SubscriptionDiagnosticsArray => {
                structures(self.subscription_diagnostics(None))
            }
            V::Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionDiagnosticsArray => {
                structures(self.each_session(Self::session_diagnostics))
            }
            V::Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionSecurityDiagnosticsArray => {
                structures(self.each_session(Self::session_security))
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary => {
                ExtensionObject::from_message(all).into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_CurrentSessionCount => {
                all.current_session_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_CumulatedSessionCount => {
                all.cumulated_session_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_SecurityRejectedSessionCount => {
                all.security_rejected_session_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_RejectedSessionCount => {
                all.rejected_session_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_SessionTimeoutCount => {
                all.session_timeout_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_ServerViewCount => 0_u32.into(),
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_SessionAbortCount => {
                all.session_abort_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_CurrentSubscriptionCount => {
                all.current_subscription_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_CumulatedSubscriptionCount => {
                all.cumulated_subscription_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_PublishingIntervalCount => {
                all.publishing_interval_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_SecurityRejectedRequestsCount => {
                all.security_rejected_requests_count.into()
            }
            V::Server_ServerDiagnostics_ServerDiagnosticsSummary_RejectedRequestsCount => {
                all.rejected_requests_count.into()
            }
            _ => return None,
        })
    }

    fn summary(&self) -> ServerDiagnosticsSummaryDataType {
        let (current, cumulated, intervals) = self.subscriptions.borrow().counts();
        ServerDiagnosticsSummaryDataType {
            server_view_count: 0,
            current_session_count: self.sessions.borrow().len() as u32,
            cumulated_session_count: self.counters.sessions.get(),
            security_rejected_session_count: self.counters.security_rejected_sessions.get(),
            rejected_session_count: self.counters.rejected_sessions.get(),
            session_timeout_count: self.counters.timed_out_sessions.get(),
            session_abort_count: self.counters.aborted_sessions.get(),
            current_subscription_count: current,
            cumulated_subscription_count: cumulated,
            publishing_interval_count: intervals,
            security_rejected_requests_count: self.counters.security_rejected_requests.get(),
            rejected_requests_count: self.counters.rejected_requests.get(),
        }
    }
}
