//! What each command does: puts the layers together, talks to the person at the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the command line talks here")]

mod audit;
mod cert;
mod check;
mod conformance;
mod figures;
mod files;
mod history;
mod hosts;
mod nodes;
mod own_certificate;
mod record;
mod recording;
mod run;
pub mod simulate;
mod simulation;
mod user;
mod works;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, RunArgs};

/// Why a command failed, in words for a person.
type Failure = Box<dyn Error>;

/// Reads the command line and does what it says. Exit status 0 if all went well, 1 if not.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or_else(|| Command::Run(RunArgs::default())) {
        Command::Run(args) => run::run(&args),
        Command::Check(files) => check::check(&files),
        Command::Simulate(args) => simulation::simulate(&args),
        Command::Nodes(args) => nodes::nodes(&args),
        Command::Conformance(args) => match conformance::conformance(&args) {
            Ok(false) => return ExitCode::FAILURE,
            other => other.map(|_| ()),
        },
        Command::Cert(command) => cert::cert(command),
        Command::User(command) => user::user(command),
        Command::Audit(command) => audit::audit(command),
        Command::History(command) => history::history(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cellhouse: {failure}");
            let mut source = failure.source();
            while let Some(cause) = source {
                eprintln!("  {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
