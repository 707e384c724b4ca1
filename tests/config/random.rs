//! Whatever a file says, reading it ends with a plant or with mistakes, never with a panic.

use cellhouse::config::{Mistake, Users, parse_plant, parse_server};
use proptest::prelude::*;

const SMALL: &str = include_str!("small-plant.toml");
const SERVER: &str = include_str!("../../config/server.toml");

/// Values of every kind, right and wrong.
fn value() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|it| it.to_string()),
        any::<f64>().prop_map(|it| format!("{it:?}"))
    ];
    prop_oneof![
        number,
        any::<String>().prop_map(|it| format!("{it:?}")),
        Just("EL101".to_owned()),
        Just("\"6 kA relined\"".to_owned()),
        Just("\"RF11\"".to_owned()),
        Just("\"ELä1\"".to_owned()),
        Just("\"EL999999\"".to_owned()),
        Just("[1, 2]".to_owned()),
        Just("[[], {}]".to_owned()),
        Just("{ first = 1 }".to_owned()),
        Just("nan".to_owned()),
        Just("0xffffffffffffffffffffffffffffffffffffffff".to_owned()),
        Just("true".to_owned()),
        Just("1979-05-27".to_owned()),
        Just(String::new()),
    ]
}

/// `text` with the value behind one of its equal signs replaced.
fn with(text: &str, place: usize, value: &str) -> String {
    let places: Vec<usize> = text.match_indices(" = ").map(|(at, _)| at + 3).collect();
    let start = places[place % places.len()];
    let end = text[start..].find('\n').map_or(text.len(), |it| start + it);
    format!("{}{value}{}", &text[..start], &text[end..])
}

fn assert_points_into(text: &str, mistakes: &[Mistake]) {
    let lines = text.matches('\n').count() + 1;
    assert!(!mistakes.is_empty());
    assert!(mistakes.iter().all(|it| (1..=lines).contains(&it.line)), "{mistakes:?}");
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        if let Err(mistakes) = parse_plant("plant.toml", &text) {
            assert_points_into(&text, &mistakes);
        }
        if let Err(mistakes) = parse_server("server.toml", &text) {
            assert_points_into(&text, &mistakes);
        }
    }

    #[test]
    fn any_value_is_taken_or_reported(place in any::<usize>(), other in any::<usize>(), value in value()) {
        for source in [SMALL, SERVER] {
            let text = with(&with(source, place, &value), other, &value);
            let read = if source == SMALL {
                parse_plant("plant.toml", &text).map(|it| format!("{it:?}"))
            } else {
                parse_server("server.toml", &text).map(|it| format!("{it:?}"))
            };
            match read {
                // Placeholders of wrong numbers are NaN; none may come through.
                Ok(printed) => assert!(!printed.contains("NaN"), "{printed}"),
                Err(mistakes) => assert_points_into(&text, &mistakes),
            }
        }
    }

    #[test]
    fn any_line_may_be_missing(place in any::<usize>()) {
        let lines: Vec<&str> = SMALL.lines().collect();
        let left_out = place % lines.len();
        let kept = lines.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, it)| *it);
        let text = kept.collect::<Vec<_>>().join("\n");
        match parse_plant("plant.toml", &text) {
            Ok(plant) => assert!(!format!("{plant:?}").contains("NaN"), "without {}", lines[left_out]),
            Err(mistakes) => assert_points_into(&text, &mistakes),
        }
    }

    #[test]
    fn any_cut_of_a_file_is_read_without_panic(from in 0..SMALL.len(), to in 0..SMALL.len()) {
        let text = &SMALL[from.min(to)..from.max(to)];
        if let Err(mistakes) = parse_plant("plant.toml", text) {
            assert_points_into(text, &mistakes);
        }
    }

    #[test]
    fn any_users_file_lets_nobody_in_or_is_read(text in any::<String>()) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("users.toml"), &text).unwrap();
        if let Ok(mut users) = Users::open(folder.path()) {
            prop_assert_eq!(users.current().names().count(), 0);
        }
    }
}
