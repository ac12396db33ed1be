//! From the BackupDefaults a user writes to those that apply to a database.
//!
//! Of several that apply the most specific counts: the one that asks more of the namespace, then the
//! one that names the kind rather than `*`. Two that are equally specific and may both apply to one
//! database tie, and are refused.

use std::collections::BTreeMap;
use std::fmt;

use super::check::wrong;
use super::dialect::{self, Dialect};
use super::spec::BackupDefaultsSpec;
use crate::object::{Field, Object, ObjectRef, Unreadable};
use crate::policy;
use crate::policy::spec::GROUP;
use crate::selector::{LabelSelector, Operator, Requirement};

/// The kind of defaults.
pub const KIND: &str = "BackupDefaults";

/// The annotation of a database or namespace that is left alone, with the value `ignore`.
pub const OPT_OUT: &str = "firebreak.dev/backup-defaults";

/// Defaults that cannot be used as they are written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {problem}")]
pub struct Problem {
    /// The defaults.
    pub object: ObjectRef,
    /// The field, what stands there, and what would be accepted.
    pub problem: Unreadable,
}

/// One BackupDefaults, compiled.
#[derive(Debug, Clone)]
pub struct One {
    /// Its name.
    pub name: String,
    /// Its generation; 0 where the cluster has not counted yet.
    pub generation: i64,
    /// What it says.
    pub spec: BackupDefaultsSpec,
    object: ObjectRef,
    namespaces: LabelSelector,
    kinds: Vec<Kinds>,
}

/// Databases that defaults name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinds {
    All,
    Of(&'static Dialect),
}

impl fmt::Display for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND} {}", self.name)
    }
}

/// Every BackupDefaults, compiled.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    all: Vec<One>,
}

impl Defaults {
    /// The defaults among `objects`; whatever else is there is left aside.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn compile<'a>(
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Result<Self, Vec<Problem>> {
        let (defaults, problems) = Self::in_force(objects);
        if problems.is_empty() {
            Ok(defaults)
        } else {
            Err(problems)
        }
    }

    /// The defaults among `objects` as a cluster has them, and what is wrong with the others: those
    /// apply to nothing.
    pub fn in_force<'a>(objects: impl IntoIterator<Item = &'a Object>) -> (Self, Vec<Problem>) {
        let mut defaults = Self::default();
        let mut problems = Vec::new();
        for object in objects.into_iter().filter(|it| it.is(GROUP, KIND)) {
            let tied = |one: One| match defaults.tie(&one) {
                Some(tie) => Err(vec![tie]),
                None => Ok(one),
            };
            match One::compile(object).and_then(tied) {
                Ok(one) => defaults.all.push(one),
                Err(wrong) => problems.extend(wrong.into_iter().map(|problem| Problem {
                    object: object.reference().clone(),
                    problem,
                })),
            }
        }
        defaults.all.sort_by(|a, b| a.name.cmp(&b.name));
        (defaults, problems)
    }

    /// All of them, by name.
    #[must_use]
    pub fn all(&self) -> &[One] {
        &self.all
    }

    /// Those that apply to a database of this kind, in a namespace, unless one of the two opts out.
    #[must_use]
    pub fn for_database(&self, database: &Object, namespace: &Object) -> Option<&One> {
        if opts_out(database) || opts_out(namespace) {
            return None;
        }
        let labels = labels(namespace);
        let applying = self.all.iter().filter_map(|one| {
            let kinds = one.kinds.iter().filter(|kinds| kinds.has(database));
            let rank = kinds.map(|kinds| one.rank(*kinds)).max()?;
            one.namespaces.matches(&labels).then_some((rank, one))
        });
        applying.max_by_key(|(rank, _)| *rank).map(|(_, one)| one)
    }

    fn tie(&self, one: &One) -> Option<Unreadable> {
        let same = self.all.iter().find(|other| other.name == one.name);
        if same.is_some() {
            let found = format!("{:?}, a second time", one.name);
            return Some(Unreadable::new("metadata.name", found, "a name of its own"));
        }
        self.all.iter().find_map(|other| {
            let both = one.kinds.iter().find(|kinds| other.kinds.contains(kinds))?;
            let equal = one.rank(*both) == other.rank(*both);
            (equal && may_meet(&one.namespaces, &other.namespaces)).then(|| {
                Unreadable::new(
                    "spec.appliesTo",
                    format!("as specific as {other} for {both}"),
                    "databases or namespaces of its own, or one more condition on the namespaces",
                )
            })
        })
    }
}

