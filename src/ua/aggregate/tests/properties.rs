//! What holds of any history.

use opcua_types::StatusCode;
use proptest::prelude::*;

use crate::ua::aggregate::tests::memory::{Memory, at, number, point};
use crate::ua::aggregate::{
    Aggregate, AggregateSettings, Configuration, Function, Kind, Point, Processed, Query,
};

/// Samples in order of time, some at one time, of all qualities if `with_bad`.
fn points(with_bad: bool) -> impl Strategy<Value = Vec<Point>> {
    let status = if with_bad {
        prop_oneof![
            6 => Just(StatusCode::Good),
            1 => Just(StatusCode::UncertainSubNormal),
            1 => Just(StatusCode::BadSensorFailure),
            1 => Just(StatusCode::BadNoData),
        ]
        .boxed()
    } else {
        Just(StatusCode::Good).boxed()
    };
    proptest::collection::vec((0_u32..40, -5_i32..5, status), 0..60).prop_map(|steps| {
        let mut quarters = 0;
        steps
            .into_iter()
            .map(|(step, value, status)| {
                quarters += step;
                let value = Some(f64::from(value)).filter(|_| status.is_good() || !status.is_bad());
                point(f64::from(quarters) / 4.0, value, status)
            })
            .collect()
    })
}

fn query() -> impl Strategy<Value = Query> {
    let function = proptest::sample::select(Function::ALL.map(|(_, it)| it).to_vec());
    let times = (-20_i32..400, 1_i32..300, 1_u32..40, any::<bool>());
    let configuration = (any::<bool>(), any::<bool>(), 0_u8..=100, any::<bool>());
    (function, times, configuration).prop_map(|(function, times, configuration)| {
        let (from, length, interval, is_backward) = times;
        let (treat_uncertain_as_bad, use_sloped_extrapolation, percent, is_stepped) = configuration;
        let (mut start, mut end) = (at(f64::from(from)), at(f64::from(from + length)));
        if is_backward {
            std::mem::swap(&mut start, &mut end);
        }
        let configuration = Configuration {
            treat_uncertain_as_bad,
            percent_bad: percent,
            percent_good: 100 - percent,
            use_sloped_extrapolation,
        };
        let interval_ms = f64::from(interval) * 500.0;
        Query { function, start, end, interval_ms, configuration, is_stepped, kind: Kind::F64 }
    })
}

fn text(processed: &[Processed]) -> Vec<String> {
    processed.iter().map(|it| format!("{it:?}")).collect()
}

proptest! {
    /// A client sees no difference between one answer and many (HA-36).
    #[test]
    fn ha_36_pages_of_any_size_are_the_whole(
        points in points(true),
        query in query(),
        most in 1_usize..9,
        piece in 1_usize..7,
    ) {
        let intervals = query.check().unwrap();
        let whole = intervals.read(&Memory::new(points.clone()), 0, usize::MAX).unwrap();
        prop_assert_eq!(whole.len() as u64, intervals.count());
        let memory = Memory { piece, ..Memory::new(points) };
        let mut pages = Vec::new();
        while (pages.len() as u64) < intervals.count() {
            pages.extend(intervals.read(&memory, pages.len() as u64, most).unwrap());
        }
        prop_assert_eq!(text(&whole), text(&pages));
    }

    /// The mean of the whole is that of its intervals.
    #[test]
    fn ha_29_totals_of_intervals_add_up(points in points(false), is_stepped in any::<bool>()) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
        if first.time == last.time { return Ok(()) }
        for function in [Function::Total, Function::Total2] {
            let query = Query {
                function,
                start: first.time,
                end: last.time,
                interval_ms: 0.0,
                configuration: Configuration::default(),
                is_stepped,
                kind: Kind::F64,
            };
            let memory = Memory::new(points.clone());
            let sum = |interval_ms| {
                let read = Query { interval_ms, ..query }.check().unwrap().read(&memory, 0, 10_000);
                read.unwrap().iter().map(|it| number(&it.value)).sum::<f64>()
            };
            let (whole, parts) = (sum(0.0), sum(1250.0));
            prop_assert!((whole - parts).abs() < 1e-6, "{:?}: {} {}", function, whole, parts);
        }
    }

    /// Monitored items and history calculate alike, where the sample that ends an interval is not bad.
    #[test]
    fn mon_26_what_is_reported_is_what_history_says(points in points(false), query in query()) {
        let Some(last) = points.last() else { return Ok(()) };
        if !query.function.is_of_current_values() { return Ok(()) }
        let settings = AggregateSettings {
            function: query.function,
            start: at(0.0),
            interval_ms: query.interval_ms,
            configuration: query.configuration,
            is_stepped: query.is_stepped,
            kind: query.kind,
        };
        let mut aggregate = Aggregate::new(settings, at(0.0));
        let reported: Vec<Processed> = points.iter().flat_map(|it| aggregate.feed(*it)).collect();
        if points.windows(2).any(|it| it[1].time.seconds_since(it[0].time) * 1e3 > 90.0 * query.interval_ms) {
            return Ok(());
        }
        if reported.is_empty() { return Ok(()) }
        let end = at(reported.len() as f64 * query.interval_ms / 1000.0);
        prop_assert!(end <= last.time);
        let asked = Query { start: at(0.0), end, ..query };
        let read = asked.check().unwrap().read(&Memory::new(points), 0, usize::MAX).unwrap();
        prop_assert_eq!(text(&reported), text(&read));
    }
}
