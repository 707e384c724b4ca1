//! Phases of an electrolyzer and modes of its loops.

/// Phase of an electrolyzer (domain B8); the number is the StateNumber.
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
