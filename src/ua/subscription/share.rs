//! What one thread works on: the subscriptions of one session, and the Publish requests that carry their messages. Sessions
//! have nothing to do with each other here, so that several can be served at once.

use std::collections::BTreeMap;

use opcua_types::StatusCode;
use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use crate::ua::subscription::message::{self, Response};
use crate::ua::subscription::queue::Queue;
use crate::ua::subscription::set::{Moment, SubscriptionSet};
use crate::ua::subscription::state::Subscription;
use crate::ua::subscription::{Outgoing, SessionKey};

/// One session's part of the set. Subscriptions whose session has ended are a part of their own, without requests.
#[derive(Debug, Default)]
pub(super) struct Share<'a> {
    queue: Option<&'a mut Queue>,
    /// In the order of their ids.
    own: Vec<&'a mut Subscription>,
    /// Messages kept for Republish.
    retransmission: usize,
}

/// What came of the cycles of one share.
#[derive(Debug, Default)]
struct Done {
    /// What is to go out, each with the subscription whose cycle brought it.
    said: Vec<(u32, Outgoing)>,
    /// Subscriptions whose lives are over.
    ended: Vec<u32>,
}

impl SubscriptionSet {
    /// Runs a cycle of each of `due`, ids in their order. What goes out is the same, in the same order, however many threads work.
    pub(super) fn cycles(
        &mut self,
        due: &[u32],
        moment: &Moment<'_>,
        outgoing: &mut Vec<Outgoing>,
    ) {
        let items = due.iter().filter_map(|it| self.all.get(it)).map(|it| it.items.len()).sum();
        let mut shares: BTreeMap<Option<SessionKey>, Share<'_>> = BTreeMap::new();
        let retransmission = self.bounds.retransmission;
        for (session, queue) in &mut self.queues {
            let share = Share { queue: Some(queue), own: Vec::new(), retransmission };
            shares.insert(Some(*session), share);
        }
        for subscription in self.all.values_mut() {
            shares.entry(subscription.session).or_default().own.push(subscription);
        }
        let mut shares: Vec<Share<'_>> = shares.into_values().collect();
        let run = |share: &mut Share<'_>| share.run(due, moment);
        let done: Vec<Done> = match self.workers.for_items(items) {
            Some(pool) => pool.install(|| shares.par_iter_mut().map(run).collect()),
            None => shares.iter_mut().map(run).collect(),
        };
        let mut said = Vec::new();
        for share in done {
            said.extend(share.said);
            share.ended.into_iter().for_each(|it| self.forget(it));
        }
        said.sort_by_key(|(id, _)| *id);
        outgoing.extend(said.into_iter().map(|(_, message)| message));
    }

    /// Gives waiting Publish requests of `session` to what is late.
    pub(super) fn serve(
        &mut self,
        session: SessionKey,
        moment: &Moment<'_>,
        outgoing: &mut Vec<Outgoing>,
    ) {
        let own = self.all.values_mut().filter(|it| it.session == Some(session));
        let mut share = Share {
            own: own.collect(),
            queue: self.queues.get_mut(&session),
            retransmission: self.bounds.retransmission,
        };
        while let Some(message) = share.say(moment) {
            outgoing.push(message);
        }
    }
}

