//! An experiment as the specification writes it down.

use std::fmt::Write;

use firebreak::calendar::format_duration;
use firebreak::fault::{
    self, Aim, Experiment, Fault, Intensity, Lifetime, NodeTarget, Overlap, Target,
};
use firebreak::inventory::{Inventory, View};
use firebreak::judge::judge;
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::request::Request;

/// What an object is read as, and whom it can hit in `world`.
pub(crate) fn render(object: &Object, world: &Inventory) -> String {
    match fault::read(object, world.surroundings()) {
        Ok(None) => "no chaos object\n".to_owned(),
        Err(error) => format!("unreadable: {error}\n"),
        Ok(Some(experiment)) => read(&experiment, world),
    }
}

/// The instant at which everything is judged: a Tuesday.
const NOW: &str = "2026-11-24T12:00:00Z";

/// The verdict on a request, as whoever asked is told, or why there is none.
pub(crate) fn judged(request: &Request, world: &Inventory, policies: &[Object]) -> String {
    let policies = PolicySet::compile(policies).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let verdict = judge(world, &policies, request, NOW.parse().unwrap());
    let mut text = match verdict.passed {
        Some(why) => format!("passed: {why}\n"),
        None => verdict.explain(),
    };
    for warning in &verdict.warnings {
        writeln!(text, "warning: {warning}").unwrap();
    }
    text
}

fn read(experiment: &Experiment, world: &Inventory) -> String {
    let mut text = String::new();
    if experiment.dormant {
        text += "dormant\n";
    }
    if let Some(recurrence) = &experiment.schedule {
        let gap = recurrence.shortest_gap;
        let gap = if gap == std::time::Duration::MAX {
            "never".to_owned()
        } else {
            format_duration(gap)
        };
        let zone = recurrence
            .time_zone
            .as_ref()
            .map(|zone| format!(" in {zone}"));
        let zone = zone.unwrap_or_default();
        writeln!(
            text,
            "recurs: {:?}{zone}, shortest gap {gap}",
            recurrence.schedules.join(" ")
        )
        .unwrap();
    }
    if experiment.faults.is_empty() {
        text += "no fault\n";
    }
    for fault in &experiment.faults {
        text += &headline(fault);
        text += &aim(fault, world);
    }
    for refusal in &experiment.refusals {
        writeln!(text, "refused {refusal}").unwrap();
    }
    for note in &experiment.notes {
        writeln!(text, "note {}: {}", note.field, note.message).unwrap();
    }
    text
}

fn headline(fault: &Fault) -> String {
    let lifetime = match fault.lifetime {
        Lifetime::For(duration) => format!("for {}", format_duration(duration)),
        Lifetime::Instant => "in an instant".to_owned(),
        Lifetime::Forever => "for ever".to_owned(),
        Lifetime::Never => "never".to_owned(),
    };
    let overlap = match fault.overlap {
        Overlap::AtMost(1) => String::new(),
        Overlap::AtMost(count) => format!(", {count} at once"),
        Overlap::Unbounded => ", without bound at once".to_owned(),
    };
    let later = if fault.later { ", later" } else { "" };
    let (action, effect) = (fault.action.name(), fault.effect.name());
    let intensity = intensity(fault.intensity);
    format!(
        "{}: {action}, {effect} {lifetime}{overlap}{later}{intensity}\n",
        fault.field
    )
}

fn intensity(intensity: Intensity) -> String {
    let percent = [
        ("cpu", intensity.cpu_percent),
        ("memory", intensity.memory_percent),
        ("disk", intensity.disk_fill_percent),
        ("loss", intensity.loss_percent),
    ];
    let percents = percent
        .into_iter()
        .filter_map(|(name, percent)| Some((name, percent?)));
    let mut text = String::new();
    for (name, percent) in percents {
        write!(text, ", {name} {percent} %").unwrap();
    }
    if let Some(latency) = intensity.latency {
        write!(text, ", latency {}", format_duration(latency)).unwrap();
    }
    text
}

