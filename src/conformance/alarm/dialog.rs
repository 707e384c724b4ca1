//! Dialogs (Part 9, 5.6).

use opcua_types::{StatusCode, Variant};

use crate::conformance::alarm::stage::{method, on_stage};
use crate::conformance::bench::{read_one, standard};
use crate::conformance::expect::{equal, that};
use crate::conformance::{Bench, Check, Stop};

fn respond(option: i32) -> (u32, Vec<Variant>) {
    (method::RESPOND, vec![Variant::Int32(option)])
}

pub(super) fn ac_23(bench: &Bench) -> Check {
    on_stage(bench, |stage| {
        let dialog = stage.condition("Dialog")?;
        equal(&dialog.kind, &standard(2830), "type of the dialog")?;
        let inactive = [StatusCode::BadDialogNotActive];
        stage.answers(&dialog.node, respond(0), &inactive, "Respond to what asks nothing")?;
        stage.write("DialogSource", true)?;
        let asks = stage.until(dialog, "asks", |it| it.is("DialogState.Id"))?;
        that(asks.is("Retain") && !asks.text("Prompt").is_empty(), format!("{asks:?}"))?;
        let options = read_one(&mut stage.hand, dialog.member("ResponseOptionSet")?)?;
        let Variant::Array(options) = options else {
            return Err(Stop::unexpected("ResponseOptionSet", "an array", format!("{options:?}")));
        };
        let count = options.values.len() as i32;
        that(count > 0, "a dialog without answers")?;
        let invalid = [StatusCode::BadDialogResponseInvalid];
        for option in [count, -1, i32::MAX] {
            let of = format!("Respond with {option} of {count} answers");
            stage.answers(&dialog.node, respond(option), &invalid, &of)?;
        }
        stage.done(&dialog.node, method::RESPOND, respond(count - 1).1, "Respond")?;
        let done = stage.until(dialog, "asks no more", |it| it.is_not("DialogState.Id"))?;
        equal(done.field("LastResponse").clone(), Variant::Int32(count - 1), "LastResponse")?;
        that(done.is_not("Retain"), "a dialog that was answered is retained")?;
        stage.answers(&dialog.node, respond(0), &inactive, "Respond for the second time")?;
        stage.write("DialogSource", false)?;
        stage.ear.quiet(stage.is_ours())?;
        stage.write("DialogSource", true)?;
        stage.until(dialog, "asks again", |it| it.is("DialogState.Id"))?;
        stage.with_comment(dialog, (&dialog.node, method::RESPOND_2), vec![Variant::Int32(0)])
    })
}