impl Share<'_> {
    fn run(&mut self, due: &[u32], moment: &Moment<'_>) -> Done {
        let mut done = Done::default();
        let own = self.own.iter().map(|it| it.id).filter(|it| due.binary_search(it).is_ok());
        for id in own.collect::<Vec<u32>>() {
            self.cycle(id, moment, &mut done);
        }
        done
    }

    /// One cycle of one subscription.
    fn cycle(&mut self, id: u32, moment: &Moment<'_>, done: &mut Done) {
        let Some(at) = self.own.iter().position(|it| it.id == id) else { return };
        let has_request = self.queue.as_ref().is_some_and(|it| !it.requests.is_empty());
        match self.own[at].cycle(moment.now_ms, has_request) {
            Some(true) if has_request => {
                while let Some(message) = self.say(moment) {
                    done.said.push((id, message));
                }
            }
            Some(_) => {}
            None => {
                let gone = self.own.remove(at);
                if let Some(queue) = &mut self.queue {
                    let farewell = gone.farewell(StatusCode::BadTimeout, moment.utc);
                    queue.notice(id, farewell);
                }
                done.ended.push(id);
            }
        }
    }

    /// Gives the oldest Publish request to what is late: notices, then by priority.
    fn say(&mut self, moment: &Moment<'_>) -> Option<Outgoing> {
        let queue = self.queue.as_mut()?;
        if let Some((subscription, message)) =
            (!queue.requests.is_empty()).then(|| queue.notices.pop_front()).flatten()
        {
            let request = queue.requests.pop_front()?;
            let response =
                Response { subscription, available: &[], more: false, message: &message };
            return Some(message::publish_response(&request, &response, moment.utc));
        }
        let late = self.own.iter_mut();
        let late = late.filter_map(|it| it.turn(moment.now_ms).map(|turn| (turn, it)));
        let (_, found) = late.max_by(|(one, _), (other, _)| {
            (one.0, one.1).cmp(&(other.0, other.1)).then(one.2.total_cmp(&other.2))
        })?;
        let request = queue.requests.pop_front()?;
        let bounds = (self.retransmission, moment.now_ms);
        let said = found.say(moment.utc, moment.context, request.max_bytes, bounds);
        let response = Response {
            subscription: found.id,
            available: &said.available,
            more: said.more,
            message: &said.bytes,
        };
        Some(message::publish_response(&request, &response, moment.utc))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opcua_types::{ContextOwned, TimestampsToReturn};

    use super::*;
    use crate::config;
    use crate::engine::{CHUNK_TAGS, Chunk, Snapshot};
    use crate::field::Quality;
    use crate::tag::{TagIndex, Value};
    use crate::time::Timestamp;
    use crate::ua::permission::ClassIndex;
    use crate::ua::subscription::{
        Asked, DataFilter, ItemSettings, LiveValues, Mode, NewItem, Owner, Pass, PublishRequest,
        Source,
    };

    const TAGS: u32 = 12_000;
    const SESSIONS: u32 = 3;

    /// Every third value changes with each scan.
    fn snapshot(scan: u64) -> Snapshot {
        let time = Timestamp::from_ticks(scan as i64);
        let chunk = |first: u32| {
            let tags = first..(first + CHUNK_TAGS as u32);
            let number =
                |tag: u32| if tag.is_multiple_of(3) { f64::from(tag) + scan as f64 } else { 1.0 };
            Arc::new(Chunk {
                values: tags.map(|it| Value::F64(number(it))).collect(),
                qualities: vec![Quality::Good; CHUNK_TAGS],
                times: vec![time; CHUNK_TAGS],
            })
        };
        let chunks = (0..=TAGS).step_by(CHUNK_TAGS).map(chunk).collect();
        Snapshot { scan, revision: scan, time, chunks, ..Snapshot::default() }
    }

    /// One session has one large subscription, the others several smaller ones.
    fn watching(threads: usize) -> SubscriptionSet {
        let mut set = SubscriptionSet::new(&config::default_server().limits, 1000.0);
        set.set_threads(threads);
        let (first, live) = (snapshot(1), LiveValues::default());
        let pass = Pass { snapshot: &first, live: &live, utc: Timestamp::default() };
        let asked = Asked {
            interval_ms: 1000.0,
            lifetime: 1000,
            keep_alive: 10,
            notifications: 0,
            is_publishing: true,
            priority: 0,
        };
        for session in 0..SESSIONS {
            let parts = 1 + 3 * session;
            for part in 0..parts {
                let made = set.create(SessionKey(session), Owner::default(), &asked, 0.0);
                let (id, _) = made.expect("there is room");
                for tag in (part..TAGS).step_by(parts as usize) {
                    let item = item(tag);
                    set.add_item(SessionKey(session), id, item, &pass).expect("there is room");
                }
            }
        }
        set
    }

    fn item(tag: u32) -> NewItem {
        let settings = ItemSettings {
            client_handle: tag,
            timestamps: TimestampsToReturn::Both,
            every: 1,
            filter: DataFilter::default(),
            queue_size: 1 + tag % 3,
            discard_oldest: true,
        };
        let (source, mode) = (Source::Tag(TagIndex(tag)), Mode::Reporting);
        NewItem { source, class: ClassIndex::PROCESS, mode, settings, aggregate: None }
    }

    /// What a set with so many threads says in some scans.
    fn said(threads: usize) -> Vec<Outgoing> {
        let mut set = watching(threads);
        let (live, utc) = (LiveValues::default(), Timestamp::from_ticks(7));
        let types = ContextOwned::default();
        let context = types.context();
        let mut outgoing = Vec::new();
        for scan in 2..6_u64 {
            let now_ms = scan as f64 * 1000.0;
            let moment = Moment { now_ms, utc, context: &context };
            for session in 0..SESSIONS {
                for id in 0..4 {
                    let (deadline_ms, max_bytes) = (f64::INFINITY, 1 << 20);
                    let request = PublishRequest {
                        channel: session,
                        id,
                        handle: id,
                        results: Vec::new(),
                        deadline_ms,
                        max_bytes,
                    };
                    set.publish(SessionKey(session), request, &moment, &mut outgoing)
                        .expect("it has subscriptions");
                }
            }
            let seen = snapshot(scan);
            let pass = Pass { snapshot: &seen, live: &live, utc };
            set.sample(&pass, &moment, &mut outgoing);
        }
        outgoing
    }

    #[test]
    fn several_threads_say_what_one_says_in_the_same_order() {
        let alone = said(1);
        assert!(alone.iter().map(|it| it.body.len()).sum::<usize>() > 1 << 20);
        assert!(alone == said(2), "two threads say something else");
        assert!(alone == said(5), "five threads say something else");
    }
}