impl Kinds {
    fn dialect(self) -> Option<&'static Dialect> {
        match self {
            Self::All => None,
            Self::Of(dialect) => Some(dialect),
        }
    }

    fn has(self, database: &Object) -> bool {
        match self {
            Self::All => true,
            Self::Of(dialect) => database.is(dialect.group, dialect.kind),
        }
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("every database"),
            Self::Of(dialect) => f.write_str(dialect.kind),
        }
    }
}

/// Whether an object asks to be left alone.
pub(super) fn opts_out(object: &Object) -> bool {
    object.annotation(OPT_OUT) == Some("ignore")
}

fn labels(object: &Object) -> BTreeMap<String, String> {
    let labels = object.root().get("metadata").get("labels").text_map();
    labels.ok().flatten().unwrap_or_default()
}

/// Whether some labels may satisfy both. Only what cannot is told apart.
fn may_meet(one: &LabelSelector, other: &LabelSelector) -> bool {
    let apart = |a: &Requirement, b: &Requirement| {
        let shared = || a.values.iter().any(|value| b.values.contains(value));
        let covered = || a.values.iter().all(|value| b.values.contains(value));
        a.key == b.key
            && match (a.operator, b.operator) {
                (Operator::In, Operator::In) => !shared(),
                (Operator::In, Operator::NotIn) => covered(),
                (Operator::In | Operator::Exists, Operator::DoesNotExist) => true,
                (Operator::In, Operator::Exists)
                | (Operator::NotIn | Operator::Exists | Operator::DoesNotExist, _) => false,
            }
    };
    let pairs = |a: &LabelSelector, b: &LabelSelector| {
        let mut found = a.requirements.iter();
        found.any(|x| b.requirements.iter().any(|y| apart(x, y)))
    };
    !pairs(one, other) && !pairs(other, one)
}

impl One {
    fn compile(object: &Object) -> Result<Self, Vec<Unreadable>> {
        let one = |problem| vec![problem];
        let spec: BackupDefaultsSpec = policy::read(object).map_err(one)?;
        let applies = object.spec().get("appliesTo");
        let kinds = kinds(&applies.get("databases")).map_err(one)?;
        let named: Vec<&Dialect> = kinds.iter().filter_map(|kinds| kinds.dialect()).collect();
        let problems = wrong(&object.spec(), &spec, &named);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            name: object.reference().name.clone(),
            generation: object.generation().unwrap_or(0),
            namespaces: LabelSelector::read(&applies.get("namespaces")).map_err(one)?,
            object: object.reference().clone(),
            kinds,
            spec,
        })
    }

    /// How it is named.
    #[must_use]
    pub fn reference(&self) -> &ObjectRef {
        &self.object
    }

    /// What it asks for that needs care, each a sentence.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let kinds = self.kinds.iter();
        let named = kinds.filter_map(|kinds| match kinds {
            Kinds::All => None,
            Kinds::Of(dialect) => (dialect.notes)(&self.spec).map(|note| (dialect.kind, note)),
        });
        named
            .map(|(kind, note)| format!("{kind}: {note}"))
            .collect()
    }

    /// Whether the logs are to be stored.
    pub(super) fn has_logs(&self) -> bool {
        self.spec
            .point_in_time
            .as_ref()
            .is_some_and(|it| it.enabled)
    }

    fn rank(&self, kinds: Kinds) -> (usize, bool) {
        (self.namespaces.requirements.len(), kinds != Kinds::All)
    }
}

fn kinds(field: &Field<'_>) -> Result<Vec<Kinds>, Unreadable> {
    let kinds: Result<Vec<Kinds>, Unreadable> = field.items()?.iter().map(kind).collect();
    match kinds? {
        none if none.is_empty() => Err(field.unreadable("at least one kind, or \"*\"")),
        kinds => Ok(kinds),
    }
}

fn kind(field: &Field<'_>) -> Result<Kinds, Unreadable> {
    let text = field.required_text()?;
    if text == "*" {
        return Ok(Kinds::All);
    }
    let found = dialect::ALL.iter().find(|dialect| dialect.is_named(text));
    found.map(Kinds::Of).ok_or_else(|| {
        let known: Vec<&str> = dialect::ALL.iter().map(|dialect| dialect.kind).collect();
        field.unreadable(format!("\"*\" or one of {}", known.join(", ")))
    })
}
