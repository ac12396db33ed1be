//! Backups by default on a real API server: what the webhook adds is what is stored, and is added once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use firebreak::backup::{self, DatabaseKind, Injection, additions};
use firebreak::fault::Accounts;
use firebreak::inventory::Cluster;
use firebreak::object::Object;
use firebreak::request::{Request, User};
use firebreak::server::backup::{Beside, Injector};
use firebreak::server::registration::resources::of_kind;
use firebreak::yaml;
use kube::Client;
use serde_json::{Value, json};

use crate::backups_around::{ADDED, Given, PLACE, ask, bare, path, xtradb};
use crate::bed::balancer::Mode;
use crate::bed::{Bed, until};

/// The kind of each operator, its folders among the foreign files, and a definition of it that is not the
/// newest.
const OPERATORS: [(&str, &[&str], Option<&str>); 10] = [
    (
        "PerconaXtraDBCluster",
        &["percona-xtradb-cluster-operator"],
        None,
    ),
    (
        "PerconaXtraDBCluster",
        &["percona-xtradb-cluster-operator"],
        Some("crd-v1.17.0.yaml"),
    ),
    (
        "PerconaServerMySQL",
        &["percona-server-mysql-operator"],
        None,
    ),
    (
        "PerconaServerMongoDB",
        &["percona-server-mongodb-operator"],
        None,
    ),
    ("Cluster", &["cloudnative-pg", "plugin-barman-cloud"], None),
    ("PerconaPGCluster", &["percona-postgresql-operator"], None),
    ("PostgresCluster", &["crunchy-postgres-operator"], None),
    ("postgresql", &["zalando-postgres-operator"], None),
    ("InnoDBCluster", &["mysql-operator"], None),
    ("MariaDB", &["mariadb-operator"], None),
];

fn upstream() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream");
    folder.is_dir().then_some(folder)
}

/// The databases of a kind in a folder of samples, each under a name of its own.
fn samples(folder: &Path, kind: DatabaseKind) -> Vec<Object> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let values = texts.flat_map(|text| yaml::read(&text, yaml::LARGEST));
    let objects = values.filter_map(|it| Object::new(it.ok()?.value).ok());
    let of_kind = objects.filter(|it| it.is(kind.group, kind.kind));
    let named = |(at, it): (usize, Object)| named(&it, at, kind);
    of_kind.enumerate().map(named).collect()
}

/// A sample in our namespace, in a version that is served. Nobody here would do what a finalizer waits for.
fn named(sample: &Object, at: usize, kind: DatabaseKind) -> Object {
    let mut value = sample.value().clone();
    if !kind.versions.contains(&sample.reference().version.as_str()) {
        value["apiVersion"] = json!(format!("{}/{}", kind.group, kind.versions[0]));
    }
    let metadata = value["metadata"].as_object_mut().unwrap();
    metadata.insert("namespace".to_owned(), json!(PLACE));
    metadata.insert("name".to_owned(), json!(format!("sample-{at}")));
    metadata.remove("generateName");
    metadata.remove("finalizers");
    Object::new(value).unwrap()
}

/// What became of the samples of an operator.
#[derive(Default)]
struct Told {
    samples: usize,
    /// Those that the API server takes as they are written.
    valid: usize,
    accepted: usize,
    injected: usize,
    pruned: usize,
    once: usize,
    wrong: Vec<String>,
    /// Why samples are refused as they are.
    invalid: Vec<String>,
}

impl Told {
    fn row(&self, kind: &str, definition: &str) -> String {
        let Self {
            samples,
            valid,
            accepted,
            injected,
            pruned,
            once,
            ..
        } = self;
        format!(
            "{kind} | {definition} | {samples} | {valid} | {accepted} | {injected} | {pruned} | {once}"
        )
    }

