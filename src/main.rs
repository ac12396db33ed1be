//! The `firebreak` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    firebreak::cli::run()
}
