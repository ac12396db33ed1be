//! mariadb-operator: a MariaDB says nothing of backups; each schedule is a PhysicalBackup beside it.

use serde_json::{Map, Value, json};

use super::case::{Case, Companions, Proposal};
use super::percona::KEYS;
use super::release::Release;
use super::{Dialect, Restores, no_notes, refuses_nothing};
use crate::backup::cadence::{FIVE_FIELDS, Notation, by_frequency, oldest};
use crate::backup::injection::{Left, Why};
use crate::backup::known::Around;
use crate::backup::spec::ScheduleSpec;
use crate::object::Object;

const GROUP: &str = "k8s.mariadb.com";
const KIND: &str = "MariaDB";
/// The field that names a PointInTimeRecovery.
const RECOVERY: &str = "pointInTimeRecoveryRef";
/// The kinds that back a MariaDB up.
const BACKUPS: [&str; 2] = ["PhysicalBackup", "Backup"];
/// From this server on logs can be archived.
const LOGS: Release = Release(10, 8, 0);

pub(super) const DIALECT: Dialect = Dialect {
    group: GROUP,
    kind: KIND,
    versions: &["v1alpha1"],
    notation: Notation {
        descriptors: false,
        ..FIVE_FIELDS
    },
    makers: &[],
    restores: Some(Restores {
        kind: "Restore",
        database: "/spec/mariaDbRef/name",
        is_over,
    }),
    rests: |object| {
        let suspended = object.spec().get("suspend").boolean() == Ok(Some(true));
        suspended.then(|| "spec.suspend is true".to_owned())
    },
    refuses: refuses_nothing,
    notes: no_notes,
    propose,
    companions,
    lacks,
};

fn is_over(restore: &Object) -> bool {
    let conditions = restore.root().get("status").get("conditions");
    let conditions = conditions.items().unwrap_or_default();
    conditions.iter().any(|it| {
        it.get("type").text() == Ok(Some("Complete")) && it.get("status").text() == Ok(Some("True"))
    })
}

/// The objects that back this MariaDB up; `None` where they are not known.
fn backups(around: &dyn Around, namespace: &str, name: &str) -> Option<Vec<Object>> {
    let mut all = Vec::new();
    for kind in BACKUPS {
        let found = around.objects(GROUP, kind, namespace)?;
        all.extend(
            found
                .into_iter()
                .filter(|it| it.value().pointer("/spec/mariaDbRef/name") == Some(&json!(name))),
        );
    }
    Some(all)
}

fn lacks(object: &Object, around: &dyn Around) -> Option<String> {
    let it = object.reference();
    let found = backups(around, &it.namespace, &it.name)?;
    let none = !found.iter().any(|it| it.spec().get("schedule").is_set());
    none.then(|| "no PhysicalBackup or Backup with a schedule names it".to_owned())
}

/// Nothing at admission, but for a reference to logs that the defaults name.
fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let beside = || Left::new(Why::Companions, "its backups are objects of their own");
    let reference = case.own_field(RECOVERY).filter(|_| case.one.has_logs());
    let Some(reference) = reference else {
        return Err(beside());
    };
    let mut proposal = Proposal::default();
    if case.spec().get(RECOVERY).is_set() {
        return Err(beside());
    }
    let refuse = |proposal: &mut Proposal, why: &str| {
        proposal.off(format!("spec.{RECOVERY}: not added, because {why}"));
    };
    let image = case.spec().get("image").text()?;
    let name = reference
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let recoveries = case
        .around
        .objects(GROUP, "PointInTimeRecovery", case.namespace);
    let there = recoveries
        .unwrap_or_default()
        .iter()
        .any(|it| it.reference().name == name);
    if case.spec().get("replication").get("enabled").boolean()? != Some(true) {
        refuse(&mut proposal, "spec.replication.enabled is not true");
    } else if image.and_then(Release::of_image).is_none_or(|it| it < LOGS) {
        refuse(
            &mut proposal,
            "spec.image does not tell a release of 10.8 or later",
        );
    } else if there {
        proposal.add(&["spec", RECOVERY], reference.clone());
        proposal.restarts = true;
    } else {
        refuse(
            &mut proposal,
            &format!("there is no PointInTimeRecovery {name:?}"),
        );
    }
    Ok(proposal)
}

/// One PhysicalBackup a schedule, unless the user has backups of their own.
fn companions(case: &Case<'_>) -> Result<Companions, Left> {
    let found = backups(case.around, case.namespace, case.name);
    let found = found.ok_or_else(|| {
        Left::new(
            Why::Unknown,
            "whether it has backups of its own is not known",
        )
    })?;
    if let Some(own) = found.iter().find(|it| !case.is_ours(it)) {
        let message = format!(
            "{} {} is its own",
            own.reference().kind,
            own.reference().name
        );
        return Err(Left::new(Why::Complete, message));
    }
    let mut companions = Companions::default();
    if let Some(warning) = case.secret(KEYS)? {
        companions.warn(warning);
    }
    let sorted = by_frequency(&case.one.spec.schedules);
    let first = sorted.first().map(|it| it.name.clone());
    for schedule in &case.one.spec.schedules {
        let immediate = first.as_ref() == Some(&schedule.name);
        let object = companion(case, schedule, immediate)?;
        companions.objects.push(object);
    }
    companions.warn("PhysicalBackup: kept by age, as long as the count of its schedule reaches; this operator does not count");
    Ok(companions)
}

fn companion(case: &Case<'_>, schedule: &ScheduleSpec, immediate: bool) -> Result<Value, Left> {
    let hours = oldest(schedule).map(|age| age.as_secs().div_ceil(3600));
    let mut object = case.companion("k8s.mariadb.com/v1alpha1", "PhysicalBackup", &schedule.name);
    object["spec"] = json!({
        "mariaDbRef": {"name": case.name},
        "target": "PreferReplica",
        "schedule": {"cron": case.cron(schedule)?, "immediate": immediate},
        "maxRetention": format!("{}h", hours.unwrap_or(720)),
        "compression": "gzip",
        "storage": {"s3": storage(case, &schedule.name)?},
    });
    Ok(object)
}

fn storage(case: &Case<'_>, schedule: &str) -> Result<Map<String, Value>, Left> {
    let settings = &case.one.spec.storage.s3;
    let secret = &settings.credentials_secret;
    let region = settings.region.as_deref().unwrap_or("us-east-1");
    let url = settings.endpoint_url.clone();
    let url = url.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let (scheme, host) = url.split_once("://").unwrap_or(("https", &url));
    let mut s3 = Map::new();
    s3.insert("bucket".to_owned(), json!(settings.bucket));
    s3.insert(
        "prefix".to_owned(),
        json!(format!("{}/{schedule}", case.place()?)),
    );
    s3.insert("endpoint".to_owned(), json!(host.trim_end_matches('/')));
    s3.insert("region".to_owned(), json!(region));
    let key = |key: &str| json!({"name": secret, "key": key});
    s3.insert(
        "accessKeyIdSecretKeyRef".to_owned(),
        key("AWS_ACCESS_KEY_ID"),
    );
    s3.insert(
        "secretAccessKeySecretKeyRef".to_owned(),
        key("AWS_SECRET_ACCESS_KEY"),
    );
    if scheme == "https" {
        s3.insert("tls".to_owned(), json!({"enabled": true}));
    }
    Ok(s3)
}
