//! Which commands wait until they are approved, and how long.

/// A command with which people come to harm if it is given by mistake (domain A6). What makes the plant safer is never
/// among them: nothing may stand between a person and a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hazard {
    /// An electrolyzer is energised: current on melt, arcs, DC on a row where people may work.
    Start,
    /// A held electrolyzer goes back to full current, perhaps after an interlock has held it.
    Resume,
    /// A rectifier is switched on: busbars are under voltage.
    SwitchOn,
    /// A trip is reset: emergency stop, earth fault, or cooling water that leaks (I1, I2).
    ResetTrip,
    /// A faulted electrolyzer is freed, and the trip of its rectifier reset.
    ResetFault,
    /// An electrolyzer that was locked out for work may be energised again.
    ReturnToService,
    /// A current setpoint beyond the band of normal operation.
    RaiseCurrent,
    /// An alarm that guards people is disabled, or judged by another limit.
    SafetyAlarm,
}

impl Hazard {
    /// Every one, in order.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::Resume,
        Self::SwitchOn,
        Self::ResetTrip,
        Self::ResetFault,
        Self::ReturnToService,
        Self::RaiseCurrent,
        Self::SafetyAlarm,
    ];

    /// Its key in `server.toml`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Resume => "resume",
            Self::SwitchOn => "switch_on",
            Self::ResetTrip => "reset_trip",
            Self::ResetFault => "reset_fault",
            Self::ReturnToService => "return_to_service",
            Self::RaiseCurrent => "raise_current",
            Self::SafetyAlarm => "safety_alarm",
        }
    }
}

/// What a hazardous command waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApprovalRule {
    /// Nothing.
    None,
    /// That it is said once more: by whoever asked, or by another who may give it.
    #[default]
    Confirm,
    /// That another person who may give it agrees.
    TwoPersons,
}

/// The rule of each hazard, and its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalConfig {
    /// What each hazard waits for, in the order of [`Hazard::ALL`].
    pub rules: [ApprovalRule; Hazard::ALL.len()],
    /// A current setpoint above this is [`Hazard::RaiseCurrent`], % of nominal.
    pub current_above_pct: f64,
    /// A request that nobody approves ends after so long, s.
    pub expire_s: f64,
    /// Requests that wait at a time.
    pub requests: usize,
}

impl Default for ApprovalConfig {
    fn default() -> Self {
        let rules = [ApprovalRule::default(); Hazard::ALL.len()];
        Self { rules, current_above_pct: 105.0, expire_s: 120.0, requests: 50 }
    }
}

impl ApprovalConfig {
    /// What a hazard waits for.
    pub fn rule(&self, hazard: Hazard) -> ApprovalRule {
        self.rules[hazard as usize]
    }

    /// This, with another rule for one hazard.
    #[must_use]
    pub fn with(mut self, hazard: Hazard, rule: ApprovalRule) -> Self {
        self.rules[hazard as usize] = rule;
        self
    }

    /// Keys in `server.toml` of hazards whose commands wait for nothing.
    pub fn unguarded(&self) -> Vec<&'static str> {
        let all = Hazard::ALL.into_iter().filter(|it| self.rule(*it) == ApprovalRule::None);
        all.map(Hazard::key).collect()
    }
}
