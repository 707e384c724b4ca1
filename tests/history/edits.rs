//! Histories that clients edit, beside a plain list: what is read is what the list says.

use std::path::Path;

use cellhouse::history::{
    By, Change, Direction, Edit, Edited, History, HistoryConfig, HistoryError, Modified, Reader,
    Request, Sample, SeriesId, Span,
};
use cellhouse::rng::Stream;
use cellhouse::time::Timestamp;

use crate::support::{all, below, is_same, number, open, small};

/// A sample as the plain list has it.
#[derive(Clone, Debug)]
struct Entry {
    sample: Sample,
    is_base: bool,
}

/// What a history should be.
#[derive(Debug, Default)]
struct Model {
    /// In order of time; of one time those of edits first, then in the order of arrival.
    entries: Vec<Entry>,
    /// In order of time, then of the edit.
    modified: Vec<Modified>,
}

impl Model {
    fn add(&mut self, sample: Sample, is_base: bool) {
        self.entries.push(Entry { sample, is_base });
        self.entries.sort_by_key(|it| (it.sample.time, it.is_base));
    }

    fn tell(&mut self, sample: Sample, change: Change, by: &By) {
        self.modified.push(Modified { sample, change, by: by.clone().into() });
        self.modified.sort_by_key(|it| it.sample.time);
    }

    fn has(&self, time: Timestamp) -> bool {
        self.entries.iter().any(|it| it.sample.time == time)
    }

    fn take(&mut self, span: std::ops::Range<Timestamp>, change: Change, by: &By) -> bool {
        let goes = |it: &Entry| span.contains(&it.sample.time);
        let gone: Vec<Entry> = self.entries.iter().filter(|it| goes(it)).cloned().collect();
        self.entries.retain(|it| !goes(it));
        for entry in &gone {
            self.tell(entry.sample.clone(), change, by);
        }
        !gone.is_empty()
    }

    fn put(&mut self, sample: &Sample, change: Change, by: &By) -> Edited {
        let time = sample.time;
        match (change, self.has(time)) {
            (Change::Insert, true) => return Edited::Exists,
            (Change::Replace, false) => return Edited::NoEntry,
            _ => {}
        }
        let was_there = self.take(time..time.plus_ticks(1), change, by);
        if !was_there {
            self.tell(sample.clone(), Change::Insert, by);
        }
        self.add(sample.clone(), false);
        if was_there { Edited::Replaced } else { Edited::Inserted }
    }

    fn edit(&mut self, edit: &Edit, by: &By) -> Vec<Edited> {
        let deleted = |it| if it { Edited::Deleted } else { Edited::NoEntry };
        match edit {
            Edit::Insert(all) => all.iter().map(|it| self.put(it, Change::Insert, by)).collect(),
            Edit::Replace(all) => all.iter().map(|it| self.put(it, Change::Replace, by)).collect(),
            Edit::Update(all) => all.iter().map(|it| self.put(it, Change::Update, by)).collect(),
            Edit::DeleteRaw { from, to } => {
                vec![deleted(self.take(*from..*to, Change::Delete, by))]
            }
            Edit::DeleteAt(all) => {
                let one =
                    |it: &Timestamp| deleted(self.take(*it..it.plus_ticks(1), Change::Delete, by));
                all.iter().map(one).collect()
            }
        }
    }
}

/// Any edit of times from 0 to `end`.
fn any_edit(random: &mut Stream, end: usize, value: f64) -> Edit {
    let time = |random: &mut Stream| below(random, end) as i64;
    let samples = |random: &mut Stream| -> Vec<Sample> {
        (0..=below(random, 5)).map(|it| number(time(random), value + it as f64)).collect()
    };
    match below(random, 6) {
        0 => Edit::Insert(samples(random)),
        1 => Edit::Replace(samples(random)),
        2 => Edit::Update(samples(random)),
        3 => Edit::DeleteAt(samples(random).into_iter().map(|it| it.time).collect()),
        4 => {
            let from = time(random);
            let to = from + below(random, 30) as i64;
            Edit::DeleteRaw { from: Timestamp::from_ticks(from), to: Timestamp::from_ticks(to) }
        }
        _ => {
            let (from, to) = (time(random) - 5, time(random) + 1000 * time(random));
            Edit::DeleteRaw { from: Timestamp::from_ticks(from), to: Timestamp::from_ticks(to) }
        }
    }
}

fn pages(reader: &Reader, series: SeriesId, mut request: Request) -> Vec<Sample> {
    let mut read = Vec::new();
    loop {
        let page = reader.page(series, &request).unwrap();
        read.extend(page.samples);
        request.start = page.next;
        if page.next.is_none() {
            return read;
        }
    }
}

fn modified_pages(reader: &Reader, series: SeriesId, mut request: Request) -> Vec<Modified> {
    let mut read = Vec::new();
    loop {
        let page = reader.modified_page(series, &request).unwrap();
        assert!(page.values.len() <= request.limit);
        read.extend(page.values);
        request.start = page.next;
        if page.next.is_none() {
            return read;
        }
    }
}

