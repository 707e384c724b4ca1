//! The files that are shipped say what the issue asks for, and what they leave out means the same.

use std::path::Path;

use cellhouse::access::Role;
use cellhouse::config::{
    ControlConfig, EndpointConfig, FumeConfig, InstrumentConfig, KeyType, PlantConfig,
    ServerConfig, UtilityConfig, default_plant, default_server, load_plant, load_server,
    parse_plant, parse_server,
};

/// 330 d at 96 %.
const HOURS: f64 = 330.0 * 24.0 * 0.96;

fn shipped(name: &str) -> PlantConfig {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    load_plant(&path).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

/// Tonnes a year of each product, in the order of the products.
fn tonnes(plant: &PlantConfig) -> Vec<f64> {
    let mut tonnes = vec![0.0; plant.products.len()];
    for electrolyzer in &plant.electrolyzers {
        let product = plant.lines[electrolyzer.line].product;
        let model = &plant.cell_models[electrolyzer.model];
        let metal_kg_s =
            model.efficiency_frac * model.nominal_a * plant.products[product].metal_kg_c();
        tonnes[product] += metal_kg_s * 3600.0 * HOURS / 1000.0;
    }
    tonnes
}

/// Electrolyzers and rectifiers of each line.
fn counts(plant: &PlantConfig) -> Vec<(usize, usize)> {
    let on = |line| {
        let electrolyzers = plant.electrolyzers.iter().filter(|it| it.line == line).count();
        (electrolyzers, plant.rectifiers.iter().filter(|it| it.line == line).count())
    };
    (0..plant.lines.len()).map(on).collect()
}

fn assert_groups_of_five_on_their_own_line(plant: &PlantConfig) {
    for (index, rectifier) in plant.rectifiers.iter().enumerate() {
        let fed: Vec<_> = plant.electrolyzers.iter().filter(|it| it.rectifier == index).collect();
        assert!((1..=5).contains(&fed.len()), "{} feeds {}", rectifier.name, fed.len());
        assert!(fed.iter().all(|it| it.line == rectifier.line), "{}", rectifier.name);
    }
}

#[test]
fn default_plant_is_the_reference_expansion_of_8000_tonnes() {
    let plant = shipped("plant.toml");
    assert_eq!(counts(&plant), [(35, 7), (31, 7), (7, 2)]);
    let codes: Vec<&str> = plant.products.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["PrNd", "LaCe", "GdFe"]);
    let tonnes = tonnes(&plant);
    for (made, planned) in tonnes.iter().zip([3700.0, 3300.0, 1000.0]) {
        assert!(*made >= planned && *made < planned * 1.11, "{tonnes:?}");
    }
    let total: f64 = tonnes.iter().sum();
    assert!((total - 8165.0).abs() < 1.0, "{total}");
    assert_groups_of_five_on_their_own_line(&plant);
    let names = [0, 34, 35, 65, 66, 72].map(|it| plant.electrolyzers[it].name.as_str());
    assert_eq!(names, ["EL101", "EL135", "EL201", "EL231", "EL301", "EL307"]);
    let names = [0, 6, 7, 13, 14, 15].map(|it| plant.rectifiers[it].name.as_str());
    assert_eq!(names, ["RF11", "RF17", "RF21", "RF27", "RF31", "RF32"]);
}

#[test]
fn every_electrolyzer_has_a_model_of_its_product() {
    for file in ["plant.toml", "plant-15000.toml"] {
        let plant = shipped(file);
        for electrolyzer in &plant.electrolyzers {
            let code = &plant.products[plant.lines[electrolyzer.line].product].code;
            let model = &plant.cell_models[electrolyzer.model].name;
            assert!(model.ends_with(code.as_str()), "{}: {model} with {code}", electrolyzer.name);
        }
    }
}

#[test]
fn whole_site_has_240_electrolyzers_and_15000_tonnes() {
    let plant = shipped("plant-15000.toml");
    assert_eq!(plant.electrolyzers.len(), 240);
    assert_eq!(counts(&plant).iter().map(|it| it.0).collect::<Vec<_>>(), [54, 48, 10, 61, 55, 12]);
    assert_groups_of_five_on_their_own_line(&plant);
    // 231 of the 240 are running, the others are being relined.
    let tonnes: Vec<f64> = tonnes(&plant).iter().map(|it| it * 231.0 / 240.0).collect();
    for (made, planned) in tonnes.iter().zip([6937.5, 6187.5, 1875.0]) {
        assert!(*made >= planned && *made < planned * 1.06, "{tonnes:?}");
    }
}

#[test]
fn cell_models_are_those_of_domain_a7() {
    let plant = shipped("plant.toml");
    let of = |name| plant.cell_models.iter().find(|it| it.name == name).unwrap();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4 * b;
    for (name, nominal_a, burn_kg_h, slope_uohm_min) in [
        ("6 kA PrNd", 6e3, 0.35, 0.30),
        ("10 kA PrNd", 10e3, 0.55, 0.18),
        ("30 kA PrNd", 30e3, 1.5, 0.05),
    ] {
        let model = of(name);
        assert!(near(model.nominal_a, nominal_a), "{model:?}");
        assert!(near(model.air_burn_kg_s, burn_kg_h / 3600.0), "{model:?}");
        assert!(near(model.slope_ohm_s, slope_uohm_min * 1e-6 / 60.0), "{model:?}");
    }
    let lace = of("10 kA LaCe");
    assert!(near(lace.efficiency_frac, 0.81) && near(lace.bath_kg, 650.0), "{lace:?}");
}

