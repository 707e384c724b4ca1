//! What a condition says of itself (Part 9, 5.5 to 5.8): the same fields in its events and in its nodes.

use std::sync::Arc;

use opcua_types::{
    ByteString, LocalizedText, NodeId, ObjectTypeId, StatusCode, TimeZoneDataType, Variant,
    VariantScalarTypeId,
};

use crate::alarm::row::{Cause, Measured};
use crate::alarm::{
    AlarmIndex, AlarmKind, AlarmRow, AlarmState, Limit, Notice, SHELVED_MAX_S, Settings, Shelving,
    Toggle,
};
use crate::config::KeyType;
use crate::engine::Snapshot;
use crate::field::Quality;
use crate::tag::{TagIndex, Value};
use crate::time::{self, Timestamp};
use crate::ua::crypto::PublicKey;
use crate::ua::event::condition_text;
use crate::ua::event::{Event, no_elements};
use crate::ua::space::{NodeRef, Space, TYPES, class_of};
use crate::ua::status;
use crate::ua::value::date_time;

/// The alarm comes so long before the certificate ends, ms: 30 days.
const EXPIRATION_LIMIT_MS: f64 = 30.0 * 86_400_000.0;
/// A discrepancy may last so long, ms.
const EXPECTED_TIME_MS: f64 = 30.0 * 60_000.0;

/// A condition at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Whose.
    pub alarm: AlarmIndex,
    /// Its state, or that of the branch.
    pub state: Arc<AlarmState>,
    /// The branch that it is about.
    pub branch: Option<u64>,
    /// Whether it is of interest.
    pub retain: bool,
    /// Number of the event; `None` if there has been none.
    pub number: Option<u64>,
    /// Where its limits stand, by [`Limit`].
    pub limits: [Option<f64>; 4],
    /// What it is judged by.
    pub settings: Arc<Settings>,
    /// Plant time of the moment.
    pub now: Timestamp,
    /// What EventIds of conditions begin with.
    pub epoch: u64,
}

