//! `kubectl`, as the users of a cluster use it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A call of `kubectl` that is being put together.
pub(crate) struct Kubectl {
    command: Command,
    shown: String,
    input: String,
}

/// How a call ended and what it wrote.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    shown: String,
}

impl Kubectl {
    pub(crate) fn new(program: &Path, kubeconfig: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command
            .env_remove("KUBECONFIG")
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(arguments);
        Self {
            command,
            shown: format!("kubectl {}", arguments.join(" ")),
            input: String::new(),
        }
    }

    /// As somebody else: a person, or `system:serviceaccount:<namespace>:<name>`.
    pub(crate) fn by(mut self, user: &str) -> Self {
        self.command.args(["--as", user]);
        self
    }

    /// As somebody of this group; `by` says who.
    pub(crate) fn of_group(mut self, group: &str) -> Self {
        self.command.args(["--as-group", group]);
        self
    }

    /// With this standard input.
    pub(crate) fn input(mut self, text: impl Into<String>) -> Self {
        self.input = text.into();
        self
    }

    /// Runs it.
    pub(crate) fn run(mut self) -> Ended {
        let streams = self.command.stdin(Stdio::piped());
        let streams = streams.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().expect("kubectl starts");
        let mut input = child.stdin.take().expect("it is piped");
        let text = self.input;
        let writer = std::thread::spawn(move || {
            // It need not read all of it: a refusal may come first.
            drop(input.write_all(text.as_bytes()));
        });
        let output = child.wait_with_output().expect("kubectl ends");
        writer.join().expect("a thread that ends");
        Ended::new(self.shown, &output)
    }

    /// Runs it, and fails unless it succeeds. What it wrote.
    pub(crate) fn succeeds(self) -> String {
        let ended = self.run();
        assert_eq!(ended.code, Some(0), "{}", ended.told());
        ended.out
    }

    /// Runs it, and fails if it succeeds. What it complained of.
    pub(crate) fn fails(self) -> String {
        let ended = self.run();
        assert_ne!(ended.code, Some(0), "{}", ended.told());
        ended.err
    }

    /// Runs it with `-o json`, and reads that.
    pub(crate) fn json(mut self) -> Value {
        self.command.args(["-o", "json"]);
        let text = self.succeeds();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Ended {
    fn new(shown: String, output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            shown,
        }
    }

    /// The call and both streams, for messages of tests.
    pub(crate) fn told(&self) -> String {
        format!("{}: {:?}\n{}{}", self.shown, self.code, self.out, self.err)
    }
}