    async fn look(&mut self, asked: &Asked, sample: &Object) {
        self.samples += 1;
        let client = &asked.client;
        let rows = of_kind(&sample.reference().group, &sample.reference().kind);
        let path = path(sample, rows[0].plural);
        let mut alone = sample.value().clone();
        alone["metadata"]["annotations"]["firebreak.dev/backup-defaults"] = json!("ignore");
        let dry = format!("{path}?dryRun=All");
        let valid = ask(client, ("POST", &dry), Some(&alone)).await;
        let stored = ask(client, ("POST", &path), Some(sample.value())).await;
        let (valid, stored) = match (valid, stored) {
            (Ok(valid), Ok(stored)) => (valid, stored),
            (Err(_), Err(why)) => return self.invalid.push(why),
            (Ok(_), Err(why)) => {
                self.valid += 1;
                let name = sample.reference();
                return self.wrong.push(format!("{name} is refused: {why}"));
            }
            (Err(_), Ok(stored)) => (Value::Null, stored),
        };
        self.valid += usize::from(!valid.is_null());
        self.accepted += 1;
        self.compare(&valid, &stored);
        self.keeps(asked, sample, &stored).await;
        let own = format!("{path}/{}", sample.reference().name);
        self.again(client, (&own, sample), &stored).await;
        let gone = ask(client, ("DELETE", &own), None).await;
        assert!(gone.is_ok(), "{gone:?}");
    }

    /// That all of the patch is stored, to the last field, and that what is stored gets no other.
    async fn keeps(&mut self, asked: &Asked, sample: &Object, stored: &Value) {
        let name = &sample.reference().name;
        let patch = asked.injection(sample.value()).await.patch;
        let noted = stored["metadata"]["annotations"][ADDED].is_string();
        if patch.is_empty() == noted {
            self.wrong.push(format!("{name}: noted {noted}: {patch:?}"));
        }
        for (path, value) in additions(&patch).filter(|(path, _)| path.starts_with("/spec")) {
            if !stored.pointer(&path).is_some_and(|it| holds(it, value)) {
                self.pruned += 1;
                self.wrong
                    .push(format!("{name}: of {path} something is pruned"));
            }
        }
        let second = asked.injection(stored).await.patch;
        if !second.is_empty() {
            self.wrong
                .push(format!("{name}: a second patch: {second:?}"));
        }
    }

    /// That what was noted is stored, and that nothing but it is.
    fn compare(&mut self, alone: &Value, stored: &Value) {
        let name = &stored["metadata"]["name"];
        let Some(note) = stored["metadata"]["annotations"][ADDED].as_str() else {
            if !alone.is_null() && alone["spec"] != stored["spec"] {
                self.wrong.push(format!("{name}: changed without a note"));
            }
            return;
        };
        self.injected += 1;
        let note: Value = serde_json::from_str(note).unwrap();
        let pointers = note["added"].as_array().unwrap();
        let mut without = stored["spec"].clone();
        for pointer in pointers.iter().filter_map(Value::as_str) {
            remove(&mut without, pointer.trim_start_matches("/spec"));
        }
        let mut before = alone["spec"].clone();
        for pointer in pointers.iter().filter_map(Value::as_str) {
            remove(&mut before, pointer.trim_start_matches("/spec"));
        }
        if !alone.is_null() && hollow(before) != hollow(without) {
            self.wrong
                .push(format!("{name}: more was changed than is noted"));
        }
    }

    /// That applying it again, as it is stored or as its author has it, changes nothing.
    async fn again(&mut self, client: &Client, (own, sample): (&str, &Object), stored: &Value) {
        let mut version = stored["metadata"]["resourceVersion"].clone();
        let mut same = true;
        for mut body in [stored.clone(), sample.value().clone()] {
            body["metadata"]["resourceVersion"] = version;
            let put = ask(client, ("PUT", own), Some(&body)).await;
            let Ok(after) = put else {
                self.wrong.push(format!("{own}: {put:?}"));
                return;
            };
            same &= after["spec"] == stored["spec"];
            same &= after["metadata"]["generation"] == stored["metadata"]["generation"];
            version = after["metadata"]["resourceVersion"].clone();
        }
        if same {
            self.once += 1;
        } else {
            self.wrong
                .push(format!("{own}: another when it is written again"));
        }
    }
}

/// Whether a value has all that another has; defaults of the definition may have come to it.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| value.get(key).is_some_and(|it| holds(it, wanted))),
        (Value::Array(value), Value::Array(wanted)) => {
            let mut pairs = value.iter().zip(wanted);
            value.len() == wanted.len() && pairs.all(|(value, wanted)| holds(value, wanted))
        }
        (value, wanted) => value == wanted,
    }
}

/// Who tells what would be added, by the same definitions.
struct Asked {
    client: Client,
    injector: Injector,
    beside: Beside,
}

