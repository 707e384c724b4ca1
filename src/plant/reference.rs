//! One electrolyzer beside the reference model of the domain study (appendix), number by number.
//!
//! The reference taps as it produces and lets nothing evaporate; so does this one. The story: an hour of steady
//! state, no feed, an anode effect, a dose with stirring and half the current, then 5 % more current. The
//! numbers below are the reference's own, printed with 13 digits.

use crate::config;
use crate::plant::cell::{Action, Cell};
use crate::plant::electrolysis::Conditions;
use crate::plant::parameters::Parameters;
use crate::plant::rectifier::{current_at, series_v};

/// Time, s; oxide, wt%; suspended and settled, kg; bath and lining, °C; θ; bath salt, kg; V; A; risk; metal, kg;
/// CF4, mol; energy, J.
type Row = (u32, [f64; 13]);

#[rustfmt::skip]
const ROWS: [(f64, [Row; 6]); 3] = [
    (6000.0, [
        (1, [2.4, 0.598_935_951_367_9, 1.197_871_902_736, 1_050.0, 700.0, 0.0, 400.0, 9.538_869_016_38, 6_000.0, 0.554_052_150_621_2, 0.002_318_366_896_657, 0.0, 57_233.214_098_28]),
        (3600, [2.4, 0.598_935_951_367_9, 1.197_871_902_736, 1_050.0, 700.0, 0.0, 400.0, 9.538_869_016_38, 6_000.0, 0.554_052_150_621_2, 8.346_120_827_967, 0.0, 206_039_570.753_8]),
        (6300, [1.048_893_270_186, 1.015_432_283_422e-8, 0.973_565_776_379_4, 1_118.756_716_068, 700.513_205_528_1, 0.683_593_75, 399.824_399_991_2, 18.0, 5_748.972_010_467, 0.833_494_060_470_9, 13.927_728_558_36, 0.604_610_808_909_1, 384_298_897.571]),
        (6360, [1.872_387_305_069, 0.743_009_551_669_3, 0.980_457_284_632_5, 1_113.866_280_238, 700.595_481_936_9, 0.000_226_611_144_766_4, 399.823_037_412, 5.455_803_891_855, 3_000.0, 0.275_317_194_195_9, 13.988_409_830_26, 0.609_302_324_011_3, 385_441_378.732_3]),
        (12_000, [2.959_268_071_278, 1.067_014_867_673, 1.123_380_562_59, 1_057.370_075_142, 703.240_684_140_2, 0.0, 399.823_036_508_3, 9.501_104_740_722, 6_000.0, 0.444_777_229_163, 26.712_315_564_7, 0.609_305_435_514_7, 700_154_735.449_3]),
        (21_600, [3.921_295_461_939, 2.679_814_323_255, 2.566_736_371_71, 1_078.305_891_414, 706.269_577_690_7, 0.0, 399.823_036_508_3, 9.758_972_984_978, 6_300.0, 0.331_401_003_249_4, 49.543_375_282_62, 0.609_305_435_514_7, 1_291_839_900.923]),
    ]),
    (10_000.0, [
        (1, [2.4, 1.011_024_362_352, 2.022_048_724_704, 1_050.0, 700.0, 0.0, 650.0, 9.121_303_525_019, 10_000.0, 0.577_760_428_694_3, 0.003_913_482_581_964, 0.0, 91_213.035_250_19]),
        (3600, [2.4, 1.011_024_362_352, 2.022_048_724_704, 1_050.0, 700.0, 0.0, 650.0, 9.121_303_525_019, 10_000.0, 0.577_760_428_694_3, 14.088_537_295_07, 0.0, 328_366_926.900_7]),
        (6300, [1.031_077_359_599, 1.441_712_800_745e-8, 1.639_862_558_27, 1_120.845_518_863, 700.655_175_184_2, 0.578_125, 649.682_641_091, 16.0, 9_442.275_575_907, 0.860_351_026_659_7, 23.329_376_701_88, 1.092_702_830_29, 614_270_078.398_5]),
        (6360, [1.857_340_674_083, 1.198_665_256_708, 1.650_601_288_828, 1_115.854_681_199, 700.741_169_898_1, 0.000_191_648_282_431, 649.680_720_503_2, 5.244_650_607_517, 5_000.0, 0.287_055_966_398_7, 23.432_752_232_34, 1.099_315_632_529, 616_069_645.926_5]),
        (12_000, [2.977_049_517_843, 1.821_024_489_179, 1.892_881_902_64, 1_057.661_975_779, 703.489_221_758_6, 0.0, 649.680_719_229_5, 9.085_752_721_227, 10_000.0, 0.461_097_076_149_4, 44.900_408_666_64, 1.099_320_018_267, 1_116_902_540.43]),
        (21_600, [3.944_945_516_739, 4.677_602_068_678, 4.427_696_499_844, 1_078.879_344_791, 706.567_423_307_2, 0.0, 649.680_719_229_5, 9.330_666_970_736, 10_500.0, 0.343_654_471_240_4, 83.426_495_418_36, 1.099_320_018_267, 2_059_669_535.671]),
    ]),
    (30_000.0, [
        (1, [2.4, 3.071_466_417_271, 6.142_932_834_543, 1_050.0, 700.0, 0.0, 1_800.0, 8.192_639_908_297, 30_000.0, 0.397_117_941_717_7, 0.011_889_061_008_5, 0.0, 245_779.197_248_9]),
        (3600, [2.4, 3.071_466_417_271, 6.142_932_834_543, 1_050.0, 700.0, 0.0, 1_800.0, 8.192_639_908_297, 30_000.0, 0.397_117_941_717_7, 42.800_619_630_6, 0.0, 884_805_110.096_1]),
        (6300, [0.675_226_617_443_5, 2.365_650_215_422e-8, 4.943_760_480_757, 1_080.313_438_063, 700.211_876_905_1, 0.578_125, 1_799.723_666_36, 16.0, 29_381.888_113_37, 0.953_141_679_532_4, 73.840_475_833_9, 0.951_448_162_190_4, 1_589_477_847.677]),
        (6360, [1.523_843_142_091, 3.069_369_487_174, 4.967_713_590_791, 1_076.864_124_343, 700.245_746_822_5, 0.000_191_648_282_431, 1_799.717_904_597, 5.002_703_984_142, 15_000.0, 0.266_343_443_601, 74.168_226_381_08, 0.971_286_568_908_1, 1_594_671_264.91]),
        (12_000, [2.726_622_262_168, 4.726_715_177_131, 5.299_390_936_559, 1_052.916_120_35, 701.363_957_465_3, 0.0, 1_799.717_900_775, 8.183_206_875_147, 30_000.0, 0.349_789_554_249_6, 140.447_691_388_2, 0.971_299_726_122_7, 2_965_584_889.146]),
        (21_600, [3.859_746_674_267, 12.747_638_719_93, 11.731_736_787_99, 1_076.181_477_262, 704.166_129_083_1, 0.0, 1_799.717_900_775, 8.382_311_699_421, 31_500.0, 0.243_215_627_008_7, 258.013_750_465_5, 0.971_299_726_122_7, 5_508_710_183.99]),
    ]),
];

