//! Backups by default: what a database that is applied without them gets, in the words of its own
//! operator.
//!
//! [`inject`] answers a request with a patch that only adds whole keys that were left out, with
//! warnings, and with why nothing was added. The same arguments always give the same bytes, and what
//! it answers about its own result is nothing. Where a fact is missing, nothing is added: a database
//! without backups is reported, one that its operator refuses is lost.

mod cadence;
mod check;
mod defaults;
mod dialect;
mod injection;
mod known;
mod merge;
mod refrain;
mod schema;
pub mod spec;

pub use defaults::{Defaults, KIND, OPT_OUT, One, Problem};
pub use injection::{Injection, LONGEST_WARNING, Left, Why, cut};
pub use known::{Around, Known, STORAGE_REACHABLE, Secret};
pub use merge::{ANNOTATION, Patch, additions, applied, merge_patch};
pub use schema::Schema;

use serde_json::Value;

pub use dialect::Companions;
use dialect::{Case, Dialect, Proposal};
use merge::Additions;
use spec::OnUpdate;

use crate::object::Object;
use crate::request::{Operation, Request, User};

/// A kind of database that can be given backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseKind {
    /// API group.
    pub group: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// The versions of its API that are known.
    pub versions: &'static [&'static str],
    /// The kind of objects of the same group that restore it; none where a restore is a new database.
    pub restores: Option<&'static str>,
}

impl DatabaseKind {
    /// The resource as `kubectl` takes it, such as `clusters.postgresql.cnpg.io`, which is the name of its
    /// definition too.
    #[must_use]
    pub fn resource(self) -> String {
        format!("{}s.{}", self.kind.to_lowercase(), self.group)
    }
}

/// Every kind of database that can be given backups.
pub fn kinds() -> impl Iterator<Item = DatabaseKind> {
    dialect::ALL.iter().map(|dialect| DatabaseKind {
        group: dialect.group,
        kind: dialect.kind,
        versions: dialect.versions,
        restores: dialect.restores.map(|restores| restores.kind),
    })
}

/// What could be added to a database that is there, for people to decide.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offer {
    /// What could be added, or why nothing.
    pub injection: Injection,
    /// Whether its operator would restart it for that.
    pub restarts: bool,
}

/// What could be added to a database that is there, whether or not its defaults leave changes alone.
#[must_use]
pub fn offer(object: &Object, defaults: &Defaults, known: &Known<'_>) -> Offer {
    let none = |left| Offer {
        injection: Injection::left(left, Vec::new()),
        restarts: false,
    };
    let Some(dialect) = Dialect::of(object) else {
        return none(not_a_database());
    };
    let mut request = Request::create(object.clone(), User::default());
    request.operation = Operation::Update;
    if let Some(left) = refrain::untouched(&request, object, dialect, known) {
        return none(left);
    }
    let asked = (&request, object);
    let answer = applying(&request, object, defaults, known)
        .and_then(|one| propose(asked, dialect, one, known).map(|it| (one, it)));
    match answer {
        Err(left) => none(left),
        Ok((_, proposal)) if proposal.only_new => none(only_new()),
        Ok((one, proposal)) => Offer {
            restarts: proposal.restarts,
            injection: written(asked, one, proposal),
        },
    }
}

fn only_new() -> Left {
    let message = "its operator takes backups only with a new database";
    Left::new(Why::Update, message)
}

/// The kinds of the objects that are kept beside databases: API group and kind.
pub const COMPANIONS: &[(&str, &str)] = &[
    ("k8s.mariadb.com", "PhysicalBackup"),
    ("postgresql.cnpg.io", "ScheduledBackup"),
];

