//! NetworkChaos: who is cut off from whom, and whose traffic is shaped.

use super::selector::target;
use super::site::{Found, Harm, Site, delay_at, whole_percent};
use crate::fault::experiment::EXTREME_DELAY;
use crate::fault::{
    Action, Aim, Effect, Fault, Intensity, Mode, PodQuery, Selection, Target, Unreadable,
};
use crate::object::Field;

const ACTIONS: &str = "one of netem, delay, loss, duplicate, corrupt, partition, bandwidth";

/// The two ends of the disturbed traffic.
struct Ends {
    sources: Target,
    targets: Option<Target>,
    externals: Option<Target>,
}

/// Reads a NetworkChaos.
pub(super) fn read(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let spec = &site.spec;
    let ends = ends(site)?;
    let harms = match spec.get("action").required_text()? {
        "partition" => vec![isolation(Action::NetworkPartition)],
        action => {
            refuse_directions(spec, &ends)?;
            shaping(site, action)?
        }
    };
    if ends.externals.is_some() {
        found.note(
            spec.get("externalTargets").path(),
            "names are resolved once, by the controller; the pods behind these addresses are victims too",
        );
    }
    for harm in harms {
        strike(site, found, harm, &ends);
    }
    Ok(())
}

/// Without a far end all traffic of the source is hit. A cut is between two ends; what only slows
/// the traffic is felt at both.
fn strike(site: &Site<'_>, found: &mut Found, harm: Harm, ends: &Ends) {
    let cuts = harm.effect.takes_down();
    let cut = |from: &Target, to: &Target| Aim::Cut {
        from: from.clone(),
        to: to.clone(),
    };
    let at_far_end = |far: &Target| {
        if cuts {
            cut(&ends.sources, far)
        } else {
            Aim::Pods(far.clone())
        }
    };
    let far = [&ends.targets, &ends.externals].map(Option::as_ref);
    if !cuts || far == [None, None] {
        found.hit(site, harm, Aim::Pods(ends.sources.clone()));
    }
    let mut aims: Vec<(&str, Aim)> = Vec::new();
    for (field, far) in ["target", "externalTargets"].into_iter().zip(far) {
        aims.extend(far.map(|far| (field, at_far_end(far))));
    }
    // The targets of a partition drop what comes from the external addresses too.
    if let (true, [Some(targets), Some(externals)]) = (cuts, far) {
        aims.push(("externalTargets", cut(targets, externals)));
    }
    for (field, aim) in aims {
        found.faults.push(Fault {
            field: site.spec.get(field).path().to_owned(),
            ..site.fault(harm, aim)
        });
    }
}

fn ends(site: &Site<'_>) -> Result<Ends, Unreadable> {
    let field = site.spec.get("target");
    let targets = if field.is_set() {
        Some(target(&field, site.namespace)?)
    } else {
        None
    };
    Ok(Ends {
        sources: target(&site.spec, site.namespace)?,
        targets,
        externals: externals(&site.spec.get("externalTargets"))?,
    })
}

/// Addresses in or outside the cluster. A Service or a pod may be among them.
fn externals(field: &Field<'_>) -> Result<Option<Target>, Unreadable> {
    let listed = field.texts()?.unwrap_or_default();
    if listed.is_empty() {
        return Ok(None);
    }
    let addresses = listed.iter().map(|entry| without_port(entry).to_owned());
    let query = PodQuery {
        addresses: Some(addresses.collect()),
        ..PodQuery::default()
    };
    let path = field.path().to_owned();
    Ok(Some(Target {
        selection: Selection {
            queries: vec![query],
            ..Selection::default()
        },
        mode: Mode::All,
        mode_field: path.clone(),
        value_field: path.clone(),
        selector_field: path,
    }))
}

fn without_port(entry: &str) -> &str {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => {
            host
        }
        Some(_) | None => entry,
    }
}