/// Nominal current, A; after an hour with wear and without tapping: inner radius, cm; metal, kg; V.
const WORN: [(f64, [f64; 3]); 3] = [
    (6000.0, [17.809_923_110_56, 28.346_120_827_97, 9.496_070_225_054]),
    (10_000.0, [21.615_412_093_54, 44.088_537_295_07, 9.084_555_007_939]),
    (30_000.0, [17.079_714_227_83, 162.800_619_630_6, 8.153_361_990_852]),
];

/// PrNd in an electrolyzer of this size, nothing evaporating.
fn parameters(nominal_a: f64, wear: bool) -> Parameters {
    let plant = config::default_plant();
    let model = plant
        .cell_models
        .iter()
        .find(|it| (it.nominal_a - nominal_a).abs() < 1.0 && it.name.ends_with("PrNd"));
    let model = model.expect("the default plant describes all sizes");
    let mut parameters = Parameters::new(&plant, model, &plant.products[0]);
    parameters.evaporation_kg_s = 0.0;
    parameters.wear = wear;
    parameters
}

/// The current at `wanted_a` under the ceiling of one electrolyzer.
fn limited_a(conditions: &[Conditions], wanted_a: f64, ceiling_v: f64) -> f64 {
    let wanted_v = series_v(conditions, wanted_a);
    if wanted_v <= ceiling_v {
        wanted_a
    } else {
        current_at(conditions, ceiling_v, (wanted_a, wanted_v))
    }
}

fn near(seen: f64, wanted: f64, part: f64) -> bool {
    (seen - wanted).abs() <= part * wanted.abs() + 1e-9
}