/// Compares all that can be read of a span.
fn check(reader: &Reader, series: SeriesId, model: &Model, random: &mut Stream) {
    let at = |random: &mut Stream| Timestamp::from_ticks(below(random, 500) as i64);
    let (one, other) = (at(random), at(random));
    for span in [Span::ALL, Span { from: one.min(other), to: one.max(other) }] {
        let is_in = |time: Timestamp| span.from <= time && time <= span.to;
        let mut samples: Vec<Sample> =
            model.entries.iter().map(|it| it.sample.clone()).filter(|it| is_in(it.time)).collect();
        let mut modified: Vec<Modified> =
            model.modified.iter().filter(|it| is_in(it.sample.time)).cloned().collect();
        for direction in [Direction::Forward, Direction::Reverse] {
            let request = Request { span, direction, limit: 1 + below(random, 40), start: None };
            let read = pages(reader, series, request);
            assert!(is_same(&read, &samples), "{direction:?}\n{read:?}\n{samples:?}");
            assert_eq!(modified_pages(reader, series, request), modified, "{direction:?}");
            samples.reverse();
            modified.reverse();
        }
    }
    let whole: Vec<Sample> = model.entries.iter().map(|it| it.sample.clone()).collect();
    assert!(is_same(&all(reader, series, Direction::Forward), &whole));
    let last = whole.iter().rfind(|it| it.time < one).cloned();
    assert_eq!(reader.last_before(series, one).unwrap(), last);
    let first = whole.iter().find(|it| it.time > one).cloned();
    assert_eq!(reader.first_after(series, one).unwrap(), first);
}

/// A run of recording, editing, sealing and opening anew.
fn run(seed: u64, folder: &Path) {
    let mut random = Stream::new(seed, "edits");
    let head_samples = [20, 60, 100_000][below(&mut random, 3)];
    let mut history = open(folder, head_samples);
    let paths = ["A", "B"];
    let mut series = paths.map(|it| history.series(it));
    let mut models = [Model::default(), Model::default()];
    let mut waiting: Vec<(usize, Sample)> = Vec::new();
    let mut ticks = 0;
    for step in 0..500_i32 {
        let which = below(&mut random, 2);
        match below(&mut random, 20) {
            0..12 => {
                // Time mostly goes on, stands still, and goes back at times, into what was deleted.
                ticks = match below(&mut random, 12) {
                    0 => (ticks - below(&mut random, 60) as i64).max(0),
                    1..=3 => ticks,
                    _ => ticks + 1,
                };
                let sample = number(ticks, f64::from(step));
                history.append(series[which], sample.clone()).unwrap();
                waiting.push((which, sample));
            }
            12..15 => {
                history.commit().unwrap();
                waiting.drain(..).for_each(|(which, it)| models[which].add(it, true));
                history.tend(Timestamp::default()).unwrap();
            }
            15..19 => {
                let by =
                    By { user: format!("u{}", step % 3), time: Timestamp::from_ticks(step.into()) };
                let edit = any_edit(&mut random, ticks as usize + 5, f64::from(step) + 0.5);
                let edited = history.edit(series[which], &edit, &by).unwrap();
                assert_eq!(edited, models[which].edit(&edit, &by), "{edit:?}");
            }
            _ => {
                history.commit().unwrap();
                waiting.drain(..).for_each(|(which, it)| models[which].add(it, true));
                if step % 3 == 0 {
                    history.seal_all().unwrap();
                }
                drop(history);
                let (again, recovered) = History::open(folder, small(head_samples)).unwrap();
                assert_eq!((recovered.edits_cut_bytes, recovered.edits_damaged), (0, 0));
                history = again;
                series = paths.map(|it| history.series(it));
            }
        }
        if step % 10 == 0 {
            check(&history.reader(), series[which], &models[which], &mut random);
        }
    }
}

#[test]
fn an_edited_history_reads_as_a_list_that_was_edited_alike() {
    for seed in 0..30 {
        run(seed, tempfile::tempdir().unwrap().path());
    }
}

#[test]
fn more_edits_than_configured_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = HistoryConfig { edits_max: 2, ..small(1000) };
    let mut history = History::open(folder.path(), config).unwrap().0;
    let series = history.series("A");
    let by = By { user: "olga".into(), time: Timestamp::from_ticks(9) };
    let edit = Edit::Insert((0..3).map(|it| number(it, 0.0)).collect());
    let error = history.edit(series, &edit, &by).unwrap_err();
    assert!(matches!(error, HistoryError::EditsMax { count: 0, more: 3, max: 2 }), "{error}");
    assert!(all(&history.reader(), series, Direction::Forward).is_empty());
}

/// Millions of deleted samples cost one entry: they are read where they are.
#[test]
fn a_deleted_span_is_kept_as_a_span() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(folder.path(), 10_000);
    let series = history.series("A");
    for index in 0..100_000 {
        history.append(series, number(index, 0.0)).unwrap();
        if index % 1000 == 999 {
            history.commit().unwrap();
            history.tend(Timestamp::default()).unwrap();
        }
    }
    let by = By { user: "olga".into(), time: Timestamp::from_ticks(9) };
    let (from, to) = (Timestamp::from_ticks(10), Timestamp::from_ticks(99_990));
    history.edit(series, &Edit::DeleteRaw { from, to }, &by).unwrap();
    assert_eq!(all(&history.reader(), series, Direction::Reverse).len(), 20);
    assert!(std::fs::metadata(folder.path().join("edits.log")).unwrap().len() < 100);
    assert_eq!(history.reader().modified(series, Span::ALL, Direction::Forward).count(), 99_980);
}