/// What is added to the object of a request, so that it has backups.
#[must_use]
pub fn inject(request: &Request, defaults: &Defaults, known: &Known<'_>) -> Injection {
    let updates = match request.operation {
        Operation::Create => false,
        Operation::Update => true,
        Operation::Delete | Operation::Connect => return not_asked(),
    };
    let (Some(object), true) = (&request.object, request.subresource.is_empty()) else {
        return not_asked();
    };
    let Some(dialect) = Dialect::of(object) else {
        return not_asked();
    };
    if let Some(left) = refrain::untouched(request, object, dialect, known) {
        return Injection::left(left, Vec::new());
    }
    if updates && let Some(kept) = keep(request, object, known) {
        return kept;
    }
    let answer = choose(request, object, defaults, known)
        .and_then(|one| propose((request, object), dialect, one, known).map(|it| (one, it)));
    match answer {
        Ok((one, proposal)) => answered((request, object), one, proposal),
        Err(left) => Injection::left(left, Vec::new()),
    }
}

fn not_asked() -> Injection {
    Injection::left(not_a_database(), Vec::new())
}

fn not_a_database() -> Left {
    Left::new(Why::NotAsked, "it is no database that is written")
}

/// What an update would take away that was added before: it is kept as it was, not as defaults say
/// today. `None` where nothing is lost.
fn keep(request: &Request, object: &Object, known: &Known<'_>) -> Option<Injection> {
    let old = request.old_object.as_ref()?;
    let note = old.annotation(ANNOTATION)?;
    let mut lost = merge::lost(&merge::noted(note), old.value(), object.value());
    if lost.is_empty() {
        return None;
    }
    let misfit = match known.schema {
        Some(schema) => misfits(schema, &lost).into_iter().next(),
        None => Some("the schema cannot be read".to_owned()),
    };
    if let Some(misfit) = misfit {
        let message = format!("{misfit}; what was added before is not kept");
        return Some(Injection::left(
            Left::new(Why::Unknown, message),
            Vec::new(),
        ));
    }
    let kept = lost.iter().map(|(path, _)| path.join("."));
    let warnings = kept.map(|path| format!("{path}: kept as it was; {OPT_OUT}: ignore lets it go"));
    let warnings = warnings.collect();
    lost.add(&["metadata", "annotations", ANNOTATION], Value::from(note));
    Some(patched(lost, object, warnings, None))
}

/// The defaults that apply, where they apply to this operation.
fn choose<'d>(
    request: &Request,
    object: &Object,
    defaults: &'d Defaults,
    known: &Known<'_>,
) -> Result<&'d One, Left> {
    let one = applying(request, object, defaults, known)?;
    if request.operation == Operation::Update && one.spec.on_update == OnUpdate::Never {
        let message = format!("{one} leaves changes of databases alone");
        return Err(Left::new(Why::Update, message));
    }
    Ok(one)
}

/// The defaults that apply.
fn applying<'d>(
    request: &Request,
    object: &Object,
    defaults: &'d Defaults,
    known: &Known<'_>,
) -> Result<&'d One, Left> {
    let none = || Left::new(Why::NoDefaults, "no BackupDefaults apply to it");
    if defaults.all().is_empty() {
        return Err(none());
    }
    let name = &request.target.namespace;
    let namespace = known.around.namespace(name);
    let namespace = namespace.ok_or_else(|| {
        let message = format!("namespace {name:?} is not known; no backups are added");
        Left::new(Why::Unknown, message)
    })?;
    defaults.for_database(object, &namespace).ok_or_else(none)
}

fn propose(
    (request, object): (&Request, &Object),
    dialect: &'static Dialect,
    one: &One,
    known: &Known<'_>,
) -> Result<Proposal, Left> {
    let (namespace, name) = (&request.target.namespace, name_of(request, object));
    if name.is_empty() {
        let message =
            "metadata.name: empty, and its backups need a path of their own; no backups are added";
        return Err(Left::new(Why::Unknown, message));
    }
    let schema = known.schema.ok_or_else(|| {
        let message = format!(
            "the schema of {} cannot be read; no backups are added",
            dialect.kind
        );
        Left::new(Why::Unknown, message)
    })?;
    if let Some(left) = refrain::waiting(object, (namespace, name), dialect, known) {
        return Err(left);
    }
    let case = Case {
        dialect,
        object,
        namespace,
        name,
        one,
        schema,
        around: known.around,
    };
    let proposal = (dialect.propose)(&case)?;
    match misfits(schema, &proposal.additions).first() {
        Some(misfit) => Err(Left::new(
            Why::Impossible,
            format!("{misfit}; no backups are added"),
        )),
        None => Ok(proposal),
    }
}

