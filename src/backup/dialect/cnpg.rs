//! CloudNativePG: an entry of `spec.plugins` that names an ObjectStore, or the store within the
//! cluster that 1.31 removes; and a ScheduledBackup beside it.
//!
//! An entry for a plugin that is not installed stops all work of the operator on the cluster.

use serde_json::{Value, json};

use super::Dialect;
use super::case::{Case, Companions, Proposal};
use super::percona::KEYS;
use crate::backup::cadence::{Fields, Notation, by_frequency, window};
use crate::backup::injection::{Left, Why};
use crate::backup::known::Around;
use crate::backup::spec::BackupDefaultsSpec;
use crate::object::{Field, Object};

const GROUP: &str = "postgresql.cnpg.io";
const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";
/// The field of the defaults' overrides that asks for the store within the cluster.
const STORE: &str = "barmanObjectStore";

pub(super) const DIALECT: Dialect = Dialect {
    group: GROUP,
    kind: "Cluster",
    versions: &["v1"],
    notation: Notation {
        every: true,
        descriptors: true,
        fields: Fields::Six,
    },
    makers: &[],
    restores: None,
    rests,
    refuses,
    notes,
    propose,
    companions,
    lacks,
};

fn refuses(spec: &BackupDefaultsSpec) -> Option<(&'static str, &'static str)> {
    let alike = spec.storage.name == spec.storage.s3.credentials_secret;
    alike.then_some((
        "storage.name",
        "a name that is not that of the secret: the ObjectStore would be called as its secret",
    ))
}

fn notes(spec: &BackupDefaultsSpec) -> Option<String> {
    let several = spec.schedules.len() > 1;
    let note = "it keeps by one window, so only the most frequent schedule is made; weeklies and monthlies cannot be kept longer";
    several.then(|| note.to_owned())
}

fn rests(object: &Object) -> Option<String> {
    if object.annotation("cnpg.io/hibernation") == Some("on") {
        return Some("it is hibernated".to_owned());
    }
    if object.annotation("cnpg.io/skipWalArchiving") == Some("enabled") {
        return Some("its annotation cnpg.io/skipWalArchiving is enabled".to_owned());
    }
    let replica = object.spec().get("replica");
    let follows = replica.is_set() && replica.get("enabled").boolean() != Ok(Some(false));
    follows.then(|| "spec.replica: it follows another cluster".to_owned())
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let (plugins, backup) = (case.spec().get("plugins"), case.spec().get("backup"));
    let mut proposal = Proposal::default();
    if has_plugin(case.object) || backup.get(STORE).is_set() {
        return Ok(proposal);
    }
    if plugins.is_set() {
        proposal
            .off("spec.plugins is set and archives no logs: left as it is, so no backup is made");
        return Ok(proposal);
    }
    if backup.get("volumeSnapshot").is_set() {
        proposal.off("spec.backup has snapshots and no archive of logs: left as it is, so no instant between snapshots can be restored");
        return Ok(proposal);
    }
    if is_installed(case)? {
        plugin(case, &mut proposal)?;
    } else if let Some(more) = case.own_field(STORE) {
        within(case, more, &mut proposal)?;
    } else {
        let message = format!(
            "spec.plugins: the plugin {PLUGIN} is not installed, and an entry for it would stop the operator; no backups are added"
        );
        return Err(Left::new(Why::Impossible, message));
    }
    Ok(proposal)
}

/// Whether a cluster archives its logs through the plugin.
fn has_plugin(object: &Object) -> bool {
    let plugins = object.spec().get("plugins").items().unwrap_or_default();
    plugins.iter().any(|it| {
        it.get("name").text() == Ok(Some(PLUGIN)) && it.get("enabled").boolean() != Ok(Some(false))
    })
}

fn is_installed(case: &Case<'_>) -> Result<bool, Left> {
    let services = case.around.objects("", "Service", "");
    let services = services.ok_or_else(|| {
        let message = format!("spec.plugins: whether the plugin {PLUGIN} is installed is not known; no backups are added");
        Left::new(Why::Unknown, message)
    })?;
    Ok(services
        .iter()
        .any(|it| it.label("cnpg.io/pluginName") == Some(PLUGIN)))
}

