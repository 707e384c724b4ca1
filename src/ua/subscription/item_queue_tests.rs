//! The queue of an item beside a plain model of it.

use std::collections::VecDeque;

use opcua_types::{StatusCode, TimestampsToReturn};
use proptest::prelude::*;

use super::*;
use crate::access::{Role, Roles};
use crate::tag::{TagIndex, Value};
use crate::time::Timestamp;
use crate::ua::permission::{ClassIndex, Classes, Rights, Security};
use crate::ua::subscription::{DataFilter, ItemSettings, Mode, NewItem, Source};

fn settings(queue_size: u32, discard_oldest: bool) -> ItemSettings {
    ItemSettings {
        client_handle: 1,
        timestamps: TimestampsToReturn::Both,
        every: 1,
        filter: DataFilter::default(),
        queue_size,
        discard_oldest,
    }
}

fn item(queue_size: u32, discard_oldest: bool) -> Item {
    let new = NewItem {
        source: Source::Tag(TagIndex(0)),
        class: ClassIndex::PROCESS,
        mode: Mode::Reporting,
        settings: settings(queue_size, discard_oldest),
        aggregate: None,
    };
    Item::new(1, new, 1)
}

fn entry(value: u32) -> Entry {
    let stamp = Stamp { status: 0, source: Timestamp::default(), server: Timestamp::default() };
    Entry { value: Held::Tag(Value::U32(value)), stamp }
}

/// The values that wait, and their status.
fn drain(item: &mut Item) -> Vec<(Value, u32)> {
    let mut all = Vec::new();
    while let Some((value, stamp)) = item.front() {
        let Held::Tag(value) = value.clone() else { break };
        all.push((value, stamp.status));
        item.pop();
    }
    all
}

fn told(values: &[(u32, u16)]) -> Vec<(Value, u32)> {
    values.iter().map(|(value, marks)| (Value::U32(*value), u32::from(*marks))).collect()
}

fn may_read(may: bool) -> Rights {
    let roles = if may { Roles::NONE.with(Role::Operator) } else { Roles::NONE };
    Rights::new(&Classes::default(), roles, Security::default())
}

#[test]
fn an_item_is_small() {
    assert!(size_of::<Item>() <= 96, "{} bytes", size_of::<Item>());
}

#[test]
fn mon_07_a_queue_of_one_keeps_the_newest_without_overflow() {
    for discard_oldest in [true, false] {
        let mut item = item(1, discard_oldest);
        (1..=3).for_each(|it| item.push(entry(it), 0));
        assert_eq!(drain(&mut item), told(&[(3, 0)]));
        assert!(item.extras.is_none(), "what nobody needs is not made");
    }
}

#[test]
fn mon_07_the_overflow_bit_stands_on_the_side_that_lost() {
    let mut oldest = item(3, true);
    (1..=5).for_each(|it| oldest.push(entry(it), 0));
    assert_eq!(drain(&mut oldest), told(&[(3, OVERFLOW), (4, 0), (5, 0)]));
    let mut newest = item(3, false);
    (1..=5).for_each(|it| newest.push(entry(it), 0));
    assert_eq!(drain(&mut newest), told(&[(1, 0), (2, 0), (5, OVERFLOW)]));
}

#[test]
fn mon_10_a_queue_that_shrinks_keeps_its_newest_values() {
    let mut item = item(5, true);
    (1..=5).for_each(|it| item.push(entry(it), 0));
    item.modify(&settings(2, true), None);
    assert_eq!(drain(&mut item), told(&[(4, OVERFLOW), (5, 0)]));
}

#[test]
fn mon_22_denial_is_told_once_and_what_may_be_read_again_begins_anew() {
    let mut item = item(3, true);
    item.push(entry(1), 0);
    item.push(entry(2), 0);
    let denied = StatusCode::BadUserAccessDenied.bits();
    item.set_rights(&may_read(false), Timestamp::default());
    item.set_rights(&may_read(false), Timestamp::default());
    assert_eq!(drain(&mut item), [(Value::Null, denied)]);
    item.resend();
    assert!(!item.waits());
    item.set_rights(&may_read(true), Timestamp::default());
    assert!(item.last.is_none() && item.extras.is_none());
}

