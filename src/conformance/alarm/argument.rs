//! Methods of conditions with arguments that do not fit.

use opcua_types::{LocalizedText, NodeId, StatusCode, Variant};

use crate::conformance::alarm::ear::{CONDITION_TYPE, REFRESH};
use crate::conformance::alarm::stage::{about, method, on_stage, said};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::that;
use crate::conformance::{Bench, Check};

const MISSING: &[StatusCode] = &[StatusCode::BadArgumentsMissing];
const MANY: &[StatusCode] = &[StatusCode::BadTooManyArguments];
const WRONG: &[StatusCode] = &[StatusCode::BadInvalidArgument, StatusCode::BadTypeMismatch];

/// Object and method, arguments, and what the server may say.
type Wrong = ((NodeId, u32), Vec<Variant>, &'static [StatusCode]);

pub(super) fn ac_09(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let alarm = stage.condition("ExclusiveLevel")?;
        let active = stage.raise(alarm)?;
        let own = |method| (alarm.node.clone(), method);
        let id = || Variant::ByteString(active.id());
        let double = Variant::Double(1.0);
        let mut table: Vec<Wrong> = Vec::new();
        for method in [method::ACKNOWLEDGE, method::CONFIRM, method::ADD_COMMENT] {
            let extra = [about(&active.id()), vec![double.clone()]].concat();
            table.push((own(method), Vec::new(), MISSING));
            table.push((own(method), vec![id()], MISSING));
            table.push((own(method), extra, MANY));
            table.push((own(method), vec!["event".into(), said("en", "x")], WRONG));
            table.push((own(method), vec![id(), double.clone()], WRONG));
            table.push((
                own(method),
                vec![id(), vec![LocalizedText::new("en", "x")].into()],
                WRONG,
            ));
        }
        table.push((own(method::ENABLE), vec![double.clone()], MANY));
        if let Some(shelving) = alarm.members.get("ShelvingState") {
            let timed = (shelving.clone(), method::TIMED_SHELVE);
            table.push((timed.clone(), Vec::new(), MISSING));
            table.push((timed.clone(), vec!["long".into()], WRONG));
            table.push((timed, vec![double.clone(), double.clone()], MANY));
            table.push(((shelving.clone(), method::UNSHELVE), vec![double.clone()], MANY));
        }
        if let Ok(dialog) = stage.condition("Dialog") {
            let respond = (dialog.node.clone(), method::RESPOND);
            table.push((respond.clone(), Vec::new(), MISSING));
            table.push((respond, vec!["yes".into()], WRONG));
        }
        let refresh = (standard(CONDITION_TYPE), REFRESH);
        table.push((refresh.clone(), Vec::new(), MISSING));
        table.push((refresh.clone(), vec!["one".into()], WRONG));
        table.push((refresh, vec![Variant::UInt32(1), Variant::UInt32(1)], MANY));
        for ((object, method), arguments, wanted) in table {
            let of = format!("method i={method} with {arguments:?}");
            stage.answers(&object, (method, arguments), wanted, &of)?;
        }
        read_one(&mut stage.hand, &standard(2258))?;
        let open = stage.ear.refreshed()?;
        let event = open.iter().find(|it| it.is_of(&alarm.node));
        that(
            event.is_some_and(|it| it.is_not("AckedState.Id")),
            "a call that was refused has acknowledged",
        )
    })
}