impl Asked {
    fn new(bed: &Bed) -> Self {
        let client = bed.admin_client();
        let mut cluster = Cluster::default();
        let kinds =
            "backupdefaults,objectstores.barmancloud.cnpg.io,pointintimerecoveries.k8s.mariadb.com";
        let list = bed.kubectl(&["get", kinds, "--all-namespaces"]).json();
        for item in list["items"].as_array().unwrap() {
            cluster.put(Object::new(item.clone()).unwrap());
        }
        Self {
            injector: Injector::new(client.clone(), Accounts::BUILT_IN),
            client,
            beside: Beside::of(&cluster),
        }
    }

    async fn injection(&self, database: &Value) -> Injection {
        let database = Object::new(database.clone()).unwrap();
        let request = Request::create(database, User::named("author"));
        self.injector.injection(&request, &self.beside).await
    }
}

/// Removes what stands at a pointer.
fn remove(value: &mut Value, pointer: &str) {
    let Some((above, key)) = pointer.rsplit_once('/') else {
        return;
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    if let Some(Value::Object(above)) = value.pointer_mut(above) {
        above.remove(&key);
    }
}

/// A value without empty maps, which parents of what was added leave.
fn hollow(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().map(|(key, inner)| (key, hollow(inner)));
            let kept = kept.filter(|(_, inner)| inner != &json!({}));
            Value::Object(kept.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            value
        }
    }
}

