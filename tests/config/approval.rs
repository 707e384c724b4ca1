//! Rules of approval as they are written.

use cellhouse::config::{ApprovalConfig, ApprovalRule, Hazard, parse_server};

#[test]
fn each_hazard_has_a_rule_of_its_own_and_is_confirmed_unless_something_else_is_said() {
    for hazard in Hazard::ALL {
        for (name, rule) in [
            ("none", ApprovalRule::None),
            ("confirm", ApprovalRule::Confirm),
            ("two_persons", ApprovalRule::TwoPersons),
        ] {
            let text = format!("[approval]\n{} = \"{name}\"\n", hazard.key());
            let read = parse_server("server.toml", &text).unwrap().approval;
            assert_eq!(read, ApprovalConfig::default().with(hazard, rule), "{text}");
            let unguarded = read.unguarded();
            assert_eq!(unguarded == [hazard.key()], rule == ApprovalRule::None, "{unguarded:?}");
        }
    }
    let usual = ApprovalConfig::default();
    assert!(Hazard::ALL.iter().all(|it| usual.rule(*it) == ApprovalRule::Confirm));
}

#[test]
fn a_rule_that_is_none_and_a_bound_that_is_too_wide_are_mistakes() {
    let text = "[approval]\nstart = \"two persons\"\ncurrent_above_pct = 150\nexpire_s = 0.5\nrequests = 0\n";
    let mistakes = parse_server("server.toml", text).unwrap_err();
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(mistakes.iter().map(|it| it.line).collect::<Vec<_>>(), [2, 3, 4, 5], "{told:#?}");
    assert!(told[0].contains("two_persons"), "{told:#?}");
    let unknown = parse_server("server.toml", "[approval]\nstop = \"confirm\"\n").unwrap_err();
    assert_eq!(unknown.len(), 1, "nothing stands between a person and a stop: {unknown:?}");
}
