//! A child process that never outlives the test program, however that ends.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Starts the program in `$@`, sends it every signal that is written to standard input, and kills it
/// when standard input ends. The kernel ends it for a test program that was killed.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
{
  while read -r signal <&3; do kill -s "$signal" "$child"; done
  kill -s KILL "$child"
} 2>/dev/null &
watcher=$!
wait "$child"
code=$?
kill -s KILL "$watcher" 2>/dev/null
exit "$code"
"#;

/// A running program, and where it logs.
pub(crate) struct Process {
    name: String,
    log: PathBuf,
    supervisor: Child,
}

impl Process {
    /// Starts `program`; what it writes goes to the end of `<folder>/<name>.log`.
    pub(crate) fn start<A: AsRef<OsStr>>(
        name: &str,
        folder: &Path,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", SUPERVISOR, "sh"])
            .arg(program)
            .args(arguments);
        Self::spawn(name, folder, command)
    }

    fn spawn(name: &str, folder: &Path, mut command: Command) -> Self {
        let log = folder.join(format!("{name}.log"));
        let writer = File::options().create(true).append(true).open(&log);
        let writer = writer.unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let supervisor = command
            .stdin(Stdio::piped())
            .stdout(writer.try_clone().expect("a second handle"))
            .stderr(writer)
            // Ctrl-C is for the test program; this one ends when that has.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self {
            name: name.to_owned(),
            log,
            supervisor,
        }
    }

    /// Sends a signal, such as `TERM`, `STOP` or `CONT`.
    pub(crate) fn signal(&self, signal: &str) {
        let mut input = self.supervisor.stdin.as_ref().expect("it was not ended");
        writeln!(input, "{signal}").unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.supervisor.try_wait().expect("a child of ours")
    }

    /// The most memory that it has held, in KiB, where the system says so.
    pub(crate) fn most_memory(&self) -> Option<u64> {
        let id = self.supervisor.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        let statuses = children
            .split_whitespace()
            .filter_map(|child| std::fs::read_to_string(format!("/proc/{child}/status")).ok());
        let of = |status: String| {
            let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            most?.trim().strip_suffix(" kB")?.parse().ok()
        };
        statuses.filter_map(of).max()
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Fails with the end of its log when it is not running any more.
    pub(crate) fn must_run(&mut self) {
        if let Some(status) = self.ended() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().rev().take(15).collect();
            let end: Vec<&str> = lines.into_iter().rev().collect();
            panic!(
                "{} ended with {status}, {}:\n{}",
                self.name,
                self.log.display(),
                end.join("\n")
            );
        }
    }
}

impl Drop for Process {
    /// Kills it and waits until it is gone.
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // It is our child: there is nothing to do about an error but to go on.
        drop(self.supervisor.wait());
    }
}