/// The name under which the archive is stored: another one when the cluster begins anew.
fn server_name(case: &Case<'_>) -> Result<Option<String>, Left> {
    Ok(case
        .pinned_epoch()?
        .map(|epoch| format!("{}-{epoch}", case.name)))
}

fn plugin(case: &Case<'_>, proposal: &mut Proposal) -> Result<(), Left> {
    let store = &case.one.spec.storage.name;
    let refuse = |why: Why, what: &str| {
        let message = format!(
            "ObjectStore {}/{store}: {what}; no backups are added",
            case.namespace
        );
        Left::new(why, message)
    };
    let stores = case
        .around
        .objects("barmancloud.cnpg.io", "ObjectStore", case.namespace);
    let stores = stores.ok_or_else(|| refuse(Why::Unknown, "whether it is there is not known"))?;
    let found = stores.iter().find(|it| it.reference().name == *store);
    let found = found.ok_or_else(|| refuse(Why::Storage, "is not there"))?;
    let configuration = found.spec().get("configuration");
    let path = configuration
        .get("destinationPath")
        .text()?
        .unwrap_or_default();
    if !path.split('/').any(|part| part == case.namespace) {
        return Err(refuse(
            Why::Storage,
            "its destinationPath does not contain the namespace, so that clusters of one name would share it",
        ));
    }
    let key = configuration.get("s3Credentials").get("accessKeyId");
    if let (Some(secret), Some(key)) = (key.get("name").text()?, key.get("key").text()?) {
        proposal.warnings.extend(case.secret_of(secret, &[key])?);
    }
    case.reached()?;
    let server = server_name(case)?;
    let own = server.as_deref().unwrap_or(case.name);
    begins_elsewhere(case, |source| {
        let parameters = source.get("plugin").get("parameters");
        parameters.get("barmanObjectName").text() == Ok(Some(store))
            && serves(source, &parameters, own)
    })?;
    let mut parameters = json!({"barmanObjectName": store});
    if let Some(server) = server {
        parameters["serverName"] = json!(server);
    }
    let entry = json!([{"name": PLUGIN, "isWALArchiver": true, "parameters": parameters}]);
    proposal.add(&["spec", "plugins"], entry);
    proposal.restarts = true;
    if !found.spec().get("retentionPolicy").is_set() {
        proposal.warn(format!(
            "ObjectStore {store} has no retentionPolicy, so no backup ever goes"
        ));
    }
    Ok(())
}

/// Whether a source of a recovery is stored under this name.
fn serves(source: &Field<'_>, parameters: &Field<'_>, own: &str) -> bool {
    let said = parameters.get("serverName").text().ok().flatten();
    let implied = source.get("name").text().ok().flatten();
    said.or(implied).is_none_or(|name| name == own)
}

/// That the cluster does not recover from the place to which it would archive.
fn begins_elsewhere(case: &Case<'_>, same: impl Fn(&Field<'_>) -> bool) -> Result<(), Left> {
    if !case.spec().get("bootstrap").get("recovery").is_set() {
        return Ok(());
    }
    let sources = case.spec().get("externalClusters").items()?;
    if sources.iter().any(same) {
        let message = "spec.bootstrap.recovery: it begins from the place where its backups would go, which is not empty; no backups are added";
        return Err(Left::new(Why::SamePlace, message));
    }
    Ok(())
}

