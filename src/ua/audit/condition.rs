//! Methods of conditions as deeds (Part 9, 5.10): each has an event type of its own.

use opcua_types::{ByteString, CallMethodRequest, ObjectTypeId, Variant};

use crate::ua::audit::AuditedMethod;

/// What the arguments of a method are, for the fields of its event.
#[derive(Clone, Copy)]
enum Fields {
    /// At most a comment.
    Comment,
    /// EventId and comment.
    Event,
    /// Shelving time, perhaps a comment.
    Time,
    /// Selected response, perhaps a comment.
    Response,
}

/// Method, event type, SourceName and arguments. A method whose name ends in 2 has a comment besides.
const METHODS: &[(&str, ObjectTypeId, &str, Fields)] = {
    use Fields as F;
    use ObjectTypeId as T;
    &[
        ("Enable", T::AuditConditionEnableEventType, "Method/Enable", F::Comment),
        ("Disable", T::AuditConditionEnableEventType, "Method/Disable", F::Comment),
        ("AddComment", T::AuditConditionCommentEventType, "Method/AddComment", F::Event),
        ("Acknowledge", T::AuditConditionAcknowledgeEventType, "Method/Acknowledge", F::Event),
        ("Confirm", T::AuditConditionConfirmEventType, "Method/Confirm", F::Event),
        ("TimedShelve", T::AuditConditionShelvingEventType, "Method/TimedShelve", F::Time),
        ("OneShotShelve", T::AuditConditionShelvingEventType, "Method/OneShotShelve", F::Comment),
        ("Unshelve", T::AuditConditionShelvingEventType, "Method/Unshelve", F::Comment),
        ("Silence", T::AuditConditionSilenceEventType, "Method/Silence", F::Comment),
        ("Suppress", T::AuditConditionSuppressionEventType, "Method/Suppress", F::Comment),
        ("Unsuppress", T::AuditConditionSuppressionEventType, "Method/Unsuppress", F::Comment),
        (
            "RemoveFromService",
            T::AuditConditionOutOfServiceEventType,
            "Method/RemoveFromService",
            F::Comment,
        ),
        (
            "PlaceInService",
            T::AuditConditionOutOfServiceEventType,
            "Method/PlaceInService",
            F::Comment,
        ),
        ("Reset", T::AuditConditionResetEventType, "Method/Reset", F::Comment),
        ("Respond", T::AuditConditionRespondEventType, "Method/Respond", F::Response),
    ]
};

/// As what the call of a condition's method is audited; `None` for one that changes nothing.
pub fn audited_condition(name: &str, call: &CallMethodRequest) -> Option<AuditedMethod> {
    let plain = name.strip_suffix('2').unwrap_or(name);
    let (_, kind, source_name, fields) = METHODS.iter().find(|it| it.0 == plain)?;
    let given = |at: usize| call.input_arguments.as_ref().and_then(|it| it.get(at)).cloned();
    let field =
        |name: &'static str, value: Option<Variant>| value.map(|value| (name, value)).into_iter();
    let fields = match fields {
        Fields::Comment => field("Comment", given(0)).collect(),
        Fields::Event => {
            let event = given(0).unwrap_or_else(|| ByteString::null().into());
            field("ConditionEventId", Some(event)).chain(field("Comment", given(1))).collect()
        }
        Fields::Time => field("ShelvingTime", given(0)).chain(field("Comment", given(1))).collect(),
        Fields::Response => {
            field("SelectedResponse", given(0)).chain(field("Comment", given(1))).collect()
        }
    };
    Some(AuditedMethod { kind: *kind, source_name, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audited(name: &str, arguments: Vec<Variant>) -> Option<AuditedMethod> {
        let call =
            CallMethodRequest { input_arguments: Some(arguments), ..CallMethodRequest::default() };
        audited_condition(name, &call)
    }

    #[test]
    fn ac_26_an_acknowledge_is_audited_with_its_event_and_comment() {
        let id = Variant::from(ByteString::from(vec![1, 2]));
        let audited = audited("Acknowledge", vec![id.clone(), "seen".into()]).unwrap();
        assert_eq!(audited.kind, ObjectTypeId::AuditConditionAcknowledgeEventType);
        assert_eq!(audited.source_name, "Method/Acknowledge");
        assert_eq!(audited.fields[0], ("ConditionEventId", id));
        assert_eq!(audited.fields[1], ("Comment", "seen".into()));
    }

    #[test]
    fn ac_26_shelving_and_answers_are_audited_with_what_was_asked() {
        let shelved = audited("TimedShelve2", vec![5000.0.into(), "later".into()]).unwrap();
        assert_eq!(shelved.kind, ObjectTypeId::AuditConditionShelvingEventType);
        assert_eq!(shelved.fields[0], ("ShelvingTime", 5000.0.into()));
        let answered = audited("Respond", vec![1_i32.into()]).unwrap();
        assert_eq!(answered.fields, [("SelectedResponse", 1_i32.into())]);
        assert_eq!(audited("GetGroupMemberships", Vec::new()), None);
    }
}