/// EventId of a condition's event: valid over restarts.
pub fn event_id(epoch: u64, number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&epoch.to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

/// Number of the event that an EventId stands for; `None` if it is no condition's.
pub fn event_number(epoch: u64, id: &[u8]) -> Option<u64> {
    let (start, number) = id.split_first_chunk::<8>()?;
    let number: [u8; 8] = number.try_into().ok()?;
    (u64::from_be_bytes(*start) == epoch).then(|| u64::from_be_bytes(number))
}

/// The event that a notice becomes.
pub fn of_notice(
    space: &Space,
    snapshot: &Snapshot,
    notice: &Notice,
    epoch: u64,
    received: Timestamp,
) -> Event {
    let told = Told {
        branch: notice.branch,
        retain: notice.retain,
        number: Some(notice.number),
        ..Told::new(space, snapshot, notice.alarm, Arc::clone(&notice.state), epoch)
    };
    told.event(space, received)
}

impl Told {
    /// The present occurrence of an alarm as a snapshot has it.
    pub fn new(
        space: &Space,
        snapshot: &Snapshot,
        alarm: AlarmIndex,
        state: Arc<AlarmState>,
        epoch: u64,
    ) -> Self {
        let settings = Arc::clone(&snapshot.alarms.settings[alarm.0 as usize]);
        let first = space.table().device(space.alarms().device(alarm)).first_tag.0;
        let base = |member: crate::tag::MemberIndex| {
            let sample = snapshot.sample(TagIndex(first + u32::from(member.0)));
            match sample.value {
                Value::F64(value) if sample.quality.is_usable() => Some(*value),
                _ => None,
            }
        };
        Self {
            alarm,
            branch: None,
            retain: state.is_retained(),
            number: state.event(),
            limits: Limit::ALL.map(|it| settings.limit(it, base)),
            settings,
            state,
            now: snapshot.time,
            epoch,
        }
    }

    /// As an event.
    pub fn event(self, space: &Space, received: Timestamp) -> Event {
        let device = space.alarms().device(self.alarm);
        Event {
            id: event_id(self.epoch, self.number.unwrap_or(0)),
            kind: space.condition_type(self.alarm),
            source: space.node_id(NodeRef::Device(device)),
            source_name: space.table().device(device).path.clone(),
            notifiers: space.notifiers(Some(device)),
            time: self.state.time,
            received,
            message: condition_text::message(space, &self),
            severity: self.severity(space),
            fields: Vec::new(),
            condition: Some(Box::new(self)),
        }
    }

    pub(super) fn row(&self, space: &Space) -> &'static AlarmRow {
        space.alarm_row(self.alarm)
    }

    fn severity(&self, space: &Space) -> u16 {
        match self.state.severity {
            0 => self.row(space).severity,
            severity => severity,
        }
    }

    /// A field by its path, such as `AckedState.Id`; `None` if conditions of its type have none.
    pub fn field(&self, space: &Space, path: &str) -> Option<Variant> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        self.of_event(space, path)
            .or_else(|| self.of_condition(space, first, rest))
            .or_else(|| self.of_alarm(space, first, rest))
            .or_else(|| self.of_limits(first, rest))
            .or_else(|| self.of_kind(space, path))
    }

    /// BaseEventType.
    fn of_event(&self, space: &Space, path: &str) -> Option<Variant> {
        let device = space.alarms().device(self.alarm);
        Some(match path {
            "EventId" => {
                let id = self.number.map(|it| event_id(self.epoch, it).to_vec());
                id.map_or_else(ByteString::null, ByteString::from).into()
            }
            "EventType" => space.node_id(NodeRef::Static(space.condition_type(self.alarm))).into(),
            "SourceNode" => space.node_id(NodeRef::Device(device)).into(),
            "SourceName" => space.table().device(device).path.as_str().into(),
            "Time" => date_time(self.state.time).into(),
            "ReceiveTime" => date_time(time::now()).into(),
            "LocalTime" => opcua_types::ExtensionObject::from_message(TimeZoneDataType {
                offset: time::local_offset_min(),
                daylight_saving_in_offset: true,
            })
            .into(),
            "Message" => text(&condition_text::message(space, self)),
            "Severity" => self.severity(space).into(),
            _ => return None,
        })
    }

    /// ConditionType and AcknowledgeableConditionType.
    fn of_condition(&self, space: &Space, first: &str, rest: &str) -> Option<Variant> {
        let (row, state) = (self.row(space), &*self.state);
        let (namespace, number, class) = class_of(row.class);
        Some(match (first, rest) {
            ("ConditionClassId", "") => NodeId::new(namespace, number).into(),
            ("ConditionClassName", "") => text(class),
            ("ConditionSubClassId", "") => no_elements(VariantScalarTypeId::NodeId),
            ("ConditionSubClassName", "") => no_elements(VariantScalarTypeId::LocalizedText),
            ("ConditionName", "") => row.name.into(),
            ("BranchId", "") => self.branch.map_or_else(NodeId::null, branch_id).into(),
            ("Retain", "") => self.retain.into(),
            ("SupportsFilteredRetain", "") => false.into(),
            ("ClientUserId", "") => state.user.as_str().into(),
            ("EnabledState", _) => two(state.enabled, ("Enabled", "Disabled"), rest)?,
            ("Quality", "") => quality(state.quality).into(),
            ("Quality", "SourceTimestamp") => date_time(state.quality_since).into(),
            ("LastSeverity", "") => state.last_severity.into(),
            ("LastSeverity", "SourceTimestamp") => date_time(state.severity_since).into(),
            ("Comment", "") => {
                LocalizedText::new(&state.comment.locale, &state.comment.text).into()
            }
            ("Comment", "SourceTimestamp") => date_time(state.comment.time).into(),
            ("AckedState", _) => two(state.acked, ("Acknowledged", "Unacknowledged"), rest)?,
            ("ConfirmedState", _) => two(state.confirmed, ("Confirmed", "Unconfirmed"), rest)?,
            _ => return None,
        })
    }

    /// AlarmConditionType.
    fn of_alarm(&self, space: &Space, first: &str, rest: &str) -> Option<Variant> {
        let (row, state) = (self.row(space), &*self.state);
        if row.kind.is_dialog() {
            return self.of_dialog(row, first, rest);
        }
        Some(match (first, rest) {
            ("ActiveState", "EffectiveDisplayName") => text(&condition_text::level(state)),
            ("ActiveState", _) => two(state.active, ("Active", "Inactive"), rest)?,
            ("InputNode", "") => node_id(space, space.alarm_input(self.alarm)),
            ("SuppressedState", _) => two(state.suppressed, ("Suppressed", "Unsuppressed"), rest)?,
            ("OutOfServiceState", _) => {
                two(state.out_of_service, ("Out of Service", "In Service"), rest)?
            }
            ("SilenceState", _) => two(state.silenced, ("Silenced", "Not Silenced"), rest)?,
            ("LatchedState", _) if row.is_latched => {
                two(state.latched, ("Latched", "Unlatched"), rest)?
            }
            ("SuppressedOrShelved", "") => state.is_suppressed_or_shelved().into(),
            ("MaxTimeShelved", "") if row.is_shelvable() => (SHELVED_MAX_S * 1000.0).into(),
            ("ShelvingState", _) if row.is_shelvable() => self.shelving(rest)?,
            ("OnDelay", "") => milliseconds(self.settings.on_delay_s).into(),
            ("OffDelay", "") => milliseconds(self.settings.off_delay_s).into(),
            ("ReAlarmTime", "") => milliseconds(self.settings.realarm_s).into(),
            ("ReAlarmRepeatCount", "") => state.realarm_count.into(),
            ("FirstInGroupFlag", "") => state.is_first_in_group.into(),
            ("AudibleEnabled", "") => (state.active.on && !state.silenced.on).into(),
            _ => return None,
        })
    }

    /// ShelvedStateMachineType (Part 9, 5.8.17).
    fn shelving(&self, rest: &str) -> Option<Variant> {
        let (name, id) = match self.state.shelving {
            Shelving::Unshelved => ("Unshelved", 2930_u32),
            Shelving::Timed(_) => ("Timed Shelved", 2932),
            Shelving::OneShot(_) => ("One Shot Shelved", 2933),
        };
        let transition = shelving_transition(self.state.shelving_before, self.state.shelving);
        Some(match rest {
            "CurrentState" => text(name),
            "CurrentState.Id" => NodeId::new(0, id).into(),
            "CurrentState.Name" => opcua_types::QualifiedName::new(0, name).into(),
            "UnshelveTime" => {
                let left_s =
                    self.state.shelving.until().map_or(0.0, |it| it.seconds_since(self.now));
                (1000.0 * left_s.clamp(0.0, SHELVED_MAX_S)).into()
            }
            "LastTransition" => transition.map_or(Variant::Empty, |it| text(it.1)),
            "LastTransition.Id" => {
                transition.map_or(Variant::Empty, |it| NodeId::new(0, it.0).into())
            }
            "LastTransition.TransitionTime" => date_time(self.state.shelving_since).into(),
            _ => return None,
        })
    }

    /// LimitAlarmType and its subtypes (Part 9, 5.8.18 to 5.8.22).
    fn of_limits(&self, first: &str, rest: &str) -> Option<Variant> {
        if first == "LimitState" {
            let limit = self.state.level.limits().next();
            return Some(match (rest, limit) {
                ("CurrentState", Some(limit)) => text(limit.name()),
                ("CurrentState.Id", Some(limit)) => {
                    NodeId::new(0, 9329_u32 + 2 * limit as u32).into()
                }
                ("LastTransition.TransitionTime", _) => date_time(self.state.time).into(),
                _ => Variant::Empty,
            });
        }
        Limit::ALL.into_iter().find_map(|it| self.of_limit(it, first, rest))
    }

    fn of_limit(&self, limit: Limit, first: &str, rest: &str) -> Option<Variant> {
        let setting = self.settings.limits[limit as usize]?;
        if first.strip_prefix("Severity") == Some(limit.name()) && rest.is_empty() {
            return Some(setting.severity.into());
        }
        let name = limit.name();
        Some(match (first.strip_prefix(name)?, rest) {
            ("Limit", "") => number(self.limits[limit as usize]),
            ("Deadband", "") => setting.deadband.into(),
            ("State", _) => {
                let on = self.state.level.has(limit);
                let (yes, no) = (format!("{name} active"), format!("{name} inactive"));
                let since = if on { self.state.active.since } else { self.state.time };
                two(Toggle { on, since }, (&yes, &no), rest)?
            }
            _ => return None,
        })
    }

    /// What one type has besides.
    fn of_kind(&self, space: &Space, path: &str) -> Option<Variant> {
        let row = self.row(space);
        let device = space.alarms().device(self.alarm);
        let second = match row.cause {
            Cause::Limits {
                of: Measured::Deviation(second) | Measured::Derived(second), ..
            } => space.device_member(device, second),
            _ => None,
        };
        let path = path.strip_prefix(&format!("{TYPES}:")).unwrap_or(path);
        Some(match (row.kind, path) {
            (AlarmKind::Discrepancy, "TargetValueNode") | (_, "SetpointNode") => {
                node_id(space, second)
            }
            (AlarmKind::Discrepancy, "ExpectedTime") => EXPECTED_TIME_MS.into(),
            (_, "NormalState") => {
                let has_one = matches!(row.cause, Cause::Is(_));
                let node = has_one.then(|| space.device_member(device, "NormalState"));
                node_id(space, node.flatten())
            }
            (AlarmKind::CertificateExpiration, _) => return certificate(space, path),
            (AlarmKind::AnodeEffect, "StartVoltage") => number(self.state.value),
            (AlarmKind::AnodeEffect, "MaximumVoltage") => number(self.state.extreme),
            (AlarmKind::AnodeEffect, "EstimatedCF4") => self.state.collected.into(),
            (AlarmKind::AnodeEffect, "Duration") => {
                let state = &*self.state;
                let end = if state.active.on { self.now } else { state.active.since };
                let from = state.began;
                (1000.0 * end.seconds_since(from).max(0.0)).into()
            }
            _ => return None,
        })
    }

    /// DialogConditionType (Part 9, 5.6).
    fn of_dialog(&self, row: &AlarmRow, first: &str, rest: &str) -> Option<Variant> {
        let last = row.answers.len() as i32 - 1;
        Some(match (first, rest) {
            ("DialogState", _) => two(self.state.active, ("Active", "Inactive"), rest)?,
            ("Prompt", "") => text(row.message),
            ("ResponseOptionSet", "") => {
                let options = row.answers.iter().map(|it| LocalizedText::new("en", it.text));
                Variant::from(options.collect::<Vec<_>>())
            }
            // The answer that changes nothing is what a client offers first.
            ("DefaultResponse" | "CancelResponse", "") => {
                let still = row.answers.iter().rposition(|it| it.method.is_none());
                still.map_or(last, |it| it as i32).into()
            }
            ("OkResponse", "") => 0_i32.into(),
            ("LastResponse", "") => self.state.last_response.into(),
            _ => return None,
        })
    }
}