#[test]
fn interlock_temperatures_follow_the_product() {
    let plant = default_plant();
    let limits = plant.products.iter().map(|it| (it.feed_temp_min_c, it.bath_temp_max_c));
    assert_eq!(limits.collect::<Vec<_>>(), [(1030.0, 1110.0), (905.0, 985.0), (1030.0, 1110.0)]);
}

#[test]
fn what_is_built_in_is_what_is_shipped() {
    assert_eq!(default_plant(), shipped("plant.toml"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/server.toml");
    assert_eq!(Ok(default_server()), load_server(&path));
}

#[test]
fn settings_left_out_are_those_that_the_shipped_files_state() {
    let plant = default_plant();
    assert_eq!(plant.control, ControlConfig::default());
    assert_eq!(plant.instruments, InstrumentConfig::default());
    assert_eq!(plant.fume, FumeConfig::default());
    assert_eq!(plant.utilities, UtilityConfig::default());
    assert_eq!(default_server(), ServerConfig::default());
    assert_eq!(parse_server("empty.toml", ""), Ok(ServerConfig::default()));
}

#[test]
fn shipped_files_state_every_setting_that_may_be_left_out() {
    // A key that is not known is answered with the list of those that are.
    for (file, table, text) in [
        ("plant.toml", "control", include_str!("../../config/plant.toml")),
        ("plant.toml", "fume", include_str!("../../config/plant.toml")),
        ("plant.toml", "utilities", include_str!("../../config/plant.toml")),
        ("server.toml", "limits", include_str!("../../config/server.toml")),
        ("server.toml", "approval", include_str!("../../config/server.toml")),
    ] {
        let header = format!("[{table}]\n");
        let text = text.replace(&header, &format!("{header}unheard_of = 1\n"));
        let mistakes = match file {
            "plant.toml" => parse_plant(file, &text).unwrap_err(),
            _ => parse_server(file, &text).unwrap_err(),
        };
        assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
        for key in mistakes[0].allowed.split(", ") {
            assert!(text.contains(&format!("\n{key} = ")), "{file} does not state {key}");
        }
    }
}

#[test]
fn ranges_in_the_comments_of_the_limits_are_those_that_are_enforced() {
    let shipped = include_str!("../../config/server.toml");
    let (_, limits) = shipped.split_once("[limits]\n").unwrap();
    let mut checked = 0;
    for line in limits.lines() {
        let (key, rest) = line.split_once(" = ").unwrap();
        let (value, comment) = rest.split_once('#').unwrap();
        let words: Vec<&str> = comment.split([' ', ',']).collect();
        let number = |word: &str| word.parse::<i64>().ok();
        let ranges = words.windows(3).filter(|it| it[1] == "to");
        let mut bounds = ranges.filter_map(|it| Some([number(it[0])?, number(it[2])?]));
        let bounds = bounds.next_back().unwrap();
        for wrong in [bounds[0] - 1, bounds[1] + 1] {
            let wrong =
                if value.contains('[') { format!("[{wrong}, {wrong}]") } else { wrong.to_string() };
            let text = format!("[limits]\n{key} = {wrong}\n");
            let mistakes = parse_server("server.toml", &text).unwrap_err();
            assert!(mistakes[0].what.ends_with("is out of range"), "{key} = {wrong}: {mistakes:?}");
        }
        for right in bounds.iter().filter(|_| !value.contains('[')) {
            let text = format!("[limits]\n{key} = {right}\n");
            let mistakes = parse_server("server.toml", &text).err().unwrap_or_default();
            let refused = mistakes.iter().any(|it| it.what.ends_with("is out of range"));
            assert!(!refused, "{key} = {right}: {mistakes:?}");
        }
        checked += 1;
    }
    assert_eq!(checked, 27);
}

#[test]
fn server_offers_eleven_endpoints_and_reading_to_anybody_on_this_machine() {
    let server = default_server();
    assert_eq!(server.endpoints.len(), 11);
    assert_eq!(EndpointConfig::keys(&server.endpoints), KeyType::ALL);
    let (plain, rest) = server.endpoints.split_first().unwrap();
    assert_eq!(EndpointConfig::keys(&[*plain]), [KeyType::Rsa]);
    let elliptic: Vec<_> = rest.iter().filter(|it| it.policy.is_elliptic()).copied().collect();
    assert_eq!(EndpointConfig::keys(&elliptic), [KeyType::NistP256, KeyType::NistP384]);
    assert!(server.listen.ip().is_loopback());
    assert_eq!((server.anonymous, server.anonymous_roles), (true, vec![Role::Observer]));
    assert!(!server.clear_text_passwords && !server.trust_unknown_clients);
}

#[test]
fn client_suites_differ_from_the_shipped_server_in_trust_only() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/trusting-server.toml");
    let expected = ServerConfig { trust_unknown_clients: true, ..default_server() };
    assert_eq!(load_server(&path), Ok(expected));
}
