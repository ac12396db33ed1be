//! Probes and circuit breakers, as far as they can be held against themselves.

use std::collections::BTreeSet;

use crate::object::{Field, Unreadable};
use crate::schedule::spec::probe::{BreakerSpec, ProbeSpec, QuerySpec};
use crate::schedule::spec::sanctioned::SanctionedExperimentSpec;

/// What is wrong with the probes and circuit breakers of an experiment.
pub(super) fn wrong(field: &Field<'_>, spec: &SanctionedExperimentSpec) -> Vec<Unreadable> {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    let lists: [(Field<'_>, &[ProbeSpec]); 3] = [
        (field.get("preflight").get("probes"), &spec.preflight.probes),
        (field.get("safety").get("probes"), &spec.safety.probes),
        (field.get("recovery").get("probes"), &spec.recovery.probes),
    ];
    for (list, probes) in lists {
        let fields = list.items().unwrap_or_default();
        names.clear();
        for (field, probe) in fields.iter().zip(probes) {
            if !names.insert(probe.name.clone()) {
                wrong.push(field.get("name").unreadable("a name of its own"));
            }
            wrong.extend(of_probe(field, probe));
        }
    }
    let list = field.get("safety").get("circuitBreakers");
    let fields = list.items().unwrap_or_default();
    for (field, breaker) in fields.iter().zip(&spec.safety.circuit_breakers) {
        if !names.insert(breaker.name.clone()) {
            wrong.push(field.get("name").unreadable("a name of its own"));
        }
        wrong.extend(of_breaker(field, breaker));
    }
    wrong
}

fn of_probe(field: &Field<'_>, probe: &ProbeSpec) -> Vec<Unreadable> {
    let mut wrong = Vec::new();
    let given = [
        probe.http.is_some(),
        probe.tcp.is_some(),
        probe.exec.is_some(),
        probe.sql.is_some(),
        probe.prometheus.is_some(),
        probe.condition.is_some(),
    ];
    if given.iter().filter(|it| **it).count() != 1 {
        wrong.push(field.unreadable("exactly one of http, tcp, exec, sql, prometheus, condition"));
    }
    if probe.interval.is_some_and(|it| it.0.is_zero()) {
        wrong.push(field.get("interval").unreadable("a time above zero"));
    }
    if let Some(http) = &probe.http {
        wrong.extend(address(&field.get("http").get("url"), &http.url));
    }
    if let Some(query) = &probe.prometheus {
        wrong.extend(of_query(&field.get("prometheus"), query));
    }
    wrong
}

fn of_breaker(field: &Field<'_>, breaker: &BreakerSpec) -> Vec<Unreadable> {
    of_query(&field.get("prometheus"), &breaker.prometheus)
}

fn of_query(field: &Field<'_>, query: &QuerySpec) -> Vec<Unreadable> {
    let mut wrong = address(&field.get("url"), &query.url);
    if query.over.is_none() && query.under.is_none() {
        wrong.push(field.get("over").unreadable("a bound: over or under"));
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
