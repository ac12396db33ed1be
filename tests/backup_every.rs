//! What holds of every database, whatever it says: random ones shaped by each operator's definition,
//! and every sample that the operators publish.
//!
//! The definitions and samples are read from `../shared/upstream` where they are at hand; the random
//! databases are else shaped by the schemas of `tests/spec/backup`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use firebreak::backup::{
    self, Around, DatabaseKind, Defaults, Injection, Known, Schema, Secret, additions,
};
use firebreak::object::Object;
use firebreak::request::{Operation, Request, User};
use firebreak::yaml;
use serde_json::{Map, Value, json};

use crate::backup::{World, answered, object, operators, schema, told};
use crate::spec::sections;

/// How many random databases of each kind.
const CASES: usize = 10_000;

/// Each operator: its folder among the foreign files, its kind, and the page that shapes it else.
const OPERATORS: [(&str, &str, &str); 9] = [
    (
        "percona-xtradb-cluster-operator",
        "PerconaXtraDBCluster",
        "pxc",
    ),
    ("percona-server-mysql-operator", "PerconaServerMySQL", "ps"),
    (
        "percona-server-mongodb-operator",
        "PerconaServerMongoDB",
        "psmdb",
    ),
    ("cloudnative-pg", "Cluster", "cnpg"),
    (
        "percona-postgresql-operator",
        "PerconaPGCluster",
        "percona_pg",
    ),
    ("crunchy-postgres-operator", "PostgresCluster", "crunchy"),
    ("zalando-postgres-operator", "postgresql", "zalando"),
    ("mysql-operator", "InnoDBCluster", "innodb_cluster"),
    ("mariadb-operator", "MariaDB", "mariadb"),
];

const DEFAULTS: &str = r#"
apiVersion: firebreak.dev/v1alpha1
kind: BackupDefaults
metadata: {name: default, generation: 1}
spec:
  appliesTo: {databases: ["*"]}
  onUpdate: Inject
  storage:
    name: store
    s3: {bucket: backups, region: us-east-1, endpointUrl: "https://minio.minio.svc:9000", credentialsSecret: keys}
  pointInTime: {enabled: true, interval: 60s}
  schedules:
    - {name: daily, schedule: "0 2 * * *", keep: 7}
    - {name: weekly, schedule: "0 1 * * 0", keep: 8}
  images:
    PerconaXtraDBCluster: {"8.4": x, "8.0": x}
    PerconaServerMySQL: {"8.4": x, "8.0": x}
    PerconaServerMongoDB: {"*": x}
  overrides:
    postgresql: {enableLogicalBackup: true}
    PerconaXtraDBCluster: {allowParallel: false}
"#;

const AROUND: &str = r#"
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", s3.conf: "", credentials: ""}
---
apiVersion: v1
kind: Service
metadata: {name: barman-cloud, namespace: cnpg-system, labels: {cnpg.io/pluginName: barman-cloud.cloudnative-pg.io}}
---
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata: {name: store, namespace: shop}
spec: {retentionPolicy: 30d, configuration: {destinationPath: "s3://backups/shop/"}}
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn upstream() -> Option<PathBuf> {
    let folder = root().join("../shared/upstream");
    folder.is_dir().then_some(folder)
}

fn objects(text: &str) -> Vec<Object> {
    let documents = yaml::read(text, yaml::LARGEST).into_iter();
    let values = documents.filter_map(|document| Some(document.ok()?.value));
    values.filter_map(|value| Object::new(value).ok()).collect()
}

fn files(folder: &Path) -> Vec<(String, Vec<Object>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, objects(&fs::read_to_string(path).unwrap_or_default()))
    };
    paths.into_iter().map(read).collect()
}

fn defaults() -> Defaults {
    Defaults::compile(&objects(DEFAULTS)).unwrap()
}

fn world() -> World {
    World {
        objects: objects(AROUND),
        unreached: false,
    }
}

fn kind_of(kind: &str) -> DatabaseKind {
    backup::kinds().find(|it| it.kind == kind).unwrap()
}

fn creation(mut object: Object) -> Request {
    object = object.in_namespace("shop");
    let mut request = Request::create(object, User::named("engineer"));
    "shop".clone_into(&mut request.target.namespace);
    request
}

