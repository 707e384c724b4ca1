//! Annotations of a history (Part 11, 5.1.5, 6.6.6): what people wrote about a value or a time.
//!
//! A variable's annotations are a series beside its own; those of one time are one sample, as a list.

use std::sync::Arc;

use opcua_types::{Annotation, UAString};
use serde::{Deserialize, Serialize};

use crate::field::Quality;
use crate::history::Sample;
use crate::tag::Value;
use crate::time::Timestamp;
use crate::ua::value::date_time;

/// Annotations of one time at most.
pub const ANNOTATIONS_MAX: usize = 100;

/// One annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What is said.
    pub message: String,
    /// By whom.
    pub user: String,
    /// When it was said.
    pub time: Timestamp,
}

impl Note {
    /// As the structure of namespace 0.
    pub fn shown(&self) -> Annotation {
        Annotation {
            message: UAString::from(self.message.as_str()),
            user_name: UAString::from(self.user.as_str()),
            annotation_time: date_time(self.time),
        }
    }

    /// Of the structure.
    pub fn of(shown: &Annotation) -> Self {
        Self {
            message: shown.message.as_ref().to_owned(),
            user: shown.user_name.as_ref().to_owned(),
            time: Timestamp::from_ticks(shown.annotation_time.checked_ticks()),
        }
    }
}

/// The annotations in a sample.
pub fn read(sample: &Sample) -> Vec<Note> {
    match &sample.value {
        Value::Text(text) => serde_json::from_str(text).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// A sample of the annotations of one time.
pub fn sample(time: Timestamp, notes: &[Note]) -> Sample {
    let text = serde_json::to_string(notes).unwrap_or_default();
    Sample { time, value: Value::Text(Arc::new(text)), quality: Quality::Good }
}
