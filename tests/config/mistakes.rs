//! Every mistake at once, each with its line, its key, what is wrong and what is allowed.

use cellhouse::config::{Mistake, load_plant, parse_plant, parse_server};

const SMALL: &str = include_str!("small-plant.toml");
const WRONG: &str = include_str!("wrong-plant.toml");

fn printed(mistakes: &[Mistake]) -> Vec<String> {
    mistakes.iter().map(ToString::to_string).collect()
}

fn plant_mistakes(text: &str) -> Vec<String> {
    printed(&parse_plant("plant.toml", text).expect_err("a mistake"))
}

fn server_mistakes(text: &str) -> Vec<String> {
    printed(&parse_server("server.toml", text).expect_err("a mistake"))
}

/// The small plant, whose line `from` reads `to`; fails if there is no such line.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(SMALL.matches(from).count(), 1, "{from}");
    SMALL.replace(from, to)
}

#[test]
fn small_plant_has_no_mistake() {
    let plant = parse_plant("plant.toml", SMALL).unwrap();
    assert_eq!(plant.electrolyzers.len(), 4);
    let supply: Vec<usize> = plant.electrolyzers.iter().map(|it| it.rectifier).collect();
    assert_eq!(supply, [0, 0, 1, 0], "the override moves EL104 to RF11");
    let models: Vec<usize> = plant.electrolyzers.iter().map(|it| it.model).collect();
    assert_eq!(models, [0, 1, 0, 0], "the override gives EL102 its own model");
    let [usual, relined] = plant.cell_models.as_slice() else { panic!("two models") };
    assert!((relined.efficiency_frac - 0.74).abs() < 1e-12);
    assert!((relined.bath_kg - usual.bath_kg).abs() < 1e-12);
}

#[test]
fn one_file_with_many_mistakes_reports_each_on_its_line() {
    let mistakes = parse_plant("plant.toml", WRONG).unwrap_err();
    let marked: Vec<usize> = WRONG
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("# wrong"))
        .map(|(index, _)| index + 1)
        .collect();
    let reported: Vec<usize> = mistakes.iter().map(|it| it.line).collect();
    assert_eq!(reported, marked, "{:#?}", printed(&mistakes));
    assert!(marked.len() >= 18);
}

#[test]
fn many_mistakes_say_what_is_wrong_and_what_is_allowed() {
    let lines = plant_mistakes(WRONG);
    let name = "allowed is a letter, then letters, digits and underscores, 32 characters at most";
    let first = "allowed is a letter, then letters, digits and underscores, with a number of 1 to 6 digits at the end";
    for expected in [
        "plant.namespace_uri: \"no uri\" will not do; allowed is a URI such as urn:example:plant, not one of the OPC Foundation",
        "plant.start: 2026-01-01 is not a date, time and offset from UTC; allowed is a date and time such as 2026-01-01T00:00:00Z",
        "plant.scan_ms: 250.5 is not a whole number; allowed is 50 to 1000",
        "plant.sede: is not a key of this table; did you mean `seed`?; allowed is name, namespace_uri, seed, start, scan_ms, ambient_temp_c",
        &format!("product[1].code: \"Pr-Nd\" will not do; {name}"),
        "product[1].oxide_per_metal: is a text, not a number; allowed is 1.05 to 1.6",
        "product[1].bath_temp_setpoint_c: 1070 is not below 1030; allowed is [low, high] from 800 to 1200, low below high",
        "product[1].bath_temp_max_c: 5000 is out of range; allowed is 800 to 1300",
        "product[2].fluoride_molar_mass_kg_mol: is missing; allowed is 0.1 to 0.3",
        "product[2].feed_temp_min_c: 1040 would stop the feed at an allowed setpoint; allowed is up to the lowest setpoint, 1030",
        "cell_model[1].anodes: is true or false, not a whole number; allowed is 1 to 60",
        "cell_model[2].based_on: \"6kA\" is not known; did you mean \"6 kA\"?; allowed is 6 kA",
        "cell_model[2].cathode_radius_cm: 19 leaves no bath between cathode and anode; allowed is less than anode_radius_cm, 17.7",
        "line[1].product: \"Nd\" is not known; allowed is Pr-Nd, GdFe",
        "line[1].electrolyzer.count: 400 is out of range; allowed is 1 to 300",
        &format!("line[1].rectifier.first: \"RF 11\" will not do; {first}"),
        "line[2].name: \"Line1\" is there already; allowed is each name once",
        "control.underfeed_frac: 1.25 is out of range; allowed is 0.3 to 0.99",
        "control.temp_trim_frac: has 1 members instead of 2; allowed is [low, high] from -0.5 to 0.5, low below high",
        "fume.hold_s: 20 s is not longer than feed_stop_s; allowed is more than 30",
        "lines: is not a key of this table; did you mean `line`?; allowed is plant, product, cell_model, line, alarm, control, instruments, fume, utilities",
    ] {
        assert!(lines.iter().any(|it| it.ends_with(expected)), "{expected}\n{lines:#?}");
    }
}