/// The definitions of a kind among files: their names, versions and schemas.
fn definitions(files: &[(String, Vec<Object>)], kind: &str) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (file, all) in files {
        let named = |it: &&Object| it.value().pointer("/spec/names/kind") == Some(&json!(kind));
        for definition in all.iter().filter(named) {
            for version in definition.value()["spec"]["versions"].as_array().unwrap() {
                let schema = &version["schema"]["openAPIV3Schema"];
                if version["served"] == json!(true) && schema.is_object() {
                    let version = version["name"].as_str().unwrap().to_owned();
                    found.push((file.clone(), version, schema.clone()));
                }
            }
        }
    }
    found
}

/// A value as the API server stores it: without what the schema does not name.
fn pruned(schema: &Value, value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let keeps = schema["x-kubernetes-preserve-unknown-fields"] == json!(true);
            let mut kept = Map::new();
            for (key, inner) in map {
                let named = schema["properties"].get(key);
                let any = schema
                    .get("additionalProperties")
                    .filter(|it| it.is_object());
                match named.or(any) {
                    Some(schema) => drop(kept.insert(key.clone(), pruned(schema, inner))),
                    None if keeps => drop(kept.insert(key.clone(), inner.clone())),
                    None => {}
                }
            }
            Value::Object(kept)
        }
        Value::Array(items) => items
            .iter()
            .map(|item| pruned(&schema["items"], item))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn every_sample_database_keeps_what_it_is_given_and_is_given_it_once() {
    let Some(upstream) = upstream() else {
        println!("skipped: ../shared/upstream is not here");
        return;
    };
    println!("operator | definition | samples | injected | companions | left");
    for (folder, kind, _) in OPERATORS {
        let all = files(&upstream.join(folder).join("crds"));
        let mut samples = files(&upstream.join(folder).join("samples"));
        if kind == "Cluster" {
            samples.extend(files(&upstream.join("plugin-barman-cloud/samples")));
        }
        let it = kind_of(kind);
        let samples: Vec<&Object> = samples
            .iter()
            .flat_map(|(_, all)| all)
            .filter(|sample| sample.is(it.group, kind))
            .collect();
        assert!(!samples.is_empty(), "{kind}: no sample");
        let mut by_file: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
        for (file, version, schema) in definitions(&all, kind) {
            by_file.entry(file).or_default().push((version, schema));
        }
        // The group of another operator defines the same kind.
        by_file.retain(|file, _| !file.starts_with("upstream."));
        for (file, versions) in by_file {
            let told = Told::of(&samples, &all, &versions);
            println!("{kind} | {file} | {told}");
        }
    }
}

/// What became of samples under one definition.
#[derive(Default)]
struct Told {
    samples: usize,
    injected: usize,
    beside: usize,
    left: BTreeMap<&'static str, usize>,
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            samples,
            injected,
            beside,
            left,
        } = self;
        write!(f, "{samples} | {injected} | {beside} | {left:?}")
    }
}

impl Told {
    fn of(
        samples: &[&Object],
        all: &[(String, Vec<Object>)],
        versions: &[(String, Value)],
    ) -> Self {
        let (defaults, operators, world) = (defaults(), operators(), world());
        let mut told = Self::default();
        for sample in samples {
            told.samples += 1;
            let version = &sample.reference().version;
            let schema = versions.iter().find(|(name, _)| name == version);
            let schema = schema.map_or(Value::Null, |(_, schema)| schema.clone());
            let wrapped = Some(schema.clone())
                .filter(Value::is_object)
                .map(Schema::new);
            let known = Known {
                schema: wrapped.as_ref(),
                around: &world,
                operators: &operators,
            };
            let request = creation((*sample).clone());
            let injection = answered(&request, &defaults, &known);
            let mut after = injection.applied(request.object.as_ref().unwrap()).unwrap();
            let stored = pruned(&schema, &after);
            for (pointer, value) in
                additions(&injection.patch).filter(|(it, _)| it.starts_with("/spec"))
            {
                assert_eq!(
                    stored.pointer(&pointer),
                    Some(value),
                    "{sample:?} {pointer}"
                );
            }
            after["metadata"]["namespace"] = json!("shop");
            let beside = backup::companions(&object(after), &defaults, &known).unwrap_or_default();
            let beside = beside.objects;
            for companion in &beside {
                let kind = companion["kind"].as_str().unwrap();
                let (_, _, schema) = definitions(all, kind).remove(0);
                let spec = &schema["properties"]["spec"];
                assert_eq!(pruned(spec, &companion["spec"]), companion["spec"]);
            }
            told.beside += beside.len();
            match &injection.left {
                None => told.injected += 1,
                Some(it) => *told.left.entry(it.why.name()).or_default() += 1,
            }
        }
        told
    }
}