fn aim(fault: &Fault, world: &Inventory) -> String {
    match &fault.aim {
        Aim::Pods(target) => format!("  {}\n", pods(fault, target, world)),
        Aim::Each { target, sets, most } => {
            let view = if fault.later { View::Later } else { View::Now };
            let found = world.select(&target.selection, view);
            let sets = world.part(&found, sets);
            let times = match fault.overlap {
                Overlap::AtMost(copies) => copies as usize,
                Overlap::Unbounded => usize::MAX,
            };
            let each = sets.iter().map(|set| {
                let draws = target.mode.most_draws(set.listed);
                draws.saturating_mul(times).min(set.pods.len())
            });
            let each: Vec<usize> = each.collect();
            let all = (*most as usize).saturating_mul(times);
            let all = all.min(each.iter().sum());
            let pods = pods(fault, target, world);
            let pods = pods
                .rsplit_once(": worst")
                .map_or(&*pods, |(names, _)| names);
            format!("  {pods}: worst {each:?} of each set, {all} together\n")
        }
        Aim::Cut { from, to } => {
            let (from, to) = (pods(fault, from, world), pods(fault, to, world));
            format!("  from {from}\n  to {to}\n")
        }
        Aim::Nodes(target) => format!("  {}\n", nodes(fault, target, world)),
        Aim::Isolation(isolation) => format!("  whom it newly cuts off: {:?}\n", isolation.ties),
        Aim::Unknown(what) => format!("  unknown: {what}\n"),
    }
}

/// The nodes with the pods on them, and the most of them that may be hit at once.
fn nodes(fault: &Fault, target: &NodeTarget, world: &Inventory) -> String {
    let machines = target.nodes.iter().flat_map(|nodes| &nodes.machines);
    let machines: Vec<&str> = machines.map(String::as_str).collect();
    let view = if fault.later { View::Later } else { View::Now };
    let found = world.select_nodes(target, view);
    let told = found.iter().map(|id| {
        let node = world.node(*id);
        let pods = node.pods.iter().map(|pod| world.pod(*pod).name.as_str());
        let pods: Vec<&str> = pods.collect();
        if pods.is_empty() {
            format!("node {}", node.name)
        } else {
            format!("node {} with {}", node.name, pods.join(" "))
        }
    });
    let told: Vec<String> = told.collect();
    match (told.is_empty(), machines.is_empty()) {
        (true, false) => format!("no node is the machine {}", machines.join(" ")),
        (true, true) => "no node".to_owned(),
        (false, _) => {
            let most = target.mode.most_draws(found.len());
            format!("{}: worst {most}", told.join(", "))
        }
    }
}

/// The candidates and the most that may be hit at once, by all draws in effect together.
fn pods(fault: &Fault, target: &Target, world: &Inventory) -> String {
    let view = if fault.later { View::Later } else { View::Now };
    let candidates = world.select(&target.selection, view);
    if candidates.fails {
        return "the selection fails".to_owned();
    }
    if candidates.pods.is_empty() {
        return "no candidate now".to_owned();
    }
    let name = |id| {
        let pod = world.pod(id);
        format!("{}/{}", pod.namespace, pod.name)
    };
    let distinct = candidates.pods.len();
    let names: Vec<String> = candidates.pods.iter().copied().map(name).collect();
    let listed = match candidates.listed {
        listed if listed == distinct => String::new(),
        listed => format!(" (listed {listed})"),
    };
    let copies = match fault.overlap {
        Overlap::AtMost(copies) => copies as usize,
        Overlap::Unbounded => usize::MAX,
    };
    let most = target
        .mode
        .most_draws(candidates.listed)
        .saturating_mul(copies)
        .min(distinct);
    let fewest = target.mode.fewest_draws(candidates.listed).min(distinct);
    let hits = if fewest == 0 {
        format!("0 to {most}")
    } else {
        most.to_string()
    };
    format!("{}{listed}: worst {hits}", names.join(" "))
}