fn name_of<'a>(request: &'a Request, object: &'a Object) -> &'a str {
    match object.reference().name.as_str() {
        "" => &request.target.name,
        name => name,
    }
}

/// What the schema would prune or refuse of additions.
fn misfits(schema: &Schema, additions: &Additions) -> Vec<String> {
    let each = additions.iter();
    each.flat_map(|(path, value)| schema.misfits(path, value))
        .collect()
}

fn answered((request, object): (&Request, &Object), one: &One, proposal: Proposal) -> Injection {
    let adds = !proposal.additions.is_empty() && request.operation == Operation::Update;
    if adds && proposal.restarts && !one.spec.allow_restart {
        let message = "its operator would restart it for that, and allowRestart is not true";
        return Injection::left(Left::new(Why::Update, message), Vec::new());
    }
    if adds && proposal.only_new {
        return Injection::left(only_new(), Vec::new());
    }
    written((request, object), one, proposal)
}

/// The patch that adds what is proposed, and notes it.
fn written((request, object): (&Request, &Object), one: &One, proposal: Proposal) -> Injection {
    let mut additions = proposal.additions;
    if additions.is_empty() {
        let complete = || Left::new(Why::Complete, "it has all that could be added");
        return Injection::left(proposal.left.unwrap_or_else(complete), proposal.warnings);
    }
    let updates = request.operation == Operation::Update;
    let before = object.annotation(ANNOTATION);
    let note = additions.note(one, &before.map(merge::noted).unwrap_or_default());
    let defaults = Some(one.name.clone());
    // On creation an annotation of this name is the user's own, perhaps copied with the object.
    if before.is_none() {
        additions.add(&["metadata", "annotations", ANNOTATION], Value::from(note));
        return patched(additions, object, proposal.warnings, defaults);
    }
    let mut injection = patched(additions, object, proposal.warnings, defaults);
    if updates && injection.left.is_none() {
        merge::renote(&mut injection.patch, note);
    }
    injection
}

fn patched(
    additions: Additions,
    object: &Object,
    warnings: Vec<String>,
    defaults: Option<String>,
) -> Injection {
    match additions.patch(object.value()) {
        Ok(patch) => Injection::added(patch, warnings, defaults),
        Err(place) => {
            let message = format!("{}: no map stands above it; no backups are added", place.0);
            Injection::left(Left::new(Why::Unreadable, message), warnings)
        }
    }
}

/// The objects that make the backups of a database beside it, where its operator has such; none where
/// the database has its own. They are the controller's to create, keep and remove. They are owned by
/// the database where that has a UID.
///
/// # Errors
/// Why there are none.
pub fn companions(
    object: &Object,
    defaults: &Defaults,
    known: &Known<'_>,
) -> Result<Companions, Left> {
    let Some(dialect) = Dialect::of(object) else {
        return Ok(Companions::default());
    };
    let request = Request::create(object.clone(), User::default());
    if let Some(left) = refrain::untouched(&request, object, dialect, known) {
        return Err(left);
    }
    let one = choose(&request, object, defaults, known)?;
    let reference = object.reference();
    let named = (reference.namespace.as_str(), reference.name.as_str());
    if let Some(left) = refrain::waiting(object, named, dialect, known) {
        return Err(left);
    }
    let empty = Schema::new(Value::Null);
    let companions = (dialect.companions)(&Case {
        dialect,
        object,
        namespace: named.0,
        name: named.1,
        one,
        schema: known.schema.unwrap_or(&empty),
        around: known.around,
    })?;
    let defaults = (!companions.objects.is_empty()).then(|| one.name.clone());
    Ok(Companions {
        defaults,
        ..companions
    })
}

/// Why a database of a known kind has no backups; `None` where it has, or is no such database.
#[must_use]
pub fn unprotected(object: &Object, around: &dyn Around) -> Option<String> {
    let dialect = Dialect::of(object)?;
    (dialect.lacks)(object, around)
}