#[test]
fn the_reference_models_story_comes_out_number_by_number() {
    for (nominal_a, rows) in ROWS {
        let parameters = parameters(nominal_a, false);
        let mut cell = Cell::reference(&parameters, 0.5);
        let metal_kg = cell.metal_kg;
        let mut wanted_a = nominal_a;
        let mut action = Action { feed_kg_s: parameters.reference_feed_kg_s, ..Action::default() };
        for second in 0..21_600 {
            match second {
                3600 => action.feed_kg_s = 0.0,
                6300 => {
                    action.feed_kg_s = 1.3 * parameters.reference_feed_kg_s;
                    // The reference's dose is as hot as the bath.
                    cell.suspended_kg += 0.01 * cell.bath_kg;
                    action.stirring = true;
                    wanted_a = 0.5 * nominal_a;
                }
                6360 => {
                    action.stirring = false;
                    wanted_a = nominal_a;
                }
                12_000 => wanted_a = 1.05 * nominal_a,
                _ => {}
            }
            let conditions = cell.conditions(&parameters);
            let current_a = limited_a(&[conditions], wanted_a, parameters.model.voltage_max_v);
            let rates = cell.reactions(&parameters, &conditions, current_a);
            cell.step(&parameters, rates, action, 1.0);
            cell.metal_kg = metal_kg;
            if let Some((_, row)) = rows.iter().find(|it| it.0 == second + 1) {
                let account = &cell.account;
                let seen = [
                    cell.oxide_pct(),
                    cell.suspended_kg,
                    cell.settled_kg,
                    cell.temp_c,
                    cell.lining_c,
                    cell.passivated,
                    cell.bath_kg,
                    cell.rates.voltage_v,
                    cell.rates.current_a,
                    cell.rates.risk,
                    account.metal_kg,
                    account.cf4_mol,
                    account.energy_j,
                ];
                for (column, (seen, wanted)) in seen.iter().zip(row).enumerate() {
                    // Below 1e-6 θ counts as gone; the reference lets it fade.
                    let part = if column == 5 { 2e-3 } else { 1e-6 };
                    assert!(
                        near(*seen, *wanted, part) || (column == 5 && *wanted < 1e-6),
                        "{nominal_a} A, {} s, column {column}: {seen} instead of {wanted}",
                        second + 1
                    );
                }
            }
        }
    }
}

#[test]
fn an_hour_of_wear_and_metal_is_that_of_the_reference() {
    for (nominal_a, [radius_cm, metal_kg, voltage_v]) in WORN {
        let parameters = parameters(nominal_a, false);
        let worn = Parameters { wear: true, ..parameters.clone() };
        // Anodes all alike, and wearing from now on.
        let mut cell = Cell::reference(&parameters, 0.5);
        let feed_kg_s = parameters.reference_feed_kg_s;
        for _ in 0..3600 {
            let rates = cell.rates(&parameters, nominal_a);
            cell.step(&worn, rates, Action { feed_kg_s, ..Action::default() }, 1.0);
        }
        // The reference wears by the level before the step.
        assert!(near(cell.anodes[0].radius_cm, radius_cm, 1e-7), "{:?}", cell.anodes);
        assert!(near(cell.metal_kg, metal_kg, 1e-7), "{}", cell.metal_kg);
        assert!(near(cell.rates.voltage_v, voltage_v, 1e-6), "{}", cell.rates.voltage_v);
    }
}

/// The quick search for the current at the ceiling finds what sixty halvings find.
#[test]
fn the_current_at_the_ceiling_is_that_of_sixty_halvings() {
    for (nominal_a, _) in WORN {
        let parameters = parameters(nominal_a, false);
        for number in 0..2000 {
            let of =
                |step: usize, count: usize| ((number / step) % count) as f64 / (count - 1) as f64;
            let mut cell = Cell::reference(&parameters, 0.5);
            cell.passivated = of(1, 5);
            cell.dissolved_kg *= 0.05 + 1.5 * of(5, 10);
            cell.temp_c = 600.0 + 700.0 * of(50, 8);
            let conditions = [cell.conditions(&parameters), cell.conditions(&parameters)];
            let ceiling_v = 2.0 * (5.0 + 13.0 * of(400, 5));
            let over = (1.2 * nominal_a, series_v(&conditions, 1.2 * nominal_a));
            if over.1 <= ceiling_v {
                continue;
            }
            let (mut low, mut high) = (0.0, over.0);
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                if series_v(&conditions, middle) > ceiling_v { high = middle } else { low = middle }
            }
            let seen = current_at(&conditions, ceiling_v, over);
            assert!((seen - low).abs() <= 1e-9 * over.0, "{number}: {seen} instead of {low}");
        }
    }
}

