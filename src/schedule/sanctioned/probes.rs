//! Probes and circuit breakers, as far as they can be held against themselves.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::object::{Field, Unreadable};
use crate::policy::spec::values::Span;
use crate::schedule::spec::probe::{ProbeSpec, QuerySpec};
use crate::schedule::spec::sanctioned::{SafetySpec, SanctionedExperimentSpec};

/// The least time between two questions, and the longest window of answers.
const OFTEN: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_hours(1);
/// How often a probe is asked where that is not said.
const INTERVAL: Duration = Duration::from_secs(5);

/// What is wrong with the probes and circuit breakers of an experiment.
pub(super) fn wrong(field: &Field<'_>, spec: &SanctionedExperimentSpec) -> Vec<Unreadable> {
    let safety = field.get("safety");
    let mut wrong = of_list(
        &field.get("preflight").get("probes"),
        &spec.preflight.probes,
    );
    wrong.extend(of_list(&safety.get("probes"), &spec.safety.probes));
    wrong.extend(of_breakers(&safety.get("circuitBreakers"), &spec.safety));
    wrong.extend(of_list(
        &field.get("recovery").get("probes"),
        &spec.recovery.probes,
    ));
    wrong
}

fn of_list(list: &Field<'_>, probes: &[ProbeSpec]) -> Vec<Unreadable> {
    let mut names = BTreeSet::new();
    let fields = list.items().unwrap_or_default();
    let each = fields.iter().zip(probes).flat_map(|(field, probe)| {
        let mut wrong: Vec<_> = named(field, &probe.name, &mut names).into_iter().collect();
        wrong.extend(of_probe(field, probe));
        wrong
    });
    each.collect()
}

/// A run is ended by name of what ended it, so that circuit breakers and the probes beside them have their own.
fn of_breakers(list: &Field<'_>, safety: &SafetySpec) -> Vec<Unreadable> {
    let names = safety.probes.iter().map(|it| it.name.as_str());
    let mut names: BTreeSet<&str> = names.collect();
    let fields = list.items().unwrap_or_default();
    let breakers = fields.iter().zip(&safety.circuit_breakers);
    let each = breakers.flat_map(|(field, breaker)| {
        let mut wrong: Vec<_> = named(field, &breaker.name, &mut names)
            .into_iter()
            .collect();
        wrong.extend(of_query(&field.get("prometheus"), &breaker.prometheus));
        wrong
    });
    each.collect()
}

fn named<'a>(
    field: &Field<'_>,
    name: &'a str,
    names: &mut BTreeSet<&'a str>,
) -> Option<Unreadable> {
    let fits = !name.is_empty() && names.insert(name);
    (!fits).then(|| field.get("name").unreadable("a name of its own"))
}

fn of_probe(field: &Field<'_>, probe: &ProbeSpec) -> Vec<Unreadable> {
    let given = [
        probe.http.is_some(),
        probe.tcp.is_some(),
        probe.exec.is_some(),
        probe.sql.is_some(),
        probe.prometheus.is_some(),
        probe.condition.is_some(),
    ];
    let mut wrong = of_times(field, probe);
    if given.iter().filter(|it| **it).count() != 1 {
        wrong.push(field.unreadable("exactly one of http, tcp, exec, sql, prometheus, condition"));
    }
    if probe.max_failed_percent.is_some_and(|it| it > 100) {
        wrong.push(
            field
                .get("maxFailedPercent")
                .unreadable("a share from 0 to 100"),
        );
    }
    if let Some(http) = &probe.http {
        wrong.extend(address(&field.get("http").get("url"), &http.url));
    }
    if let Some(query) = &probe.prometheus {
        wrong.extend(of_query(&field.get("prometheus"), query));
    }
    wrong.extend(empty(field, probe));
    wrong
}

/// Two questions are never asked at once, and a window holds at least one answer.
fn of_times(field: &Field<'_>, probe: &ProbeSpec) -> Vec<Unreadable> {
    let interval = probe.interval.map_or(INTERVAL, |it| it.0);
    let is =
        |span: Option<Span>, wrong: &dyn Fn(Duration) -> bool| span.is_some_and(|it| wrong(it.0));
    let rows = [
        (
            "interval",
            is(probe.interval, &|it| it < OFTEN),
            "a time of at least \"100ms\"",
        ),
        (
            "timeout",
            is(probe.timeout, &|it| it.is_zero() || it > interval),
            "a time above zero, and no longer than the interval",
        ),
        (
            "over",
            is(probe.over, &|it| it < interval || it > LONGEST),
            "a time from the interval to \"1h\"",
        ),
    ];
    let wrong = rows.into_iter().filter(|(_, wrong, _)| *wrong);
    wrong
        .map(|(name, _, expected)| field.get(name).unreadable(expected))
        .collect()
}

/// What has to be said and is not.
fn empty(field: &Field<'_>, probe: &ProbeSpec) -> Vec<Unreadable> {
    let mut rows: Vec<(&str, &str, bool, &str)> = Vec::new();
    if let Some(tcp) = &probe.tcp {
        rows.push(("tcp", "host", tcp.host.is_empty(), "a host"));
        rows.push(("tcp", "port", tcp.port == 0, "a port"));
    }
    if let Some(exec) = &probe.exec {
        rows.push(("exec", "command", exec.command.is_empty(), "a command"));
    }
    if let Some(sql) = &probe.sql {
        let secret = sql.credentials_secret.is_empty();
        rows.push(("sql", "host", sql.host.is_empty(), "a host"));
        rows.push(("sql", "port", sql.port == Some(0), "a port"));
        rows.push(("sql", "database", sql.database.is_empty(), "a database"));
        rows.push(("sql", "credentialsSecret", secret, "the name of a Secret"));
    }
    if let Some(it) = &probe.condition {
        let version = it.api_version.is_empty() || it.api_version.matches('/').count() > 1;
        rows.push((
            "condition",
            "apiVersion",
            version,
            "an API version such as \"apps/v1\"",
        ));
        rows.push(("condition", "kind", it.kind.is_empty(), "a kind"));
        rows.push(("condition", "name", it.name.is_empty(), "a name"));
        rows.push((
            "condition",
            "type",
            it.of_type.is_empty(),
            "a type of conditions",
        ));
    }
    let wrong = rows.into_iter().filter(|(_, _, wrong, _)| *wrong);
    let told =
        wrong.map(|(kind, name, _, expected)| field.get(kind).get(name).unreadable(expected));
    told.collect()
}

fn of_query(field: &Field<'_>, query: &QuerySpec) -> Vec<Unreadable> {
    let mut wrong = address(&field.get("url"), &query.url);
    if query.over.is_none() && query.under.is_none() {
        wrong.push(field.get("over").unreadable("a bound: over or under"));
    }
    if query.query.trim().is_empty() {
        wrong.push(field.get("query").unreadable("a query"));
    }
    wrong
}

fn address(field: &Field<'_>, url: &str) -> Vec<Unreadable> {
    let known = ["http://", "https://"].iter().any(|it| url.starts_with(it));
    if known {
        Vec::new()
    } else {
        vec![field.unreadable("an address that begins with http:// or https://")]
    }
}
