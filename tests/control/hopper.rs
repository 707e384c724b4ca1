//! A hopper and its screw, made of three lines of arithmetic.

use cellhouse::field::Reading;

use crate::strip::Strip;

/// What the powder does with the screw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Powder {
    /// Flows, so many grams per revolution.
    Flows(f64),
    /// Does not fall, while the screw turns freely.
    Bridges,
    /// Stops the screw.
    Jams,
}

/// The hopper below the strip's feeder.
pub(crate) struct Hopper {
    pub(crate) weight_kg: f64,
    pub(crate) powder: Powder,
    /// The refill valve gives nothing.
    pub(crate) silo_empty: bool,
    refilled_kg: f64,
    /// Scans in which the vibrator ran, and in which the screw turned back.
    pub(crate) vibrated_s: u32,
    pub(crate) reversed_s: u32,
}

impl Hopper {
    pub(crate) fn new(weight_kg: f64) -> Self {
        Self {
            weight_kg,
            powder: Powder::Flows(6.9),
            silo_empty: false,
            refilled_kg: 0.0,
            vibrated_s: 0,
            reversed_s: 0,
        }
    }

    /// Runs the controls and the hopper below them; grams fed in each second.
    pub(crate) fn run(&mut self, strip: &mut Strip, seconds: u32) -> f64 {
        let mut fed_g = 0.0;
        for _ in 0..seconds {
            strip.inputs.feeders[0].hopper_weight_kg.value = self.weight_kg;
            strip.inputs.feeders[0].refilled_total_kg = self.refilled_kg;
            strip.run(1);
            let outputs = strip.outputs.feeders[0];
            let (g_rev, rpm) = match self.powder {
                Powder::Flows(g_rev) => (g_rev, outputs.speed_rpm),
                Powder::Bridges => (0.0, outputs.speed_rpm),
                Powder::Jams => (0.0, 0.0),
            };
            let jammed = self.powder == Powder::Jams && outputs.speed_rpm > 0.0;
            let refill_kg = if outputs.refill && !self.silo_empty { 1.5 } else { 0.0 };
            let fell_g = g_rev * rpm / 60.0;
            fed_g += fell_g;
            self.weight_kg +=
                refill_kg - fell_g / 1000.0 - strip.outputs.electrolyzers[0].oxide_dose_kg;
            self.refilled_kg += refill_kg;
            self.vibrated_s += u32::from(outputs.vibrator);
            self.reversed_s += u32::from(outputs.reverse);
            let feeder = &mut strip.inputs.feeders[0];
            feeder.speed_rpm = Reading::good(rpm);
            feeder.motor_current_a = Reading::good(if jammed { 9.0 } else { 3.0 });
            feeder.refilling = outputs.refill;
        }
        fed_g
    }
}