#[test]
fn an_unknown_key_is_a_mistake_with_a_suggestion() {
    let text = changed("count = 4", "count = 4\ncuont = 5");
    let [line] = plant_mistakes(&text).try_into().unwrap();
    assert!(
        line.ends_with(
            "line[1].electrolyzer.cuont: is not a key of this table; did you mean `count`?; \
             allowed is first, count, model"
        ),
        "{line}"
    );
}

#[test]
fn a_model_is_based_on_one_above_it() {
    let text = changed("name = \"6 kA\"", "name = \"6 kA\"\nbased_on = \"6 kA relined\"");
    let [line] = plant_mistakes(&text).try_into().unwrap();
    assert!(
        line.ends_with(
            "cell_model[1].based_on: \"6 kA relined\" is not known; allowed is none, since none is defined"
        ),
        "{line}"
    );
}

#[test]
fn a_name_used_twice_is_a_mistake_wherever_it_is() {
    let second = "\n[[line]]\nname = \"Line2\"\ndisplay_name = \"Second\"\nproduct = \"PrNd\"\n\
        [line.electrolyzer]\nfirst = \"EL103\"\ncount = 3\nmodel = \"6 kA\"\n\
        [line.rectifier]\nfirst = \"EL999\"\ngroup = 5\n";
    let lines = plant_mistakes(&format!("{SMALL}{second}"));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("line[2].electrolyzer: EL103 (and 1 more) is there already, on Line1")
    );
}

#[test]
fn an_override_names_devices_of_its_line_only() {
    let lines = plant_mistakes(&changed("electrolyzer = \"EL102\"", "electrolyzer = \"EL105\""));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].ends_with(
        "line[1].override[1].electrolyzer: \"EL105\" is not known; did you mean \"EL101\"?; \
         allowed is EL101, EL102, EL103, EL104"
    ));
    let lines = plant_mistakes(&changed("rectifier = \"RF11\"", "rectifier = \"RF13\""));
    assert!(
        lines[0].contains("line[1].override[2].rectifier: \"RF13\" is not known"),
        "{lines:#?}"
    );
}

#[test]
fn different_currents_in_series_are_a_mistake() {
    let text = changed("efficiency_frac = 0.74", "nominal_a = 5000");
    let [line] = plant_mistakes(&text).try_into().unwrap();
    assert!(line.contains("puts electrolyzers of 6000 A and 5000 A in series on RF11"), "{line}");
}

#[test]
fn a_rectifier_is_not_weaker_than_what_it_feeds() {
    let lines = plant_mistakes(&changed("group = 2", "group = 2\nnominal_a = 5000"));
    let allowed = "nominal_a 5000 is less than its electrolyzers need; allowed is at least 6000";
    assert!(lines[0].ends_with(allowed), "{lines:#?}");
}

#[test]
fn broken_toml_is_reported_beside_other_mistakes_but_not_twice() {
    let text = changed("count = 4", "count = = 4").replace("seed = 7", "seed = -7");
    let mistakes = parse_plant("plant.toml", &text).unwrap_err();
    let lines = printed(&mistakes);
    let line_of = |what: &str| text.lines().position(|it| it == what).unwrap() + 1;
    assert_eq!(mistakes[0].line, line_of("seed = -7"), "{lines:#?}");
    assert!(
        lines[0].ends_with("plant.seed: -7 is out of range; allowed is 0 to 9223372036854775807")
    );
    assert!(mistakes[1..].iter().all(|it| it.line == line_of("count = = 4")), "{lines:#?}");
    assert!(lines[1].contains("is not TOML"), "{lines:#?}");
}

