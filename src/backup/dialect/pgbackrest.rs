//! pgBackRest, as the operators of Crunchy and Percona for PostgreSQL spell it.
//!
//! It speaks TLS only, takes a host and no URL, and keeps by one count of full backups. Its archive
//! begins with the database: storage that cannot be reached fills the disk until the primary stops.

use serde_json::{Map, Value, json};

use super::case::{Case, Proposal};
use crate::backup::cadence::by_frequency;
use crate::backup::injection::{Left, Why};
use crate::object::Field;

/// The section `pgbackrest` with one repository.
pub(super) fn section(
    case: &Case<'_>,
    proposal: &mut Proposal,
) -> Result<Map<String, Value>, Left> {
    let s3 = &case.one.spec.storage.s3;
    let endpoint = endpoint(case)?;
    let region = s3.region.as_deref().ok_or_else(|| {
        let message = format!(
            "storage.s3.region of {}: missing, and pgBackRest requires one; no backups are added",
            case.one
        );
        Left::new(Why::Impossible, message)
    })?;
    case.reached()?;
    proposal.warnings.extend(case.secret_of_files(".conf")?);
    let path = format!("/{}", case.place()?);
    is_elsewhere(case, &path)?;
    let mut global = Map::new();
    let mut option = |name: &str, value: &str| {
        global.insert(format!("repo1-{name}"), json!(value));
    };
    option("path", &path);
    if s3.endpoint_url.is_some() {
        option("s3-uri-style", "path");
    }
    if s3.verify_tls == Some(false) {
        option("s3-verify-tls", "n");
    }
    let (schedules, keep) = schedules(case, proposal)?;
    option("retention-full", &keep.to_string());
    option("retention-full-type", "count");
    let mut section = Map::new();
    section.insert("global".to_owned(), Value::Object(global));
    section.insert(
        "configuration".to_owned(),
        json!([{"secret": {"name": s3.credentials_secret}}]),
    );
    section.insert(
        "repos".to_owned(),
        json!([{
            "name": "repo1",
            "s3": {"bucket": s3.bucket, "endpoint": endpoint, "region": region},
            "schedules": schedules,
        }]),
    );
    Ok(section)
}

/// Adds the section, with what the overrides say beside it. The operator restarts the database for it.
pub(super) fn add(case: &Case<'_>, section: Map<String, Value>, proposal: &mut Proposal) {
    let (overrides, unknown) = case.overrides(&["spec", "backups"]);
    let mut backups = Map::new();
    backups.insert("pgbackrest".to_owned(), Value::Object(section));
    backups.extend(overrides);
    proposal.warnings.extend(unknown);
    proposal.add(&["spec", "backups"], Value::Object(backups));
    proposal.restarts = true;
}

/// The host of the storage.
fn endpoint(case: &Case<'_>) -> Result<String, Left> {
    let s3 = &case.one.spec.storage.s3;
    let Some(url) = s3.endpoint_url.as_deref() else {
        let region = s3.region.as_deref().unwrap_or("us-east-1");
        return Ok(format!("s3.{region}.amazonaws.com"));
    };
    let host = url.strip_prefix("https://").ok_or_else(|| {
        let message = format!(
            "storage.s3.endpointUrl {url:?} of {}: pgBackRest speaks TLS only; no backups are added",
            case.one
        );
        Left::new(Why::Storage, message)
    })?;
    Ok(host.trim_end_matches('/').to_owned())
}

/// The most frequent schedule makes incremental backups, the next full ones, which are counted. A
/// single one makes full ones.
fn schedules(case: &Case<'_>, proposal: &mut Proposal) -> Result<(Value, u32), Left> {
    let sorted = by_frequency(&case.one.spec.schedules);
    let cron = |index: usize| sorted.get(index).map(|it| case.cron(it)).transpose();
    let Some(full) = sorted.get(1).or(sorted.first()) else {
        return Ok((json!({}), 1));
    };
    let schedules = match (cron(0)?, cron(1)?) {
        (Some(often), Some(full)) => json!({"incremental": often, "full": full}),
        (often, _) => json!({"full": often}),
    };
    if sorted.len() > 1 {
        let named: Vec<&str> = sorted.iter().skip(2).map(|it| it.name.as_str()).collect();
        let more = if named.is_empty() {
            String::new()
        } else {
            format!("; {} cannot be said", named.join(" and "))
        };
        proposal.warn(format!(
            "repo1: keeps {} full backups of {}, and what {} adds to them{more}",
            full.keep, full.name, sorted[0].name
        ));
    }
    Ok((schedules, full.keep))
}

/// That the database does not begin from the place to which it would write.
fn is_elsewhere(case: &Case<'_>, path: &str) -> Result<(), Left> {
    let source = case.spec().get("dataSource");
    let repositories = source.get("pgbackrest").get("global").entries()?;
    let same_path = repositories
        .iter()
        .any(|(key, value)| key.ends_with("-path") && value.text() == Ok(Some(path)));
    let cluster = source.get("postgresCluster");
    let namespace = cluster
        .get("clusterNamespace")
        .text()?
        .unwrap_or(case.namespace);
    let same_cluster =
        cluster.get("clusterName").text()? == Some(case.name) && namespace == case.namespace;
    if same_path || same_cluster {
        let message = "spec.dataSource: it begins from the place where its backups would go; no backups are added";
        return Err(Left::new(Why::SamePlace, message));
    }
    Ok(())
}

/// What is said of a section that the user wrote: nothing is added within a list of theirs.
pub(super) fn theirs(pgbackrest: &Field<'_>, proposal: &mut Proposal) -> Result<(), Left> {
    let repos = pgbackrest.get("repos").items()?;
    if repos.is_empty() {
        proposal.off(format!(
            "{}: has no repository and is left as it is",
            pgbackrest.path()
        ));
    } else if !repos.iter().any(is_scheduled) {
        proposal.off(format!(
            "{}.repos: none has schedules; they are left as they are, so no backup is ever made again",
            pgbackrest.path()
        ));
    }
    Ok(())
}

fn is_scheduled(repo: &Field<'_>) -> bool {
    let schedules = repo.get("schedules").entries().unwrap_or_default();
    schedules.iter().any(|(_, schedule)| schedule.is_set())
}

/// Why a section makes no backups.
pub(super) fn lacks(backups: &Field<'_>) -> Option<String> {
    let repos = backups
        .get("pgbackrest")
        .get("repos")
        .items()
        .unwrap_or_default();
    if repos.is_empty() {
        return Some("spec.backups.pgbackrest.repos has no entry".to_owned());
    }
    let none = !repos.iter().any(is_scheduled);
    none.then(|| "spec.backups.pgbackrest.repos: none has schedules".to_owned())
}