fn certificate(space: &Space, path: &str) -> Option<Variant> {
    let (expires, der) = space.certificate()?;
    Some(match path {
        "ExpirationDate" => date_time(expires).into(),
        "ExpirationLimit" => EXPIRATION_LIMIT_MS.into(),
        "CertificateType" => NodeId::from(certificate_type(&der)).into(),
        "Certificate" => ByteString::from(der).into(),
        _ => return None,
    })
}

/// What a certificate is by its key (Part 12, 7.8.4); one that cannot be read is taken for the usual.
fn certificate_type(der: &[u8]) -> ObjectTypeId {
    match PublicKey::of_certificate(der).map(|it| it.key_type()) {
        Ok(KeyType::NistP256) => ObjectTypeId::EccNistP256ApplicationCertificateType,
        Ok(KeyType::NistP384) => ObjectTypeId::EccNistP384ApplicationCertificateType,
        Ok(KeyType::Rsa) | Err(_) => ObjectTypeId::RsaSha256ApplicationCertificateType,
    }
}

/// Number and name of a transition of ShelvedStateMachineType; `None` if there has been none.
fn shelving_transition(before: Shelving, now: Shelving) -> Option<(u32, &'static str)> {
    Some(match (before, now) {
        (Shelving::Unshelved, Shelving::Timed(_)) => (2935, "UnshelvedToTimedShelved"),
        (Shelving::Unshelved, Shelving::OneShot(_)) => (2936, "UnshelvedToOneShotShelved"),
        (Shelving::Timed(_), Shelving::Unshelved) => (2940, "TimedShelvedToUnshelved"),
        (Shelving::Timed(_), Shelving::OneShot(_)) => (2942, "TimedShelvedToOneShotShelved"),
        (Shelving::OneShot(_), Shelving::Unshelved) => (2943, "OneShotShelvedToUnshelved"),
        (Shelving::OneShot(_), Shelving::Timed(_)) => (2945, "OneShotShelvedToTimedShelved"),
        (Shelving::Unshelved, Shelving::Unshelved)
        | (Shelving::Timed(_), Shelving::Timed(_))
        | (Shelving::OneShot(_), Shelving::OneShot(_)) => return None,
    })
}

