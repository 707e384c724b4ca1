//! Demand feed and the anode-effect handler against a bath made of straight lines (domain A5.2, A5.5).

use cellhouse::access::Role;
use cellhouse::config::FeedRecipe;
use cellhouse::control::{FeedPhase, Method, Phase, Scalar, Setpoint};
use cellhouse::field::{Quality, Reading};

use crate::hopper::Hopper;
use crate::strip::{Strip, config};

/// Oxide used at 10 kA, g/min.
const USED_G_MIN: f64 = 276.3;

/// A bath whose voltage rises by a straight line below 1.6 wt% of oxide, and falls as metal gathers.
struct Bath {
    strip: Strip,
    hopper: Hopper,
    oxide_pct: f64,
    metal_kg: f64,
    lowest_pct: f64,
    highest_pct: f64,
    overfeeds: u32,
}

impl Bath {
    fn new(recipe: FeedRecipe, oxide_pct: f64) -> Self {
        let mut plant = config();
        plant.control.feed_recipe = recipe;
        plant.control.crew = false;
        let mut strip = Strip::with(&plant);
        // The estimate's early warning would end underfeeding as well: here the slope is looked at alone.
        strip.write(Role::Engineer, Setpoint::UnderfeedMax, 480.0).unwrap();
        let hopper = Hopper::new(100.0);
        Self {
            strip,
            hopper,
            oxide_pct,
            metal_kg: 0.0,
            lowest_pct: oxide_pct,
            highest_pct: oxide_pct,
            overfeeds: 0,
        }
    }

    fn feed_phase(&self) -> FeedPhase {
        self.strip.controls.status().electrolyzers[0].feed_phase
    }

    fn run(&mut self, seconds: u32) {
        for _ in 0..seconds {
            let resistance_uohm =
                687.0 + 80.0 * (1.6 - self.oxide_pct).max(0.0) - 0.49 * self.metal_kg;
            let voltage_v = 2.25 + 10_000.0 * resistance_uohm * 1e-6;
            self.strip.inputs.electrolyzers[0].cell_voltage_v = Reading::good(voltage_v);
            let before = self.feed_phase();
            let fed_g = self.hopper.run(&mut self.strip, 1);
            self.overfeeds +=
                u32::from(before != FeedPhase::Over && self.feed_phase() == FeedPhase::Over);
            self.oxide_pct += (fed_g - USED_G_MIN / 60.0) / 6500.0;
            self.metal_kg += 14.09 / 3600.0;
            self.lowest_pct = self.lowest_pct.min(self.oxide_pct);
            self.highest_pct = self.highest_pct.max(self.oxide_pct);
        }
    }

    fn tap(&mut self) {
        self.metal_kg = 0.0;
        let begin = vec![Scalar::Number(28.0), crate::strip::text("crucible")];
        let id = self.strip.call(Method::BeginTap, begin).unwrap().remove(0);
        self.run(60);
        let [gross, tare, moulds] = [38.0, 10.0, 2.0].map(Scalar::Number);
        let weighed = vec![id, gross, tare, moulds, crate::strip::text("")];
        self.strip.call(Method::CompleteTap, weighed).unwrap();
    }
}

#[test]
fn the_slope_ends_underfeeding_and_the_timer_overfeeding() {
    let mut bath = Bath::new(FeedRecipe::Compensated, 1.75);
    bath.run(15 * 60);
    assert_eq!(bath.feed_phase(), FeedPhase::Under);
    while bath.feed_phase() == FeedPhase::Under && bath.oxide_pct > 1.0 {
        bath.run(1);
    }
    assert!((1.2..1.6).contains(&bath.oxide_pct), "{}", bath.oxide_pct);
    let target = bath.strip.controls.status().feeders[0].target_g_min;
    assert!((target / USED_G_MIN - 1.25).abs() < 0.03, "{target}");
    bath.run(39 * 60);
    assert_eq!(bath.feed_phase(), FeedPhase::Over);
    bath.run(2 * 60);
    assert_eq!(bath.feed_phase(), FeedPhase::Under);
}

#[test]
fn a_day_with_taps_stays_in_the_window() {
    let mut bath = Bath::new(FeedRecipe::Compensated, 2.4);
    for _ in 0..12 {
        bath.run(2 * 3600);
        bath.tap();
    }
    assert!(
        bath.lowest_pct > 0.9 && bath.highest_pct < 3.0,
        "{} {}",
        bath.lowest_pct,
        bath.highest_pct
    );
    assert!((6..40).contains(&bath.overfeeds), "{}", bath.overfeeds);
}

/// Metal lowers the resistance as fast as oxide raises it: only compensated the slope is the oxide's.
#[test]
fn metal_hides_the_oxide_from_the_uncompensated_recipe() {
    let slope = |recipe| {
        let mut bath = Bath::new(recipe, 2.2);
        bath.run(20 * 60);
        bath.strip.controls.status().electrolyzers[0].resistance_slope_uohm_min
    };
    let falls = -0.49 * 14.09 / 60.0;
    assert!((slope(FeedRecipe::Uncompensated) - falls).abs() < 0.02);
    assert!(slope(FeedRecipe::Compensated).abs() < 0.02);
}