#[test]
fn a_key_written_twice_is_a_mistake() {
    let lines = plant_mistakes(&changed("count = 4", "count = 4\ncount = 5"));
    assert!(lines.len() == 1 && lines[0].contains("is not TOML: duplicate key"), "{lines:#?}");
}

#[test]
fn an_empty_file_says_what_a_plant_needs() {
    let lines = plant_mistakes("");
    let needs = |what: &str| {
        lines.iter().any(|it| it.starts_with(&format!("plant.toml:1: {what}: is missing")))
    };
    for key in ["plant", "product", "cell_model", "line"] {
        assert!(needs(key), "{key}: {lines:#?}");
    }
    assert_eq!(lines.len(), 4, "{lines:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let missing = load_plant(&folder.path().join("plant.toml")).unwrap_err();
    assert!(missing[0].to_string().contains("plant.toml: cannot be read: "), "{missing:?}");
    let latin = folder.path().join("latin.toml");
    std::fs::write(&latin, b"[plant]\nname = \"W\xfcrzburg\"\n").unwrap();
    let mistakes = load_plant(&latin).unwrap_err();
    assert!(
        mistakes[0]
            .to_string()
            .ends_with("latin.toml:2: is not UTF-8; allowed is text saved as UTF-8")
    );
}

#[test]
fn a_file_saved_with_a_byte_order_mark_is_read() {
    assert!(parse_plant("plant.toml", &format!("\u{feff}{SMALL}")).is_ok());
    assert!(parse_plant("plant.toml", &SMALL.replace('\n', "\r\n")).is_ok());
}

#[test]
fn mistakes_about_those_whom_the_server_calls_are_reported_together() {
    let text = "\
shutdown_s = 61

[[reverse_connect]]
url = \"http://scada:4845\"
connections = 0

[[reverse_connect]]
url = \"opc.tcp://scada:4845\"
retry_s = [60, 1]

[[reverse_connect]]
url = \"opc.tcp://scada:4845\"
retries = 3

[discovery]
register = \"lds\"
register_every_s = 0
mdns = \"yes\"
";
    let lines = server_mistakes(text);
    let expected = [
        "server.toml:1: shutdown_s: 61 is out of range; allowed is 0 to 60",
        "server.toml:4: reverse_connect[1].url: \"http://scada:4845\" will not do; allowed is a URL such as opc.tcp://host:4840",
        "server.toml:5: reverse_connect[1].connections: 0 is out of range; allowed is 1 to 100",
        "server.toml:9: reverse_connect[2].retry_s: 60 is not below 1; ",
        "server.toml:12: reverse_connect[3].url: opc.tcp://scada:4845 is there already; allowed is each client once",
        "server.toml:13: reverse_connect[3].retries: is not a key of this table",
        "server.toml:16: discovery.register: \"lds\" will not do; ",
        "server.toml:17: discovery.register_every_s: 0 is out of range; allowed is 1 to 600",
        "server.toml:18: discovery.mdns: is a text, not true or false",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{expected}\n{lines:#?}");
    }
}

#[test]
fn server_mistakes_are_reported_together() {
    let text = "\
listen = \"localhost\"
advertise = [\"opc.tcp://plant:4840\"]
annonymous = false
anonymous_roles = [\"SecurityAdmin\"]
nodesets = [\"no/such/file.xml\"]

[[endpoint]]
policy = \"None\"
modes = [\"Sign\"]

[[endpoint]]
policy = \"Basic128Rsa15\"

[limits]
sessions = 0
subscriptions = 10
chunks = 10
session_timeout_ms = [60000, 5000]
";
    let lines = server_mistakes(text);
    let expected = [
        "server.toml:1: listen: \"localhost\" will not do; allowed is address:port such as 127.0.0.1:4840, or 0.0.0.0:4840 for every network",
        "server.toml:2: advertise: \"opc.tcp://plant:4840\" will not do; allowed is a list of host names and addresses without port",
        "server.toml:3: annonymous: is not a key of this table; did you mean `anonymous`?; allowed is ",
        "server.toml:4: anonymous_roles: \"SecurityAdmin\" is not known; allowed is a list of Observer, Operator, Supervisor, Engineer",
        "server.toml:5: nodesets: there is no file no/such/file.xml; allowed is existing files",
        "server.toml:9: endpoint[1].modes: Sign does not go with policy None; allowed is None",
        "server.toml:12: endpoint[2].policy: Basic128Rsa15 is not offered: it signs with SHA-1, and PKCS #1 v1.5 ",
        "server.toml:15: limits.sessions: 0 is out of range; allowed is 1 to 10000",
        "server.toml:16: ",
        "server.toml:17: limits.chunks: 10 chunks hold 655360 bytes, less than message_bytes; allowed is at least 256",
        "server.toml:18: limits.session_timeout_ms: 60000 is not below 5000; ",
    ];
    // The number of subscriptions is fine by itself; what one session may have is left out and contradicts it.
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for expected in expected.iter().filter(|it| **it != "server.toml:16: ") {
        assert!(lines.iter().any(|it| it.starts_with(expected)), "{expected}\n{lines:#?}");
    }
    assert!(
        lines
            .iter()
            .any(|it| it
                .contains("limits.subscriptions_per_session: 200 is more than subscriptions"))
    );
}

#[test]
fn an_alarm_that_cannot_be_set_says_why_and_on_which_line() {
    let text = |alarm: &str| format!("{SMALL}\n[[alarm]]\n{alarm}\n");
    let said = |alarm: &str| plant_mistakes(&text(alarm)).join("\n");
    assert!(said("name = \"BathTemprature\"").contains("BathTemperature"), "what was meant");
    let none = said("name = \"HopperLow\"\nhigh = 90");
    assert!(none.contains("alarm[1].high") && none.contains("no such limit"), "{none}");
    let order = said("name = \"BathTemperature\"\nhigh = 1000\nlow = 1050");
    assert!(order.contains("wrong order"), "{order}");
    let delay = said("name = \"HopperLow\"\non_delay_s = 4000");
    assert!(delay.contains("on_delay_s: 4000 is out of range"), "{delay}");
    let cell = said("name = \"HopperLow\"\nelectrolyzer = \"EL999\"");
    assert!(cell.contains("EL999"), "{cell}");
    let plant = parse_plant("plant.toml", &text("name = \"HopperLow\"\nlow = 30")).unwrap();
    assert_eq!(plant.alarms[0].limits, [None, None, Some(30.0), None]);
}

#[test]
fn policies_that_are_not_offered_say_why_and_others_what_may_be_meant() {
    let of = |name: &str| server_mistakes(&format!("[[endpoint]]\npolicy = \"{name}\"\n"));
    let allowed = "; allowed is None, Aes128_Sha256_RsaOaep, Basic256Sha256, Aes256_Sha256_RsaPss, ECC_nistP256, ECC_nistP384";
    for (name, why) in [
        (
            "Basic128Rsa15",
            "Basic128Rsa15 is not offered: it signs with SHA-1, and PKCS #1 v1.5 lets a listener find out passwords and keys",
        ),
        ("Basic256", "Basic256 is not offered: it signs with SHA-1, which can be forged"),
        ("ECC_nistP265", "\"ECC_nistP265\" is not known; did you mean \"ECC_nistP256\"?"),
    ] {
        let line = format!("server.toml:2: endpoint[1].policy: {why}{allowed}");
        assert_eq!(of(name), [line]);
    }
    assert_eq!(server_mistakes("[[endpoint]]\nmodes = [\"Sign\"]\n").len(), 1);
}

#[test]
fn issuers_need_a_name_a_key_and_a_role_and_no_shared_secret() {
    let text = "\
[[issuer]]
name = \"https://login.example.com\"
leeway_s = 3000
[[issuer.key]]
file = \"issuer.pem\"
algorithm = \"HS256\"
[[issuer.role]]
claim = \"crew\"
role = \"Anonymous\"

[[issuer]]
name = \"https://login.example.com\"
";
    let lines = server_mistakes(text);
    let expected = [
        "server.toml:1: issuer: \"https://login.example.com\" is there twice; allowed is each issuer once",
        "server.toml:3: issuer[1].leeway_s: 3000 is out of range; allowed is 0 to 300",
        "server.toml:6: issuer[1].key[1].algorithm: \"HS256\" is not known",
        "server.toml:9: issuer[1].role[1].role: \"Anonymous\" is not known",
        "server.toml:11: issuer[2].role: is missing; allowed is at least 1 table [[role]]",
        "server.toml:11: issuer[2].key: is missing; allowed is at least 1 table [[key]]",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{expected}\n{lines:#?}");
    }
}