pub(crate) fn every_sample_database_keeps_what_it_is_given_and_is_given_it_once(bed: &Bed) {
    let Some(upstream) = upstream() else {
        println!("skipped: ../shared/upstream is not here");
        return;
    };
    let given = Given::start(bed);
    let asked = Asked::new(bed);
    let mut table = String::from(
        "kind | definition | samples | valid alone | accepted | injected | pruned | once\n",
    );
    let mut wrong = BTreeMap::new();
    for (kind, folders, definition) in OPERATORS {
        let crds = upstream.join(folders[0]).join("crds");
        let file = definition.map(|name| crds.join(name));
        if let Some(file) = &file {
            defines(bed, file, &asked.client);
        }
        let row = backup::kinds().find(|it| it.kind == kind).unwrap();
        let mut told = Told::default();
        let folders = folders.iter().map(|it| upstream.join(it).join("samples"));
        let all: Vec<Object> = folders.flat_map(|it| samples(&it, row)).collect();
        assert!(!all.is_empty(), "{kind}: no sample");
        let own = [bare(kind, "bare")];
        let own = own.map(|value| Object::new(value).unwrap());
        for sample in all.iter().chain(&own) {
            bed.wait(told.look(&asked, sample));
        }
        if file.is_some() {
            defines(bed, &crds.join("crd.yaml"), &asked.client);
        }
        let _ = writeln!(table, "{}", told.row(kind, definition.unwrap_or("newest")));
        for why in &told.invalid {
            let _ = writeln!(table, "    refused without us too: {why:.200}");
        }
        if !told.wrong.is_empty() {
            wrong.insert((kind, definition), told.wrong);
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{table}\n{wrong:#?}");
    drop(given);
}

/// Puts the definitions of a file into force. The API server goes by them a moment later.
fn defines(bed: &Bed, file: &Path, client: &Client) {
    let apply = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--validate=false",
        "-f",
    ];
    let name = file.to_str().unwrap();
    bed.kubectl(&[&apply[..], &[name]].concat()).succeeds();
    let newest = name.ends_with("crd.yaml");
    let mut object = xtradb("probe");
    object["metadata"]["annotations"] = json!({"firebreak.dev/backup-defaults": "ignore"});
    object["spec"]["backup"] = json!({"image": "x", "storages": {"s": {"type": "s3"}},
        "schedule": [{"name": "a", "schedule": "0 2 * * *", "storageName": "s",
            "retention": {"type": "count", "count": 1, "deleteFromStorage": true}}]});
    let path =
        format!("/apis/pxc.percona.com/v1/namespaces/{PLACE}/perconaxtradbclusters?dryRun=All");
    until("the definition is in force", || {
        let answer = bed.wait(ask(client, ("POST", &path), Some(&object)))?;
        let has = !answer["spec"]["backup"]["schedule"][0]["retention"].is_null();
        if has == newest {
            Ok(())
        } else {
            Err(answer.to_string())
        }
    });
}

/// Whether a database of this name was stored, and with backups.
fn is_given(bed: &Bed, name: &str) -> bool {
    let get = ["get", "perconaxtradbcluster", name, "--namespace", PLACE];
    let stored = bed.kubectl(&get).json();
    let noted = stored["metadata"]["annotations"][ADDED].is_string();
    assert_eq!(noted, stored["spec"]["backup"].is_object(), "{stored}");
    noted
}

pub(crate) fn a_database_is_created_while_nobody_answers_unless_that_was_chosen(bed: &Bed) {
    let given = Given::start(bed);
    let create = |name: &str| {
        let create = bed.kubectl(&["create", "-f", "-"]);
        create.input(xtradb(name).to_string()).run()
    };
    let balancer = &given.guards.balancer;
    for (name, mode) in [("refused", Mode::Refuse), ("held", Mode::Hold)] {
        balancer.set_mode(mode);
        let ended = create(name);
        assert_eq!(ended.code, Some(0), "{}", ended.told());
        assert!(!is_given(bed, name));
    }
    balancer.set_mode(Mode::Refuse);
    let choose = |policy: &str| {
        let step = |at: usize| json!({"op": "replace", "path": format!("/webhooks/{at}/failurePolicy"), "value": policy});
        let patch = json!([step(0), step(1)]).to_string();
        let patch = [
            "patch",
            "mutatingwebhookconfiguration",
            "firebreak",
            "--type=json",
            "--patch",
            &patch,
        ];
        bed.kubectl(&patch).succeeds();
    };
    choose("Fail");
    until("it is refused as was chosen", || {
        let ended = create("closed");
        let refused = ended.err.contains("create.database.firebreak.dev");
        if refused {
            return Ok(());
        }
        drop(
            bed.kubectl(&["delete", "pxc", "closed", "--namespace", PLACE])
                .run(),
        );
        Err(ended.told())
    });
    balancer.set_mode(Mode::Pass);
    let ended = create("open");
    assert_eq!(ended.code, Some(0), "{}", ended.told());
    assert!(is_given(bed, "open"));
    forget(bed);
}

/// Removes every database of Percona XtraDB.
fn forget(bed: &Bed) {
    let delete = [
        "delete",
        "perconaxtradbcluster",
        "--all",
        "--namespace",
        PLACE,
    ];
    bed.kubectl(&delete).succeeds();
}

pub(crate) fn a_dry_run_leaves_nothing(bed: &Bed) {
    let given = Given::start(bed);
    let before = bed.asked().len();
    let dry = given.tried(&xtradb("dry"));
    assert!(dry["spec"]["backup"].is_object(), "{dry}");
    let get = ["get", "perconaxtradbcluster", "dry", "--namespace", PLACE];
    bed.kubectl(&get).fails();
    let asked = bed.asked();
    let account = crate::bed::audit::ACCOUNT;
    let written = asked.iter().skip(before);
    let written = written.filter(|it| it.by == account && it.writes());
    // Its Lease goes on being renewed.
    let written = written.filter(|it| it.resource != "leases");
    let written: Vec<String> = written
        .map(|it| format!("{} {} {}", it.verb, it.resource, it.name))
        .collect();
    assert!(written.is_empty(), "{written:?}");
    let create = bed.kubectl(&["create", "-f", "-"]);
    create.input(xtradb("dry").to_string()).succeeds();
    let stored = bed.kubectl(&get).json();
    assert_eq!(stored["spec"], dry["spec"]);
    forget(bed);
}

pub(crate) fn defaults_that_tie_are_refused(bed: &Bed) {
    let given = Given::start(bed);
    let get = ["get", "backupdefaults", "every"];
    let every = bed.kubectl(&get).json();
    let other = |change: &dyn Fn(&mut Value)| {
        let mut spec = every["spec"].clone();
        change(&mut spec);
        let object = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
            "metadata": {"name": "other"}, "spec": spec});
        let create = bed.kubectl(&["create", "-f", "-"]);
        create.input(object.to_string()).run().told()
    };
    let tie = other(&|_| {});
    assert!(
        tie.contains("spec.appliesTo") && tie.contains("BackupDefaults every"),
        "{tie}"
    );
    let kind = other(&|spec| spec["appliesTo"]["databases"] = json!(["Oracle"]));
    assert!(kind.contains("spec.appliesTo.databases[0]"), "{kind}");
    let schedule = other(&|spec| {
        spec["appliesTo"]["databases"] = json!(["PerconaXtraDBCluster"]);
        spec["schedules"][0]["schedule"] = json!("@every 6h");
    });
    assert!(
        schedule.contains("spec.schedules[0].schedule"),
        "{schedule}"
    );
    drop(given);
}
