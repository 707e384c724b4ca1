//! The program: a command line around the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    cellhouse::app::main()
}