/// The store within the cluster, for releases that still have it.
fn within(case: &Case<'_>, more: &Value, proposal: &mut Proposal) -> Result<(), Left> {
    if !case
        .schema
        .has("spec.backup.barmanObjectStore.destinationPath")
    {
        let message = "spec.backup.barmanObjectStore: this release does not know it any more; no backups are added";
        return Err(Left::new(Why::Impossible, message));
    }
    proposal.warnings.extend(case.secret(KEYS)?);
    case.reached()?;
    let s3 = &case.one.spec.storage.s3;
    let path = format!("s3://{}/{}", s3.bucket, case.place()?);
    begins_elsewhere(case, |source| {
        let store = source.get(STORE);
        let from = store.get("destinationPath").text().ok().flatten();
        from.map(|from| from.trim_end_matches('/')) == Some(path.as_str())
            && serves(source, &store, case.name)
    })?;
    let key = |key: &str| json!({"name": s3.credentials_secret, "key": key});
    let mut store = json!({
        "destinationPath": path,
        "s3Credentials": {
            "accessKeyId": key("AWS_ACCESS_KEY_ID"), "secretAccessKey": key("AWS_SECRET_ACCESS_KEY"),
        },
    });
    if let Some(url) = &s3.endpoint_url {
        store["endpointURL"] = json!(url);
    }
    for (key, value) in more.as_object().into_iter().flatten() {
        store[key] = value.clone();
    }
    if s3.region.is_some() {
        proposal.warn(
            "spec.backup.barmanObjectStore.s3Credentials.region: not added, because this operator takes it from a secret; storage.s3.region is not said",
        );
    }
    let chosen = case.one.spec.recovery_window.clone();
    let is_chosen = chosen.is_some();
    let keeps = chosen.or_else(|| window(&case.one.spec.schedules));
    if let (Some(window), false) = (&keeps, is_chosen) {
        proposal.warn(format!(
            "spec.backup.retentionPolicy: {window}, one window that is as long as the counts of the schedules reach; recoveryWindow chooses another"
        ));
    }
    if case.spec().get("backup").is_set() {
        proposal.add(&["spec", "backup", STORE], store);
        if let (Some(keeps), false) = (
            keeps,
            case.spec().get("backup").get("retentionPolicy").is_set(),
        ) {
            proposal.add(&["spec", "backup", "retentionPolicy"], json!(keeps));
        }
    } else {
        proposal.add(
            &["spec", "backup"],
            json!({STORE: store, "retentionPolicy": keeps}),
        );
    }
    Ok(())
}

fn scheduled(around: &dyn Around, namespace: &str, name: &str) -> Option<Vec<Object>> {
    let all = around.objects(GROUP, "ScheduledBackup", namespace)?;
    let of_it = |it: &Object| it.value().pointer("/spec/cluster/name") == Some(&json!(name));
    Some(all.into_iter().filter(of_it).collect())
}

fn lacks(object: &Object, around: &dyn Around) -> Option<String> {
    if method(object).is_none() {
        return Some("neither spec.plugins nor spec.backup stores anything".to_owned());
    }
    let it = object.reference();
    let found = scheduled(around, &it.namespace, &it.name)?;
    found
        .is_empty()
        .then(|| "no ScheduledBackup names it".to_owned())
}

/// How a cluster makes backups. The operator's own default is wrong for clusters with the plugin.
fn method(object: &Object) -> Option<&'static str> {
    let backup = object.spec().get("backup");
    if has_plugin(object) {
        Some("plugin")
    } else if backup.get(STORE).is_set() {
        Some(STORE)
    } else {
        backup
            .get("volumeSnapshot")
            .is_set()
            .then_some("volumeSnapshot")
    }
}

/// One ScheduledBackup, unless the user has their own.
fn companions(case: &Case<'_>) -> Result<Companions, Left> {
    let found = scheduled(case.around, case.namespace, case.name);
    let found = found.ok_or_else(|| {
        Left::new(
            Why::Unknown,
            "whether it has a ScheduledBackup is not known",
        )
    })?;
    if let Some(own) = found.iter().find(|it| !case.is_ours(it)) {
        let message = format!("ScheduledBackup {} is its own", own.reference().name);
        return Err(Left::new(Why::Complete, message));
    }
    let none = || {
        Left::new(
            Why::Incomplete,
            "it stores no backups, so none are scheduled",
        )
    };
    let method = method(case.object).ok_or_else(none)?;
    let sorted = by_frequency(&case.one.spec.schedules);
    let Some(schedule) = sorted.first() else {
        return Ok(Companions::default());
    };
    let mut object = case.companion("postgresql.cnpg.io/v1", "ScheduledBackup", &schedule.name);
    object["spec"] = json!({
        "cluster": {"name": case.name},
        "schedule": case.cron(schedule)?,
        "immediate": true,
        "backupOwnerReference": "cluster",
        "method": method,
    });
    if method == "plugin" {
        object["spec"]["pluginConfiguration"] = json!({"name": PLUGIN});
    }
    let mut companions = Companions::default();
    let others: Vec<&str> = sorted.iter().skip(1).map(|it| it.name.as_str()).collect();
    if !others.is_empty() {
        companions.warn(format!(
            "ScheduledBackup: only {} is made, and not {}: this operator keeps by one window, which would not keep them longer",
            schedule.name,
            others.join(" and ")
        ));
    }
    companions.objects.push(object);
    Ok(companions)
}
