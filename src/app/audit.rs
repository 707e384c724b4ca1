//! `cellhouse audit`: the log of who did what, checked and shown.

use std::io::{self, BufWriter, Write};

use serde_json::{Map, Value};

use crate::app::{Failure, cert};
use crate::cli::{AuditCommand, AuditShowArgs, AuditVerifyArgs};
use crate::ua::audit::{self, Line};

/// Does one of the commands.
pub(super) fn audit(command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify(&args),
        AuditCommand::Show(args) => show(&args),
    }
}

/// Fails at the first place that is not as it was written.
fn verify(args: &AuditVerifyArgs) -> Result<(), Failure> {
    let folder = audit::folder(&cert::server_of(&args.data)?.data);
    let found = audit::verify(&folder, args.head.as_deref())?;
    println!("{}: {} lines in {} files, none changed", folder.display(), found.lines, found.files);
    println!("first  {:>10}  {}", found.first.0, found.first.1);
    println!("last   {:>10}  {}", found.last.0, found.last.1);
    println!("head   {}", found.head);
    for note in &found.notes {
        println!("note   {note}");
    }
    if let Some(noted) = &args.head {
        println!("the noted hash {noted} is in it");
    } else {
        println!(
            "Whoever may write to the folder can make another whole log. Note the head where he cannot;\n\
             `cellhouse audit verify --head HASH` then says whether this is still the log that was noted."
        );
    }
    Ok(())
}

fn show(args: &AuditShowArgs) -> Result<(), Failure> {
    let folder = audit::folder(&cert::server_of(&args.data)?.data);
    let lines = audit::last_lines(&folder, args.last)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let rows = lines.iter().flat_map(rows);
    let written = rows.into_iter().try_for_each(|it| writeln!(out, "{it}"));
    match written.and_then(|()| out.flush()) {
        // The reader, such as `head`, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// A row for the line; if it tells of several operations of a Write, one for each.
fn rows(line: &Line) -> Vec<String> {
    let mut shared = line.entry.fields.clone();
    let Some(Value::Array(writes)) = shared.remove("Writes") else {
        return vec![row(line, &line.entry.fields)];
    };
    let with = |own: &Map<String, Value>| {
        let mut fields = shared.clone();
        fields.extend(own.clone());
        row(line, &fields)
    };
    writes.iter().filter_map(Value::as_object).map(with).collect()
}

/// Time, who, from where, what, and what came of it.
fn row(line: &Line, fields: &Map<String, Value>) -> String {
    let entry = &line.entry;
    let what = if entry.source.is_empty() { &entry.kind } else { &entry.source };
    let user = if entry.user.is_empty() { "-" } else { &entry.user };
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text = format!(
        "{} {} {user}@{} {what} {} {}",
        line.seq,
        entry.time,
        entry.address,
        entry.outcome,
        fields.join(" ")
    );
    // Names come from clients: nothing in them may move a terminal's cursor.
    text.chars().map(|it| if it.is_control() { '?' } else { it }).collect()
}