fn refuse_directions(spec: &Field<'_>, ends: &Ends) -> Result<(), Unreadable> {
    let direction = spec.get("direction");
    let needed = match direction.text()?.unwrap_or("to") {
        "from" | "both" if ends.targets.is_none() => "to, where there is no target",
        "from" | "both" if ends.externals.is_some() => "to, where there are externalTargets",
        "" | "to" | "from" | "both" => return Ok(()),
        _ => "one of to, from, both",
    };
    Err(direction.unreadable(needed))
}

/// What shapes traffic. Chaos Mesh passes every block on, whichever the action names.
fn shaping(site: &Site<'_>, action: &str) -> Result<Vec<Harm>, Unreadable> {
    let named = match action {
        "bandwidth" => {
            return Ok(vec![narrow(
                Action::NetworkBandwidth,
                &site.spec.get("bandwidth"),
            )]);
        }
        "netem" => None,
        "delay" => Some(Action::NetworkDelay),
        "loss" => Some(Action::NetworkLoss),
        "duplicate" => Some(Action::NetworkDuplicate),
        "corrupt" => Some(Action::NetworkCorrupt),
        _ => return Err(site.spec.get("action").unreadable(ACTIONS)),
    };
    let mut harms = blocks(&site.spec)?;
    if let Some(action) = named.filter(|named| harms.iter().all(|harm| harm.action != *named)) {
        harms.push(Harm::new(action, Effect::Degraded, Intensity::default()));
    }
    if harms.is_empty() {
        let accepted = "netem with at least one of delay, loss, duplicate, corrupt, rate";
        return Err(site.spec.get("action").unreadable(accepted));
    }
    Ok(harms)
}

/// One harm for each block of traffic control under `holder`.
pub(super) fn blocks(holder: &Field<'_>) -> Result<Vec<Harm>, Unreadable> {
    let mut harms = Vec::new();
    let delay = holder.get("delay");
    if delay.is_set() {
        harms.push(slow(delay_at(&delay)?));
    }
    for (block, action) in [
        ("loss", Action::NetworkLoss),
        ("corrupt", Action::NetworkCorrupt),
    ] {
        if holder.get(block).is_set() {
            harms.push(lossy(action, percent(&holder.get(block).get(block))?));
        }
    }
    if holder.get("duplicate").is_set() {
        harms.push(Harm::new(
            Action::NetworkDuplicate,
            Effect::Degraded,
            Intensity::default(),
        ));
    }
    if holder.get("rate").is_set() {
        harms.push(narrow(Action::NetworkBandwidth, &holder.get("rate")));
    }
    Ok(harms)
}

/// A pod that nothing reaches and that reaches nothing.
pub(super) fn isolation(action: Action) -> Harm {
    Harm::new(action, Effect::Isolated, Intensity::default())
}

fn slow(latency: Option<std::time::Duration>) -> Harm {
    let lost = latency.is_some_and(|latency| latency >= EXTREME_DELAY);
    let intensity = Intensity {
        latency,
        ..Intensity::default()
    };
    Harm::new(Action::NetworkDelay, isolated_if(lost), intensity)
}

fn lossy(action: Action, percent: u32) -> Harm {
    let intensity = Intensity {
        loss_percent: Some(percent),
        ..Intensity::default()
    };
    Harm::new(action, isolated_if(percent >= 100), intensity)
}

/// A bandwidth of nothing cuts off.
pub(super) fn narrow(action: Action, block: &Field<'_>) -> Harm {
    let rate = block.get("rate").text().ok().flatten().unwrap_or_default();
    let digits: String = rate
        .trim()
        .chars()
        .take_while(|c| !c.is_alphabetic())
        .collect();
    let nothing = digits.trim().parse::<f64>().is_ok_and(|rate| rate <= 0.0);
    Harm::new(action, isolated_if(nothing), Intensity::default())
}

fn isolated_if(lost: bool) -> Effect {
    if lost {
        Effect::Isolated
    } else {
        Effect::Degraded
    }
}

fn percent(field: &Field<'_>) -> Result<u32, Unreadable> {
    let number = field.required_text()?.parse::<f64>();
    number
        .map(whole_percent)
        .map_err(|_| field.unreadable("a percentage such as \"25\", in quotes"))
}