/// What happens to an item.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A value passes the filter, told with these bits.
    Push(u16),
    /// A value that is calculated.
    PushApart,
    Pop,
    Modify(u32, bool),
    Resend,
    Forget,
    May(bool),
}

/// The rules of a queue, said as plainly as can be.
struct Model {
    queue: VecDeque<(Value, u32)>,
    last: Option<Value>,
    size: usize,
    discard_oldest: bool,
    is_denied: bool,
    overflows: u32,
}

impl Model {
    fn put(&mut self, value: Value, status: u32) {
        let overflow = u32::from(OVERFLOW);
        if self.size == 1 {
            self.queue = [(value, status)].into();
        } else if self.queue.len() < self.size {
            self.queue.push_back((value, status));
        } else if self.discard_oldest {
            self.overflows += 1;
            self.queue.pop_front();
            self.queue.push_back((value, status));
            self.queue[0].1 |= overflow;
        } else {
            self.overflows += 1;
            self.queue.pop_back();
            self.queue.push_back((value, status | overflow));
        }
    }

    fn shrink(&mut self) {
        while self.queue.len() > self.size {
            if self.discard_oldest {
                self.queue.pop_front();
                if self.size > 1 {
                    self.queue[0].1 |= u32::from(OVERFLOW);
                }
            } else {
                self.queue.pop_back();
            }
        }
    }

    fn forget(&mut self) {
        self.queue.clear();
        self.last = None;
    }

    fn step(&mut self, step: Step, number: u32) {
        match step {
            Step::Push(marks) => {
                self.put(Value::U32(number), marks.into());
                self.last = Some(Value::U32(number));
            }
            Step::PushApart => self.put(Value::U32(number), 0),
            Step::Pop => drop(self.queue.pop_front()),
            Step::Modify(size, discard_oldest) => {
                (self.size, self.discard_oldest) = (size as usize, discard_oldest);
                self.shrink();
            }
            Step::Resend if self.queue.is_empty() => {
                self.queue.extend(self.last.clone().map(|it| (it, 0)));
            }
            Step::Forget => self.forget(),
            Step::May(may) if may == self.is_denied => {
                self.is_denied = !may;
                self.forget();
                if !may {
                    self.put(Value::Null, StatusCode::BadUserAccessDenied.bits());
                }
            }
            Step::Resend | Step::May(_) => (),
        }
    }
}

fn act(item: &mut Item, step: Step, number: u32) {
    match step {
        Step::Push(marks) => item.push(entry(number), marks),
        Step::PushApart => item.push_apart(entry(number)),
        Step::Pop => item.pop(),
        Step::Modify(size, discard_oldest) => item.modify(&settings(size, discard_oldest), None),
        Step::Resend => item.resend(),
        Step::Forget => item.forget(),
        Step::May(may) => item.set_rights(&may_read(may), Timestamp::default()),
    }
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop_oneof![4 => Just(0), 1 => Just(0x4000)].prop_map(Step::Push),
        2 => Just(Step::PushApart),
        3 => Just(Step::Pop),
        1 => (1..6_u32, any::<bool>()).prop_map(|(size, oldest)| Step::Modify(size, oldest)),
        1 => Just(Step::Resend),
        1 => Just(Step::Forget),
        1 => any::<bool>().prop_map(Step::May),
    ]
}

proptest! {
    #[test]
    fn a_queue_keeps_the_rules_whatever_happens(
        size in 1..6_u32,
        discard_oldest in any::<bool>(),
        all in prop::collection::vec(steps(), 1..60),
    ) {
        let mut item = item(size, discard_oldest);
        let (queue, size) = (VecDeque::new(), size as usize);
        let mut model =
            Model { queue, last: None, size, discard_oldest, is_denied: false, overflows: 0 };
        for (step, number) in all.into_iter().zip(1..) {
            act(&mut item, step, number);
            model.step(step, number);
            prop_assert_eq!(item.queued(), model.queue.len());
            prop_assert_eq!(item.waits(), !model.queue.is_empty());
            let front = item.front().map(|(value, stamp)| (value.clone(), stamp.status));
            let wanted = model.queue.front().cloned();
            prop_assert_eq!(front, wanted.map(|(value, status)| (Held::Tag(value), status)));
            prop_assert_eq!(item.overflows(), model.overflows);
        }
        prop_assert_eq!(drain(&mut item), Vec::from(model.queue));
    }
}