/// Voltage at nominal current, V, of the reference state as `change` makes it.
fn voltage_v(nominal_a: f64, change: impl Fn(&mut Cell)) -> f64 {
    let parameters = parameters(nominal_a, false);
    let mut cell = Cell::reference(&parameters, 0.5);
    change(&mut cell);
    cell.rates(&parameters, nominal_a).voltage_v
}

/// A shallow U with its lowest point near 2 wt% (domain A7); the published figures have three decimals.
#[test]
fn the_voltage_over_oxide_is_the_published_curve() {
    let published = [
        (1.2, 9.661),
        (1.3, 9.596),
        (1.5, 9.546),
        (2.0, 9.527),
        (2.4, 9.539),
        (3.2, 9.589),
        (4.0, 9.660),
    ];
    for (oxide_pct, wanted_v) in published {
        let seen_v = voltage_v(6000.0, |it| {
            it.dissolved_kg = oxide_pct * it.bath_kg / (100.0 - oxide_pct);
        });
        assert!(
            (seen_v - wanted_v).abs() < 0.0006,
            "{oxide_pct} wt%: {seen_v} instead of {wanted_v}"
        );
    }
}

/// Radius +10 mm; bath +10 K; 5 % less bath: the published steps of the voltage, mV, to half a millivolt.
#[test]
fn radius_temperature_and_level_move_the_voltage_as_published() {
    let published = [
        (6000.0, [233.0, -98.0, 288.0]),
        (10_000.0, [186.0, -96.0, 234.0]),
        (30_000.0, [196.0, -77.0, 202.0]),
    ];
    for (nominal_a, [radius_mv, temp_mv, bath_mv]) in published {
        let usual_v = voltage_v(nominal_a, |_| {});
        let step_mv =
            |change: &dyn Fn(&mut Cell)| 1_000.0 * (voltage_v(nominal_a, change) - usual_v);
        let radius = step_mv(&|it| it.anodes.iter_mut().for_each(|it| it.radius_cm += 1.0));
        assert!((radius - radius_mv).abs() <= 0.5, "{nominal_a} A, radius: {radius} mV");
        let temp = step_mv(&|it| it.temp_c += 10.0);
        assert!((temp - temp_mv).abs() <= 0.5, "{nominal_a} A, temperature: {temp} mV");
        let bath = step_mv(&|it| {
            it.bath_kg *= 0.95;
            it.dissolved_kg *= 0.95;
        });
        assert!((bath - bath_mv).abs() <= 0.5, "{nominal_a} A, bath: {bath} mV");
    }
}

/// Anodes in parallel: currents add up, and the thick one, nearer to the cathode, carries more and wears faster.
#[test]
fn each_anode_has_its_own_current_and_wear() {
    let parameters = parameters(10_000.0, true);
    let mut cell = Cell::reference(&parameters, 0.5);
    let before: Vec<f64> = cell.anodes.iter().map(|it| it.radius_cm).collect();
    let rates = cell.rates(&parameters, 10_000.0);
    cell.step(&parameters, rates, Action::default(), 1.0);
    let mut currents = Vec::new();
    cell.anode_currents(&parameters, &mut currents);
    assert!((currents.iter().sum::<f64>() - 10_000.0).abs() < 1e-6, "{currents:?}");
    assert!(currents.is_sorted_by(|newer, older| newer > older), "{currents:?}");
    let wear: Vec<f64> =
        cell.anodes.iter().zip(&before).map(|(it, was)| it.radius_cm - was).collect();
    assert!(wear.is_sorted_by(|newer, older| newer > older), "{wear:?}");
    assert!(wear.iter().all(|it| *it > 0.0), "{wear:?}");
    // What the anodes lose together is the carbon of the reactions.
    let immersion_cm = cell.immersion_cm(&parameters, &cell.anodes[0]);
    let around = std::f64::consts::TAU * immersion_cm / cell.anodes.len() as f64;
    let lost_cm3: f64 = wear.iter().zip(&before).map(|(wear, radius)| around * radius * wear).sum();
    let used_cm3 = cell.rates.carbon_mol_s * 0.012 / 1_700.0 * 1e6;
    assert!(near(lost_cm3, used_cm3, 1e-6), "{lost_cm3} instead of {used_cm3}");
}