fn text(text: &str) -> Variant {
    LocalizedText::new("en", text).into()
}

fn number(value: Option<f64>) -> Variant {
    value.map_or(Variant::Empty, Variant::from)
}

fn node_id(space: &Space, node: Option<NodeRef>) -> Variant {
    node.map_or_else(NodeId::null, |it| space.node_id(it)).into()
}

/// BranchId of a branch.
fn branch_id(branch: u64) -> NodeId {
    NodeId::new(crate::ua::space::SERVER, format!("Branch{branch}"))
}

fn quality(quality: Quality) -> StatusCode {
    status::of_quality(quality)
}

/// A state that is or is not (Part 9, 5.2): its name, and what is below it.
fn two(toggle: Toggle, names: (&str, &str), rest: &str) -> Option<Variant> {
    let (yes, no) = names;
    let name = if toggle.on { yes } else { no };
    Some(match rest {
        "" | "EffectiveDisplayName" => text(name),
        "Id" => toggle.on.into(),
        "TransitionTime" | "EffectiveTransitionTime" => date_time(toggle.since).into(),
        "TrueState" => text(yes),
        "FalseState" => text(no),
        _ => return None,
    })
}

/// A delay as a Duration (Part 3, 8.13), to the nanosecond: what a client wrote is what it reads.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e9).round() / 1e6
}
