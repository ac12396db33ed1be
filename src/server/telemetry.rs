//! What is logged: one line a verdict, and one an injection. Never an object, never a key.

use std::panic;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::config::{Format, Level, Log};
use crate::backup::Injection;
use crate::judge::Verdict;
use crate::request::Request;

/// Logs to standard error from now on.
///
/// # Errors
/// When something is logging already.
pub fn start(log: Log) -> anyhow::Result<()> {
    let level = level(log.level);
    let targets = Targets::new()
        .with_target("firebreak", level)
        .with_default(level.min(LevelFilter::WARN));
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let registry = tracing_subscriber::registry().with(targets);
    match log.format {
        Format::Json => registry
            .with(layer.json().flatten_event(true).with_current_span(false))
            .try_init()?,
        Format::Text => registry.with(layer).try_init()?,
    }
    panic::set_hook(Box::new(|info| {
        // Its message could quote an object.
        let place = info.location().map(ToString::to_string);
        tracing::error!(place, "the program failed");
    }));
    Ok(())
}

fn level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

/// Logs one verdict. What passes without being judged is for those who look closely.
pub fn verdict(uid: &str, request: &Request, verdict: &Verdict, took: Duration) {
    let reasons = verdict
        .violations
        .iter()
        .map(crate::policy::Violation::word);
    let reasons: Vec<&str> = reasons.collect();
    let reasons = reasons.join(",");
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                $level,
                uid,
                kind = verdict.subject.kind,
                namespace = verdict.subject.namespace,
                name = verdict.subject.name,
                subresource = request.subresource,
                operation = ?request.operation,
                user = request.user.name,
                decision = verdict.decision.name(),
                reasons,
                passed = verdict.passed,
                microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                dry_run = request.dry_run,
                "verdict"
            )
        };
    }
    if verdict.passed.is_some() {
        line!(tracing::Level::DEBUG);
    } else {
        line!(tracing::Level::INFO);
    }
}

/// Logs what became of a database that was written. Who is not told anything has nothing to be told.
pub fn injection(uid: &str, request: &Request, injection: &Injection, took: Duration) {
    let left = injection.left.as_ref();
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                $level,
                uid,
                kind = request.target.kind,
                namespace = request.target.namespace,
                name = request.target.name,
                operation = ?request.operation,
                user = request.user.name,
                defaults = injection.defaults,
                added = injection.patch.len(),
                left = left.map(|left| left.why.name()),
                why = left.map(|left| left.message.as_str()),
                warnings = injection.warnings.len(),
                microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                dry_run = request.dry_run,
                "injection"
            )
        };
    }
    if injection.patch.is_empty() && injection.warnings.is_empty() {
        line!(tracing::Level::DEBUG);
    } else {
        line!(tracing::Level::INFO);
    }
}