/// What random databases are made of.
struct Maker {
    random: fastrand::Rng,
    left: usize,
}

const TEXTS: [&str; 14] = [
    "",
    "a",
    "store",
    "own",
    "s3",
    "repo1",
    "8.4.7-7.1",
    "percona/server:8.4.7-7.1",
    "mariadb:11.4.2",
    "1.22.0",
    "1.17.0",
    "@daily",
    "barman-cloud.cloudnative-pg.io",
    "s3://backups/shop",
];

/// Fields that a decision looks at.
const SEEN: [&str; 22] = [
    "spec",
    "backup",
    "backups",
    "storages",
    "schedule",
    "tasks",
    "pitr",
    "enabled",
    "image",
    "pgbackrest",
    "repos",
    "plugins",
    "backupProfiles",
    "backupSchedules",
    "enableLogicalBackup",
    "logicalBackupSchedule",
    "crVersion",
    "pxc",
    "mysql",
    "barmanObjectStore",
    "pointInTimeRecoveryRef",
    "replication",
];

impl Maker {
    fn fill(&mut self, database: &mut Value, shape: &Value) {
        self.left = 60;
        database["spec"] = self.value(&shape["properties"]["spec"], 7);
        database["metadata"] = json!({"name": "db1"});
        if self.random.u8(..4) == 0 {
            database["metadata"]["annotations"] = json!({"a/b~c": "x"});
        }
    }

    fn text(&mut self) -> Value {
        json!(TEXTS[self.random.usize(..TEXTS.len())])
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        self.left = self.left.saturating_sub(1);
        if self.random.u8(..40) == 0 {
            let odd = [
                json!(null),
                json!({}),
                json!([]),
                json!(""),
                json!(false),
                json!(0),
                json!("x"),
            ];
            return odd[self.random.usize(..odd.len())].clone();
        }
        match schema["type"].as_str() {
            Some("object") => self.map(schema, depth),
            Some("array") if depth > 0 => {
                let count = self.random.usize(..3);
                (0..count)
                    .map(|_| self.value(&schema["items"], depth - 1))
                    .collect()
            }
            Some("array") => json!([]),
            Some("boolean") => json!(self.random.bool()),
            Some("integer" | "number") => json!(self.random.i32(0..5)),
            _ => match schema["enum"].as_array() {
                Some(words) => words[self.random.usize(..words.len())].clone(),
                None => self.text(),
            },
        }
    }

    fn map(&mut self, schema: &Value, depth: usize) -> Value {
        let mut map = Map::new();
        if depth == 0 || self.left == 0 {
            return json!({});
        }
        let required = schema["required"].as_array();
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.is_some_and(|all| all.contains(&json!(key)));
            let odds = if SEEN.contains(&key.as_str()) || is_required {
                2
            } else {
                12
            };
            if key == "spec" || self.random.u8(..odds) == 0 {
                map.insert(key.clone(), self.value(inner, depth - 1));
            }
        }
        let any = schema
            .get("additionalProperties")
            .filter(|it| it.is_object());
        if let Some(any) = any {
            for _ in 0..self.random.usize(..3) {
                let key = self.text();
                map.insert(key.as_str().unwrap().to_owned(), self.value(any, depth - 1));
            }
        }
        Value::Object(map)
    }
}

/// A world of which only some is told.
struct Hushed<'w> {
    world: &'w World,
    tells: [bool; 4],
}

impl Around for Hushed<'_> {
    fn namespace(&self, name: &str) -> Option<Object> {
        self.world.namespace(name).filter(|_| self.tells[0])
    }

    fn objects(&self, group: &str, kind: &str, namespace: &str) -> Option<Vec<Object>> {
        let all = self.world.objects(group, kind, namespace);
        all.filter(|_| self.tells[1])
    }

    fn secret(&self, namespace: &str, name: &str) -> Secret {
        if self.tells[2] {
            self.world.secret(namespace, name)
        } else {
            Secret::Untold
        }
    }

    fn is_reachable(&self, defaults: &str) -> bool {
        self.tells[3] && self.world.is_reachable(defaults)
    }
}

/// What is added beside our annotation, by its pointer.
fn added(injection: &Injection) -> BTreeMap<String, Value> {
    let all = additions(&injection.patch);
    let all = all.filter(|(pointer, _)| !pointer.starts_with("/metadata"));
    all.map(|(pointer, value)| (pointer, value.clone()))
        .collect()
}

