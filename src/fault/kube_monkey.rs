//! kube-monkey: workloads that enrol themselves by labels, and lose pods on weekdays.
//!
//! Whether it runs, at which hours and where, its own configuration says, which no workload shows:
//! what is documented as the default is assumed, and that it does run. Victims are drawn one after
//! the other from those that run, and may be drawn twice: at most so many, at least one.

use std::time::Duration;

use super::workload::experiment;
use super::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Listing, Mode, Namespaces, Note,
    Overlap, Phases, PodQuery, Reading, Recurrence, Selection, Surroundings, Target, Tool,
    Unreadable,
};
use crate::object::{Field, Object};
use crate::selector::{LabelSelector, Requirement};

const ENABLED: &str = "kube-monkey/enabled";
const IDENTIFIER: &str = "kube-monkey/identifier";
const MTBF: &str = "kube-monkey/mtbf";
const KILL_MODE: &str = "kube-monkey/kill-mode";
const KILL_VALUE: &str = "kube-monkey/kill-value";

/// The kinds that may enrol.
const KINDS: &[&str] = &["DaemonSet", "Deployment", "StatefulSet"];

const MODES: &str = "one of fixed, fixed-percent, random-max-percent, kill-all";

/// From the end of one day's hours, 16:00, to the start of the next one's, 10:00.
const NIGHT: Duration = Duration::from_hours(18);

const UNSEEN: &str = "when and whether kube-monkey kills, its own configuration says, which is not \
    seen here: weekdays from 10 to 16 o'clock are assumed";

/// Whether the workload has enrolled.
fn is_enrolled(object: &Object) -> bool {
    let reference = object.reference();
    reference.group == "apps"
        && KINDS.contains(&reference.kind.as_str())
        && object.label(ENABLED) == Some("enabled")
}

/// Whether a change of labels alone enrols a workload, or enrols it for something else.
pub(super) fn enrols(old: &Object, new: &Object) -> bool {
    let labels = |object: &Object| {
        let all = [ENABLED, IDENTIFIER, MTBF, KILL_MODE, KILL_VALUE];
        all.map(|key| object.label(key).map(str::to_owned))
    };
    is_enrolled(new) && labels(old) != labels(new)
}

/// Reads the labels of a workload. Such as kube-monkey cannot read make it skip the workload: then
/// it does not do what its author wrote.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a reader")]
pub(super) fn read(object: &Object, _: &Surroundings) -> Reading {
    if !is_enrolled(object) {
        return Ok(None);
    }
    let labels = object.root().get("metadata").get("labels");
    let enrolled = match enrolment(object, &labels) {
        Ok(enrolled) => enrolled,
        Err(problem) => Experiment {
            refusals: vec![problem],
            ..experiment(object, Tool::KubeMonkey, Vec::new())
        },
    };
    Ok(Some(enrolled))
}

fn enrolment(object: &Object, labels: &Field<'_>) -> Result<Experiment, Unreadable> {
    let mtbf = labels.get(MTBF);
    let days = mtbf.required_text()?.parse::<u32>().ok();
    if days.is_none_or(|days| days == 0) {
        return Err(mtbf.unreadable("a whole number of days from 1, in quotes"));
    }
    let fault = kill(object, labels)?;
    let notes = [Some((labels.path(), UNSEEN)), apart(object, labels)?];
    let note = |(field, message): (&str, &str)| Note {
        field: field.to_owned(),
        message: message.to_owned(),
    };
    Ok(Experiment {
        // Each weekday is a toss, so that two in a row may be lost.
        schedule: Some(Recurrence {
            schedules: vec!["weekdays".to_owned()],
            field: mtbf.path().to_owned(),
            time_zone: None,
            shortest_gap: NIGHT,
        }),
        notes: notes.into_iter().flatten().map(note).collect(),
        ..experiment(object, Tool::KubeMonkey, vec![fault])
    })
}

/// What is wrong where the pods do not carry the identifier of their workload.
fn apart<'m>(
    object: &Object,
    labels: &Field<'m>,
) -> Result<Option<(&'static str, &'m str)>, Unreadable> {
    const FIELD: &str = "spec.template.metadata.labels";
    let template = object.spec().get("template").get("metadata").get("labels");
    let same = template.get(IDENTIFIER).text()? == labels.get(IDENTIFIER).text()?;
    let message =
        "without the same kube-monkey/identifier on its pods, those of other workloads are hit";
    Ok((!same).then_some((FIELD, message)))
}

/// The pods that carry the identifier. Where the workload's own are to carry it, they are meant even
/// if those that run now do not yet.
fn victims(
    object: &Object,
    labels: &Field<'_>,
    identified: PodQuery,
) -> Result<Vec<PodQuery>, Unreadable> {
    let own = PodQuery {
        labels: LabelSelector::read(&object.spec().get("selector"))?,
        ..identified.clone()
    };
    let carried = apart(object, labels)?.is_none() && !own.labels.requirements.is_empty();
    Ok([Some(identified), carried.then_some(own)]
        .into_iter()
        .flatten()
        .collect())
}

fn kill(object: &Object, labels: &Field<'_>) -> Result<Fault, Unreadable> {
    let identifier = labels.get(IDENTIFIER);
    let requirement = Requirement::equals(IDENTIFIER, identifier.required_text()?);
    let namespace = match object.reference().namespace.as_str() {
        "" => Namespaces::All,
        namespace => Namespaces::Named(vec![namespace.to_owned()]),
    };
    let query = PodQuery {
        namespaces: namespace,
        labels: LabelSelector {
            requirements: vec![requirement],
        },
        phases: Phases {
            include: vec!["Running".to_owned()],
            exclude: Vec::new(),
        },
        ..PodQuery::default()
    };
    let (mode, value) = (labels.get(KILL_MODE), labels.get(KILL_VALUE));
    Ok(Fault {
        action: Action::PodKill,
        effect: Effect::Down,
        aim: Aim::Pods(Target {
            selection: Selection {
                queries: victims(object, labels, query)?,
                list: Listing::ByName,
            },
            mode: draws(&mode, &value)?,
            mode_field: mode.path().to_owned(),
            value_field: value.path().to_owned(),
            selector_field: identifier.path().to_owned(),
        }),
        lifetime: Lifetime::Instant,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: labels.path().to_owned(),
        duration_field: String::new(),
        later: true,
    })
}

fn draws(mode: &Field<'_>, value: &Field<'_>) -> Result<Mode, Unreadable> {
    let number = |most: u64, accepted: &str| {
        let number = value.required_text()?.parse::<u64>().ok();
        let number = number.filter(|number| *number <= most);
        number.ok_or_else(|| value.unreadable(accepted))
    };
    let percent = || number(100, "a whole number from 0 to 100, in quotes");
    match mode.required_text()? {
        "kill-all" => Ok(Mode::All),
        "fixed" => Ok(Mode::Fixed(number(u64::MAX, "a whole number, in quotes")?)),
        "fixed-percent" | "random-max-percent" => Ok(Mode::Nearest {
            percent: u32::try_from(percent()?).unwrap_or(100),
            most: u64::MAX,
        }),
        _ => Err(mode.unreadable(MODES)),
    }
}
