//! What came of a run: lines for people, JSON and JUnit for machines.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "verdict", content = "why")]
pub enum Verdict {
    /// As the row says.
    Passed,
    /// What was expected and what came.
    Failed(String),
    /// Why it was not run.
    Skipped(String),
}

/// One case of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Id, such as `RD-04`.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took.
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub took: Duration,
}

fn milliseconds<S: serde::Serializer>(took: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(took.as_millis() as u64)
}

impl Row {
    /// One line for a person.
    pub fn line(&self) -> String {
        match &self.verdict {
            Verdict::Passed => format!("{} passed", self.id),
            Verdict::Failed(why) => format!("{} FAILED {} ({})", self.id, why, self.title),
            Verdict::Skipped(why) => format!("{} skipped: {}", self.id, why),
        }
    }
}

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The server.
    pub url: String,
    /// Every case, in the order of the list.
    pub rows: Vec<Row>,
}

impl Report {
    /// Cases that passed, failed and were skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count =
            |which: fn(&Verdict) -> bool| self.rows.iter().filter(|it| which(&it.verdict)).count();
        (
            count(|it| matches!(it, Verdict::Passed)),
            count(|it| matches!(it, Verdict::Failed(_))),
            count(|it| matches!(it, Verdict::Skipped(_))),
        )
    }

    /// The last line.
    pub fn summary(&self) -> String {
        let (passed, failed, skipped) = self.counts();
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }

    /// Writes JSON.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// Writes JUnit XML.
    pub fn junit(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut suite = TestSuite::new(self.url.as_str());
        for row in &self.rows {
            let status = match &row.verdict {
                Verdict::Passed => TestCaseStatus::success(),
                Verdict::Failed(why) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(why.as_str());
                    status
                }
                Verdict::Skipped(why) => {
                    let mut status = TestCaseStatus::skipped();
                    status.set_message(why.as_str());
                    status
                }
            };
            let mut test = TestCase::new(row.id, status);
            test.set_classname(row.title).set_time(row.took);
            suite.add_test_case(test);
        }
        let mut report = quick_junit::Report::new("cellhouse conformance");
        report.add_test_suite(suite);
        report.serialize(out).map_err(io::Error::other)
    }
}