/// Who knows less adds nothing more, and who knows no schema adds nothing.
fn knows_less(request: &Request, defaults: &Defaults, known: &Known<'_>, world: &World) {
    let most = added(&backup::inject(request, defaults, known));
    for bits in 0..16_u8 {
        let around = Hushed {
            world,
            tells: [1, 2, 4, 8].map(|bit| bits & bit != 0),
        };
        let hushed = Known {
            around: &around,
            ..*known
        };
        let some = added(&answered(request, defaults, &hushed));
        assert!(
            some.iter().all(|(at, value)| most.get(at) == Some(value)),
            "{bits:b}: {some:#?} is more than {most:#?}"
        );
        assert!(bits == 15 || some.len() <= most.len());
        let blind = Known {
            schema: None,
            ..hushed
        };
        assert!(answered(request, defaults, &blind).patch.is_empty());
    }
}

/// A change of a database that is there gives it what its creation would, or nothing.
fn changes_alike(request: &Request, defaults: &Defaults, known: &Known<'_>, created: &Injection) {
    let changed = Request {
        operation: Operation::Update,
        old_object: request.object.clone(),
        ..request.clone()
    };
    let changed = added(&answered(&changed, defaults, known));
    assert!(
        changed.is_empty() || changed == added(created),
        "a change adds {changed:#?}"
    );
}

/// A schema as JSON, for a kind: the newest definition at hand, or the one of our own page.
fn shape(folder: &str, kind: &str, page: &str) -> (String, Value) {
    let api = kind_of(kind).versions;
    let upstream = upstream().map(|it| files(&it.join(folder).join("crds")));
    let all = upstream
        .map(|all| definitions(&all, kind))
        .unwrap_or_default();
    let known = all
        .into_iter()
        .filter(|(_, version, _)| api.contains(&version.as_str()));
    let known: Vec<_> = known
        .filter(|(file, _, _)| !file.starts_with("upstream."))
        .collect();
    if let Some((_, version, schema)) = known.into_iter().last() {
        return (version, schema);
    }
    let text = fs::read_to_string(root().join(format!("tests/spec/backup/{page}.md"))).unwrap();
    let blocks = sections(&text).into_iter().flat_map(|it| it.blocks);
    let block = blocks
        .into_iter()
        .find(|it| it.info == "text schema")
        .unwrap();
    (api[0].to_owned(), schema(&text[block.range]).unwrap())
}

/// Random databases of one kind are asked about: what is added is only added, and once, and comes
/// back when an update drops it.
fn holds_for(folder: &str, kind: &str, page: &str) -> usize {
    let (defaults, operators, world) = (defaults(), operators(), world());
    let (version, shape) = shape(folder, kind, page);
    let group = kind_of(kind).group;
    let wrapped = Schema::new(shape.clone());
    let known = Known {
        schema: Some(&wrapped),
        around: &world,
        operators: &operators,
    };
    let mut maker = Maker {
        random: fastrand::Rng::with_seed(7),
        left: 0,
    };
    let mut injected = 0;
    for case in 0..CASES {
        let mut value = json!({});
        value["apiVersion"] = json!(format!("{group}/{version}"));
        value["kind"] = json!(kind);
        maker.fill(&mut value, &shape);
        let request = creation(object(value));
        let injection = answered(&request, &defaults, &known);
        if case % 10 == 0 {
            changes_alike(&request, &defaults, &known, &injection);
        }
        if case % 100 == 0 {
            knows_less(&request, &defaults, &known, &world);
        }
        assert_eq!(
            injection.patch.is_empty(),
            injection.left.is_some(),
            "{}",
            told(&injection)
        );
        if injection.patch.is_empty() {
            continue;
        }
        injected += 1;
        let before = request.object.clone().unwrap();
        let after = object(injection.applied(&before).unwrap());
        let replaced = Request {
            operation: Operation::Update,
            old_object: Some(after.clone()),
            ..request
        };
        let kept = answered(&replaced, &Defaults::default(), &known);
        assert_eq!(
            kept.applied(&before).as_ref(),
            Some(after.value()),
            "{}",
            told(&kept)
        );
    }
    injected
}

#[test]
fn random_databases_are_only_added_to_once_and_keep_it() {
    for (folder, kind, page) in OPERATORS {
        let injected = holds_for(folder, kind, page);
        println!("{kind}: {injected} of {CASES} were given backups");
        assert!(
            injected > 0 || kind == "MariaDB",
            "{kind}: none was given backups"
        );
    }
}
