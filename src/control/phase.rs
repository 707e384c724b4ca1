//! Phases of an electrolyzer and modes of its loops.

/// Phase of an electrolyzer (domain B8); the number is the StateNumber.
///
/// ```text
/// OutOfService <-> Cold -> Preheating -> Melting -> Starting -> Running <-> Tapping
///                                                              Running <-> ChangingAnode <-> Held
///                                                              Running <-> AnodeEffect
/// Starting, Running, Tapping, ChangingAnode, AnodeEffect -> Holding -> Held -> Starting
/// any with current or heater -> Stopping -> HotStandby -> Starting | Preheating | CoolingDown
/// CoolingDown -> Cold | Preheating          any with current or heater -> Faulted -> HotStandby
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Phase {
    /// Locked out for maintenance.
    OutOfService = 1,
    /// Cold and without current.
    #[default]
    Cold = 2,
    /// The lining is baked.
    Preheating = 3,
    /// The salt is melted.
    Melting = 4,
    /// The current ramps up.
    Starting = 5,
    /// Metal is made.
    Running = 6,
    /// Metal is drawn.
    Tapping = 7,
    /// An anode is replaced.
    ChangingAnode = 8,
    /// An anode effect burns.
    AnodeEffect = 9,
    /// The current goes down to hold.
    Holding = 10,
    /// Kept warm at reduced current.
    Held = 11,
    /// The current goes down to zero.
    Stopping = 12,
    /// Warm without line current.
    HotStandby = 13,
    /// Cooling to hall temperature.
    CoolingDown = 14,
    /// Tripped.
    Faulted = 15,
}

impl Phase {
    /// Whether current flows or may flow, or the lining and salt are heated for it.
    pub const fn is_energised(self) -> bool {
        matches!(
            self,
            Self::Preheating
                | Self::Melting
                | Self::Starting
                | Self::Running
                | Self::Tapping
                | Self::ChangingAnode
                | Self::AnodeEffect
                | Self::Holding
                | Self::Held
        )
    }

    /// Whether metal is made, so that oxide is used.
    pub const fn makes_metal(self) -> bool {
        matches!(self, Self::Running | Self::Tapping | Self::ChangingAnode | Self::AnodeEffect)
    }

    /// Whether a trip is a fault of it: there is current or a heater to lose.
    pub const fn can_trip(self) -> bool {
        self.is_energised() || matches!(self, Self::Stopping | Self::HotStandby)
    }

    /// Whether the machine may go from `before` to this phase: the arrows above, and no others. To the drawing
    /// of domain B8 they add that a hold does not wait for a start, a tap or an anode change to end, that an
    /// anode is also changed in Held (B7), and that what cools down may be heated again.
    pub const fn may_follow(self, before: Self) -> bool {
        match self {
            Self::OutOfService => matches!(before, Self::Cold),
            Self::Cold => matches!(before, Self::OutOfService | Self::CoolingDown),
            Self::Preheating => {
                matches!(before, Self::Cold | Self::CoolingDown | Self::HotStandby)
            }
            Self::Melting => matches!(before, Self::Preheating),
            Self::Starting => matches!(before, Self::Melting | Self::Held | Self::HotStandby),
            Self::Running => matches!(
                before,
                Self::Starting | Self::Tapping | Self::ChangingAnode | Self::AnodeEffect
            ),
            Self::Tapping | Self::AnodeEffect => matches!(before, Self::Running),
            Self::ChangingAnode => matches!(before, Self::Running | Self::Held),
            Self::Holding => before.makes_metal() || matches!(before, Self::Starting),
            Self::Held => matches!(before, Self::Holding | Self::ChangingAnode),
            Self::Stopping => before.is_energised(),
            Self::HotStandby => matches!(before, Self::Stopping | Self::Faulted),
            Self::CoolingDown => matches!(before, Self::HotStandby),
            Self::Faulted => before.can_trip(),
        }
    }
}

/// Mode of a loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum LoopMode {
    /// The loop does nothing.
    Off = 0,
    /// A person sets the output.
    Manual = 1,
    /// The loop follows its setpoint.
    #[default]
    Auto = 2,
    /// The setpoint comes from another loop.
    Cascade = 3,
}

/// Mode of the oxide feed (domain B3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum FeedMode {
    /// No feed.
    Off = 0,
    /// A person sets the flow.
    Manual = 1,
    /// The coulomb count.
    Base = 2,
    /// Under- and overfeeding on the resistance slope.
    #[default]
    DemandFeed = 3,
}

/// Phase of the demand feed (domain B3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum FeedPhase {
    /// Below the coulomb count, waiting for the slope.
    #[default]
    Under = 0,
    /// Above it, for a fixed time.
    Over = 1,
    /// At it.
    Base = 2,
    /// Stopped by an interlock, a tap or an anode change.
    Hold = 3,
    /// Quenching an anode effect.
    Quench = 4,
}
