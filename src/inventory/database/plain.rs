//! Databases without an operator: workloads recognised by what they say and hold.

use std::collections::BTreeMap;

use super::engine::{self, SENTINEL, Way};
use super::part::{self, Part};
use super::program::Program;
use super::release::{Release, Share};
use super::sentinel;
use super::set::{INSTANCES, NAMES, Set, sets};
use crate::inventory::world::World;
use crate::inventory::{Group, Pod};

/// The annotation or label that makes pods a database of the engine it names, or of none.
const OVERRIDE: &str = "firebreak.dev/database";
/// What it says of pods that are no database.
const NONE: &str = "none";

const VOWELS: [char; 5] = ['A', 'E', 'I', 'O', 'U'];

/// Labels that may name a chart.
const CHARTS: [&str; 2] = ["helm.sh/chart", "chart"];

/// The databases among the pods that no operator claims.
pub(super) fn groups(world: &World<'_>, pods: &[Pod], claimed: &[bool]) -> Vec<Group> {
    let mut found = BTreeMap::<(&str, String), Vec<Share<'_>>>::new();
    for set in sets(world, pods, claimed) {
        if let Some(share) = recognise(set, world) {
            let key = (share.set.namespace, together(&share));
            found.entry(key).or_default().push(share);
        }
    }
    let releases = found.into_values().flat_map(Release::of_shares);
    let releases: Vec<Release<'_>> = releases.collect();
    let told = |release: &Release<'_>| release.group(world, &releases);
    releases.iter().filter_map(told).collect()
}

/// What tells its database from others: its release, where that spreads one database over several
/// workloads; else itself.
fn together(share: &Share<'_>) -> String {
    let Share {
        set, engine, part, ..
    } = share;
    let (instance, words) = (set.first_label(&INSTANCES), set.words());
    let spread = match engine::way(engine) {
        _ if *part == Part::Council => false,
        Way::Spread => true,
        Way::Follow => part::is_fixed(engine, &words),
        Way::Vote => part::votes_with_others(engine, &words),
    };
    if spread && !instance.is_empty() {
        return format!("release {instance} {engine} {}", set.label("shard"));
    }
    format!("{} {}", set.owner.kind, set.owner.name)
}

/// Why pods were taken for a database.
struct Sign {
    engine: String,
    reason: String,
    /// Whether it may be mistaken.
    probable: bool,
}

impl Sign {
    fn sure(engine: &str, reason: String) -> Self {
        Self {
            engine: engine.to_owned(),
            reason,
            probable: false,
        }
    }
}

fn recognise<'s>(set: Set<'s>, world: &World<'_>) -> Option<Share<'s>> {
    let sign = match marked(&set, world) {
        Some((NONE, _)) => None,
        Some((mark, place)) => {
            let engine = engine::by_name(mark).unwrap_or(mark);
            Some(Sign::sure(engine, format!("{OVERRIDE}={mark}{place}")))
        }
        None => told(&set),
    }?;
    let said = part::part(&sign.engine, &set.words());
    let decides = said == Part::Council;
    let both = decides && !is_dedicated(&set);
    let doubt = sign.probable.then(|| {
        let Sign { engine, reason, .. } = &sign;
        format!("it was taken for {engine}, as {reason}; annotate it with {OVERRIDE}")
    });
    let probably = if sign.probable { "probably: " } else { "" };
    Some(Share {
        reason: format!("{probably}{}", sign.reason),
        engine: sign.engine,
        doubt,
        part: if both { Part::Member } else { said },
        size: set.size(world),
        decides,
        set,
    })
}

/// What its user says it is, and where that is said.
fn marked<'m>(set: &Set<'m>, world: &World<'m>) -> Option<(&'m str, &'static str)> {
    if let Some(mark) = set.own_mark(OVERRIDE) {
        return Some((mark, ""));
    }
    let serves = set.is_stateful() || set.keeps_data();
    let mark = set.namespace_mark(world, OVERRIDE)?;
    (serves && !is_beside(set)).then_some((mark, " on its namespace"))
}

/// Whether it does work that ends, or serves a database rather than being one.
fn is_beside(set: &Set<'_>) -> bool {
    let names = NAMES.iter().map(|key| set.label(key));
    let words: Vec<&str> = set.words().into_iter().chain(names).collect();
    set.is_work() || part::is_beside(&words)
}

/// What its labels, images and ports say it is.
fn told(set: &Set<'_>) -> Option<Sign> {
    if is_beside(set) {
        return None;
    }
    let words = set.words();
    let named = named(set).map(|(engine, label)| (part::nested(engine, &words), label));
    if sentinel::is_sentinel(set, named.as_ref().map(|it| it.0)) {
        return Some(Sign::sure(SENTINEL, "pods that run a Sentinel".to_owned()));
    }
    let part = named.as_ref().map(|it| part::part(it.0, &words));
    if part == Some(Part::Beside) {
        return None;
    }
    let votes = set.is_stateful() && part == Some(Part::Voter);
    if !votes && !set.keeps_data() {
        return None;
    }
    let kind = &set.owner.kind;
    let article = if kind.starts_with(VOWELS) { "an" } else { "a" };
    let with_volumes = |engine, rest: String, probable| Sign {
        probable,
        ..Sign::sure(engine, format!("{article} {kind} with volumes{rest}"))
    };
    if let Some((engine, label)) = named {
        let rest = format!(", labelled {label}");
        return Some(with_volumes(engine, rest, !set.is_stateful()));
    }
    let (engine, does) = probable(set)?;
    Some(with_volumes(engine, format!(" that {does}"), true))
}

/// The engine that a label names, and that label.
fn named(set: &Set<'_>) -> Option<(&'static str, String)> {
    let found = |key: &&str, read: fn(&str) -> Option<&'static str>| {
        let value = set.label(key);
        Some((read(value)?, format!("{key}={value}")))
    };
    let names = NAMES.iter().find_map(|key| found(key, engine::by_name));
    names.or_else(|| CHARTS.iter().find_map(|key| found(key, engine::by_chart)))
}

/// The engine in an image, else at a port, which is no more than likely.
fn probable(set: &Set<'_>) -> Option<(&'static str, String)> {
    let serves = |it: &&Program| !part::is_beside(&[engine::basename(&it.image)]);
    let by_image = |program: &Program| {
        let image = &program.image;
        Some((engine::by_image(image)?, format!("runs \"{image}\"")))
    };
    let by_port = |program: &Program| {
        let mut ports = program.ports.iter().map(|it| it.number);
        ports.find_map(|port| Some((engine::by_port(port)?, format!("listens at {port}"))))
    };
    let programs = || set.programs().iter().filter(serves);
    let found = programs().find_map(by_image);
    found.or_else(|| programs().find_map(by_port))
}

/// Whether its pods decide for others and hold no data themselves.
fn is_dedicated(set: &Set<'_>) -> bool {
    let programs = set.programs().iter();
    let dedicated = programs.clone().any(|it| it.dedicated);
    // A controller of Kafka that is no broker listens to other controllers alone.
    let mut ports = programs.flat_map(|it| &it.ports).peekable();
    let listens = ports.peek().is_some();
    let for_others = ["controller", "metrics"];
    let controls = listens && ports.all(|it| for_others.contains(&it.name.as_str()));
    dedicated || controls
}
