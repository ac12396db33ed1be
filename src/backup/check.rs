//! What is wrong with defaults that the types do not say.

use super::dialect::{self, Dialect};
use super::spec::{BackupDefaultsSpec, ScheduleSpec};
use crate::object::{Field, Unreadable};

/// All that is wrong with defaults, whose `spec` field is `root`, for the kinds that they name.
pub(super) fn wrong(
    root: &Field<'_>,
    spec: &BackupDefaultsSpec,
    named: &[&Dialect],
) -> Vec<Unreadable> {
    let mut wrong = place(&root.get("storage"), spec);
    wrong.extend(limits(root, spec));
    wrong.extend(schedules(&root.get("schedules"), spec, named));
    let refused = named.iter().filter_map(|dialect| (dialect.refuses)(spec));
    wrong.extend(refused.map(|(field, accepted)| {
        let at = field.split('.').fold(root.clone(), |at, key| at.get(key));
        at.unreadable(accepted)
    }));
    wrong
}

/// An error about a field, where it is wrong.
fn refuse(is_wrong: bool, field: &Field<'_>, accepted: &str) -> Option<Unreadable> {
    is_wrong.then(|| field.unreadable(accepted))
}

fn place(storage: &Field<'_>, spec: &BackupDefaultsSpec) -> Vec<Unreadable> {
    let s3 = storage.get("s3");
    let prefix = spec.storage.s3.prefix.as_deref();
    let epoch = spec.storage.epoch.as_deref();
    let url = spec.storage.s3.endpoint_url.as_deref();
    let each = [
        refuse(
            prefix.is_some_and(|prefix| !is_template(prefix)),
            &s3.get("prefix"),
            "a path in which {namespace} and {name} both stand, so that no two databases share it",
        ),
        refuse(
            epoch.is_some_and(|epoch| !is_path_part(epoch)),
            &storage.get("epoch"),
            "letters, digits, '-', '_' and '.'",
        ),
        refuse(
            url.is_some_and(|url| !is_url(url)),
            &s3.get("endpointUrl"),
            "a URL such as \"https://s3.example.com\"",
        ),
    ];
    each.into_iter().flatten().collect()
}

fn limits(root: &Field<'_>, spec: &BackupDefaultsSpec) -> Vec<Unreadable> {
    let window = spec.recovery_window.as_deref();
    let mut wrong = Vec::new();
    wrong.extend(refuse(
        spec.jitter_minutes > 59,
        &root.get("jitterMinutes"),
        "0 to 59",
    ));
    wrong.extend(refuse(
        window.is_some_and(|window| !is_window(window)),
        &root.get("recoveryWindow"),
        "a number of days, weeks or months such as \"30d\"",
    ));
    let by_kind = [
        ("images", spec.images.keys().collect::<Vec<_>>()),
        ("overrides", spec.overrides.keys().collect()),
    ];
    for (at, kinds) in by_kind {
        wrong.extend(kinds.into_iter().filter_map(|kind| {
            let known = dialect::ALL.iter().any(|dialect| dialect.is_named(kind));
            refuse(!known, &root.get(at).get(kind), "a kind of database")
        }));
    }
    wrong
}

fn schedules(field: &Field<'_>, spec: &BackupDefaultsSpec, named: &[&Dialect]) -> Vec<Unreadable> {
    let items = field.items().unwrap_or_default();
    let mut wrong = Vec::new();
    wrong.extend(refuse(items.is_empty(), field, "at least one schedule"));
    let mut names = Vec::new();
    for (item, schedule) in items.iter().zip(&spec.schedules) {
        let twice = names.contains(&schedule.name.as_str());
        let named_well = is_name(&schedule.name);
        wrong.extend(refuse(twice, &item.get("name"), "a name of its own"));
        wrong.extend(refuse(
            !named_well,
            &item.get("name"),
            "lower-case letters, digits and '-'",
        ));
        let kept = (1..=1000).contains(&schedule.keep);
        wrong.extend(refuse(!kept, &item.get("keep"), "1 to 1000"));
        if let Err(accepted) = sayable(schedule, named) {
            wrong.push(item.get("schedule").unreadable(accepted));
        }
        names.push(&schedule.name);
    }
    wrong
}

/// Whether the kinds that are named can say a schedule; every kind need not where all are meant.
fn sayable(schedule: &ScheduleSpec, named: &[&Dialect]) -> Result<(), String> {
    let say = |dialect: &Dialect| dialect.notation.say(&schedule.schedule, 0);
    if dialect::ALL.iter().all(|dialect| say(dialect).is_err()) {
        let first = dialect::ALL.first().map_or(Ok(String::new()), say);
        return first.map(|_| ());
    }
    for dialect in named {
        say(dialect).map_err(|accepted| format!("{accepted} ({})", dialect.kind))?;
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 32 && text.chars().all(fits)
}

fn is_template(prefix: &str) -> bool {
    let rest = prefix.replace("{namespace}", "a").replace("{name}", "b");
    let both = prefix.contains("{namespace}") && prefix.contains("{name}");
    both && rest.split('/').all(is_path_part)
}

/// Whether a text may stand between the slashes of a path, and means itself there.
pub(super) fn is_path_part(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.chars().all(fits) && text.starts_with(|c: char| c != '.')
}

fn is_url(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = host.map(|host| host.strip_suffix('/').unwrap_or(host));
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    host.is_some_and(|host| !host.is_empty() && host.chars().all(fits))
}

fn is_window(window: &str) -> bool {
    let digits = window.strip_suffix(['d', 'w', 'm']);
    digits.is_some_and(|digits| {
        !digits.starts_with('0')
            && !digits.is_empty()
            && digits.len() < 7
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}
