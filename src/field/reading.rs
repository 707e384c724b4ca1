//! One instrument's value and how far it can be believed.

/// How far a value can be believed. `ua/status.rs` maps each to its status code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Quality {
    /// As measured.
    #[default]
    Good,
    /// Substituted by a person or by maintenance.
    LocalOverride,
    /// The last value before the source stopped updating.
    LastUsable,
    /// The instrument says that it is less accurate than specified.
    NotAccurate,
    /// Outside the instrument's range.
    RangeExceeded,
    /// Fewer sources than required, such as one of several anodes without a reading.
    SubNormal,
    /// No value has arrived yet.
    WaitingForData,
    /// The sensor has failed: open circuit, broken sheath.
    SensorFailure,
    /// The device behind the value has failed.
    DeviceFailure,
    /// The link to the device is down.
    NoCommunication,
    /// The device is out of service.
    OutOfService,
    /// Someone says that it is doubtful, and not why. No instrument of the plant does.
    Uncertain,
    /// Someone says that it is bad, and not why. No instrument of the plant does.
    Bad,
}

impl Quality {
    /// Every one, in the order of its number; a number never changes.
    pub const ALL: [Self; 13] = [
        Self::Good,
        Self::LocalOverride,
        Self::LastUsable,
        Self::NotAccurate,
        Self::RangeExceeded,
        Self::SubNormal,
        Self::WaitingForData,
        Self::SensorFailure,
        Self::DeviceFailure,
        Self::NoCommunication,
        Self::OutOfService,
        Self::Uncertain,
        Self::Bad,
    ];

    /// Good or better than nothing: the control loops may use it.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Good | Self::LocalOverride | Self::NotAccurate | Self::SubNormal)
    }

    /// A bad quality: the number means nothing.
    pub const fn is_bad(self) -> bool {
        matches!(
            self,
            Self::WaitingForData
                | Self::SensorFailure
                | Self::DeviceFailure
                | Self::NoCommunication
                | Self::OutOfService
                | Self::Bad
        )
    }
}

/// What an instrument shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// The number, in the unit of the field's name.
    pub value: f64,
    /// How far to believe it.
    pub quality: Quality,
}

impl Reading {
    /// A good reading.
    pub const fn good(value: f64) -> Self {
        Self { value, quality: Quality::Good }
    }

    /// The number if the control loops may use it.
    pub fn usable(self) -> Option<f64> {
        self.quality.is_usable().then_some(self.value)
    }
}