/// A new temperature setpoint, back voltage or current moves the pseudo-resistance, but not the oxide.
#[test]
fn a_step_by_hand_is_no_slope() {
    for (role, setpoint, value) in [
        (Role::Engineer, Setpoint::Temperature, 1065.0),
        (Role::Engineer, Setpoint::BackVoltage, 2.0),
    ] {
        let mut bath = Bath::new(FeedRecipe::Compensated, 2.6);
        bath.run(20 * 60);
        bath.strip.write(role, setpoint, value).unwrap();
        for _ in 0..1200 {
            bath.run(1);
            let slope = bath.strip.controls.status().electrolyzers[0].resistance_slope_uohm_min;
            assert!(slope.abs() < 0.05, "{setpoint:?} {slope}");
        }
        assert_eq!(bath.feed_phase(), FeedPhase::Under);
    }
}

#[test]
fn a_voltage_that_nobody_sees_is_no_slope_and_no_anode_effect() {
    let mut bath = Bath::new(FeedRecipe::Compensated, 2.4);
    bath.run(20 * 60);
    for _ in 0..600 {
        bath.strip.inputs.electrolyzers[0].cell_voltage_v =
            Reading { value: 40.0, quality: Quality::SensorFailure };
        bath.hopper.run(&mut bath.strip, 1);
    }
    let status = &bath.strip.controls.status().electrolyzers[0];
    assert!(status.anode_effects == 0 && status.resistance_slope_uohm_min.abs() < 1e-9);
    assert!(bath.strip.outputs.feeders[0].speed_rpm > 20.0, "it feeds on");
}

/// One dose at once, another every two minutes, and no more than three; the floor is called each time. Two minutes
/// after the last the electrolyzer is brought to hold.
#[test]
fn an_anode_effect_that_does_not_end_is_dosed_three_times_and_held() {
    let mut strip = Strip::new();
    strip.run(30);
    strip.controls.take_events();
    strip.inputs.electrolyzers[0].cell_voltage_v = Reading::good(15.5);
    let (mut doses, mut calls) = (Vec::new(), 0);
    for second in 0..900 {
        strip.run(1);
        let dose_kg = strip.outputs.electrolyzers[0].oxide_dose_kg;
        if dose_kg > 0.0 {
            doses.push((second, dose_kg));
        }
        let told = strip.controls.take_events();
        let escalated = cellhouse::control::EventKind::AnodeEffectEscalated;
        calls += told.iter().filter(|it| it.kind == escalated).count();
    }
    let kg: Vec<f64> = doses.iter().map(|it| it.1).collect();
    assert_eq!(kg, vec![6.5; 3], "{doses:?}");
    assert_eq!(calls, 4);
    let status = &strip.controls.status().electrolyzers[0];
    assert!(matches!(status.phase, Phase::Holding | Phase::Held), "{:?}", status.phase);
    assert!(status.anode_effect_unquenched && !status.anode_effect_active);
    let gap = doses[1].0 - doses[0].0;
    assert!((120..=125).contains(&gap), "{gap}");
}

#[test]
fn a_quench_that_nobody_sees_is_not_over() {
    let mut strip = Strip::new();
    strip.run(30);
    strip.inputs.electrolyzers[0].cell_voltage_v = Reading::good(15.5);
    strip.run(5);
    strip.inputs.electrolyzers[0].cell_voltage_v =
        Reading { value: 9.0, quality: Quality::NoCommunication };
    // After eight minutes the controls give up and bring it to hold.
    strip.run(450);
    assert!(strip.controls.status().electrolyzers[0].anode_effect_active);
}

#[test]
fn an_anode_effect_during_a_tap_ends_the_tap_and_is_dosed() {
    let mut strip = Strip::new();
    strip.run(30);
    let begin = vec![Scalar::Number(28.0), crate::strip::text("crucible")];
    strip.call(Method::BeginTap, begin).unwrap();
    strip.run(5);
    strip.inputs.electrolyzers[0].cell_voltage_v = Reading::good(15.5);
    let mut dosed_kg = 0.0;
    for _ in 0..10 {
        strip.run(1);
        let outputs = &strip.outputs.electrolyzers[0];
        assert!(!(outputs.tap_open && outputs.oxide_dose_kg > 0.0));
        dosed_kg += outputs.oxide_dose_kg;
    }
    assert!((dosed_kg - 6.5).abs() < 1e-9 && !strip.outputs.electrolyzers[0].tap_open);
    assert_eq!(
        strip.controls.status().electrolyzers[0].phase,
        cellhouse::control::Phase::AnodeEffect
    );
}

/// A thermocouple that fails reads low first, which looks like I5: seen in a run of three days with hazards.
#[test]
fn a_thermometer_that_reads_low_does_not_keep_an_anode_effect_from_its_dose() {
    let mut strip = Strip::new();
    strip.run(30);
    strip.inputs.electrolyzers[0].bath_temp_c = Reading::good(990.0);
    strip.run(300);
    assert!(strip.outputs.feeders[0].speed_rpm <= 0.0, "I5 stops the screw");
    strip.inputs.electrolyzers[0].cell_voltage_v = Reading::good(15.5);
    let mut dosed_kg = 0.0;
    for _ in 0..5 {
        strip.run(1);
        dosed_kg += strip.outputs.electrolyzers[0].oxide_dose_kg;
    }
    assert!((dosed_kg - 6.5).abs() < 1e-9, "{dosed_kg}");
}
