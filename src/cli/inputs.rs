//! What `check` and `plan` judge, and what they judge it with.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use super::live::{Found, Live};
use super::manifests::{Manifest, ReadFailure, Reader, Reading, Skipped};
use super::report::{Failure, PolicyOrigin, Source};
use super::sight::{Sight, Tell};
use super::vicinity::{Vicinity, database};
use crate::backup::{self, Defaults};
use crate::inventory::{Cluster, Inventory, Origin};
use crate::object::Object;
use crate::policy::PolicySet;
use crate::policy::spec::GROUP;
use crate::request::{Request, User};
use crate::server::review;

/// The policies that apply where none are given.
pub const DEFAULT_POLICIES: &str = include_str!("../../policies/default.yaml");

/// Arguments that say what is judged, and with what.
#[derive(Debug, Clone, clap::Args)]
pub struct Inputs {
    /// The cluster: files or directories of `kubectl get -o yaml` or `firebreak snapshot`. Without it
    /// and without a live cluster the manifests among PATHS are the world
    #[arg(long)]
    pub world: Vec<String>,
    #[command(flatten)]
    live: Live,
    /// Namespace of objects that name none
    #[arg(long, short, default_value = "default")]
    pub namespace: String,
    /// The instant of the judgement, RFC 3339; now by default
    #[arg(long)]
    pub now: Option<Timestamp>,
}

/// Something to be judged, and where it stands.
pub struct Subject {
    /// Where.
    pub source: Source,
    /// The request.
    pub request: Request,
}

/// Everything read.
pub struct Loaded {
    /// What is judged, in order of file and line.
    pub subjects: Vec<Subject>,
    /// The cluster.
    pub inventory: Inventory,
    /// Policies and exemptions found in the world, not compiled yet.
    pub permitted: Permitted,
    /// What tells what is around databases.
    pub sight: Sight,
    /// The instant of the judgement.
    pub now: Timestamp,
    /// Documents found in directories that are no objects.
    pub skipped: Vec<Source>,
    /// What could not be read.
    pub failures: Vec<Failure>,
}

/// Policies and exemptions of a world.
#[derive(Debug, Default)]
pub struct Permitted {
    /// What was found.
    pub found: Vec<Object>,
    /// Why they are not known, where they are not.
    pub untold: Option<String>,
}

/// The policies to judge with, and where they are from.
pub struct Rules {
    /// The policies.
    pub set: PolicySet,
    /// Who chose them.
    pub origin: PolicyOrigin,
    /// The BackupDefaults beside them.
    pub defaults: Vec<Object>,
}

impl Inputs {
    /// Reads everything, as `user` would submit it, and the policies of a live cluster where that is
    /// `policed`.
    ///
    /// # Errors
    /// When the world cannot be read: a verdict on part of a cluster would be no verdict.
    pub fn load(&self, paths: &[String], user: &User, policed: bool) -> anyhow::Result<Loaded> {
        let live = self.live.is_asked()?;
        if live && !self.world.is_empty() {
            bail!("--world beside --context or --kubeconfig are two clusters, expected one");
        }
        if paths.is_empty() && !live && self.world.is_empty() {
            bail!("nothing to read, expected PATHS, --world or --context");
        }
        let reader = Reader {
            namespace: &self.namespace,
            ..Reader::default()
        };
        let mut given = reader.read(paths, &mut std::io::stdin().lock());
        let mut world = recorded(&reader, &self.world)?;
        believed(&mut given, &self.world);
        if paths.is_empty() {
            let databases = world.manifests.iter();
            let databases = databases.filter(|it| database(&it.object).is_some());
            given.manifests.extend(databases.cloned());
        }
        let mut vicinity = Vicinity::default();
        for manifest in given.manifests.iter().chain(&world.manifests) {
            vicinity.put(&manifest.object);
        }
        let mut sight = Sight::Files(Box::new(vicinity));
        let (inventory, permitted) = if live {
            let Found {
                cluster,
                policies: found,
                untold,
            } = self.live.read(policed)?;
            sight = Sight::of(&self.live, &cluster);
            (cluster.inventory(), Permitted { found, untold })
        } else if self.world.is_empty() {
            told(&mut given, Origin::Manifests)
        } else {
            told(&mut world, Origin::Recorded)
        };
        let mut failures: Vec<Failure> = given.failures.iter().map(Failure::from).collect();
        let skipped = given.skipped.iter().chain(&world.skipped);
        let skipped = skipped.map(Source::from).collect();
        let mut subjects = subjects(given.manifests, user, &mut failures);
        if paths.is_empty() {
            subjects.extend(sight.databases());
        }
        Ok(Loaded {
            subjects,
            inventory,
            permitted,
            sight,
            now: self.now.unwrap_or_else(Timestamp::now),
            skipped,
            failures,
        })
    }
}

impl Loaded {
    /// What is told of the databases among the subjects, by the defaults beside these policies.
    ///
    /// # Errors
    /// When defaults do not compile, or the live cluster cannot be reached any more.
    pub fn backups<T>(&mut self, rules: &Rules, tell: Tell<T>) -> anyhow::Result<Vec<T>> {
        let defaults = defaults(rules)?;
        if let Sight::Files(vicinity) = &mut self.sight {
            for object in &rules.defaults {
                vicinity.put(object);
            }
        }
        let databases = self.subjects.iter();
        let any = databases
            .filter_map(|it| it.request.object.as_ref())
            .any(|it| database(it).is_some());
        if any {
            self.sight.tell(&self.subjects, &defaults, tell)
        } else {
            Ok(Vec::new())
        }
    }
}

/// The cluster that these manifests tell, and the policies among them, which are not judged.
fn told(source: &mut Reading, origin: Origin) -> (Inventory, Permitted) {
    let permitted = Permitted {
        found: take(source, is_policy),
        untold: None,
    };
    (inventory(source, origin), permitted)
}

/// Everything that was recorded of a world.
fn recorded(reader: &Reader<'_>, paths: &[String]) -> anyhow::Result<Reading> {
    let world = reader.read(paths, &mut std::io::stdin().lock());
    if let Some(failure) = world.failures.first() {
        bail!("the world cannot be read: {failure}");
    }
    Ok(world)
}

/// The cluster that was recorded in these files.
///
/// # Errors
/// When one of them cannot be read.
pub fn world(reader: &Reader<'_>, paths: &[String]) -> anyhow::Result<Inventory> {
    let world = recorded(reader, paths)?;
    Ok(inventory(&world, Origin::Recorded))
}

/// Leaves out what lies in the world: that is not judged but believed.
fn believed(given: &mut Reading, world: &[String]) {
    let canonical = |path: &String| Path::new(path).canonicalize().ok();
    let roots: Vec<PathBuf> = world.iter().filter_map(canonical).collect();
    if roots.is_empty() {
        return;
    }
    let judged = |file: &String| {
        canonical(file).is_none_or(|file| !roots.iter().any(|root| file.starts_with(root)))
    };
    given.manifests.retain(|manifest| judged(&manifest.file));
    given.skipped.retain(|skipped| judged(&skipped.file));
}

fn take(reading: &mut Reading, wanted: fn(&Object) -> bool) -> Vec<Object> {
    let all = std::mem::take(&mut reading.manifests);
    let (taken, left): (Vec<Manifest>, Vec<Manifest>) = all
        .into_iter()
        .partition(|manifest| wanted(&manifest.object));
    reading.manifests = left;
    taken.into_iter().map(|manifest| manifest.object).collect()
}

fn is_policy(object: &Object) -> bool {
    object.reference().group == GROUP
}

/// The inventory of these manifests. In a recorded world a chaos object is a live experiment.
fn inventory(reading: &Reading, origin: Origin) -> Inventory {
    let objects = reading.manifests.iter().map(|it| it.object.clone());
    match origin {
        Origin::Manifests => Inventory::from_objects(&objects.collect::<Vec<_>>(), origin),
        Origin::Recorded => {
            let mut cluster = Cluster::default();
            for (group, kind) in &reading.none {
                cluster.adopt(group, kind, Cluster::default());
            }
            objects.for_each(|object| cluster.put(object));
            cluster.inventory()
        }
    }
}

fn subjects(given: Vec<Manifest>, user: &User, failures: &mut Vec<Failure>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for manifest in given {
        let source = Source {
            file: manifest.file,
            line: manifest.line,
        };
        match request(manifest.object, user) {
            Ok(request) => subjects.push(Subject { source, request }),
            Err(error) => failures.push(Failure {
                file: source.file,
                line: source.line,
                column: 0,
                message: format!("{error:#}"),
            }),
        }
    }
    subjects
}

/// The creation of an object, or the request in a recorded AdmissionReview.
///
/// # Errors
/// When it is an AdmissionReview that cannot be read.
pub fn request(object: Object, user: &User) -> anyhow::Result<Request> {
    if !object.is("admission.k8s.io", "AdmissionReview") {
        return Ok(Request::create(
            object.without_managed_fields(),
            user.clone(),
        ));
    }
    let body = serde_json::to_vec(object.value()).context("AdmissionReview")?;
    let (_, request) = review::read(&body)?;
    Ok(request)
}

impl From<&Skipped> for Source {
    fn from(skipped: &Skipped) -> Self {
        Self {
            file: skipped.file.clone(),
            line: skipped.line,
        }
    }
}

impl From<&ReadFailure> for Failure {
    fn from(failure: &ReadFailure) -> Self {
        Self {
            file: failure.file.clone(),
            line: failure.position.map_or(0, |position| position.line),
            column: failure.position.map_or(0, |position| position.column),
            message: failure.message.clone(),
        }
    }
}

/// The policies to judge with: those given, else those of the world, else the shipped default. While
/// those of a live cluster are not known, nothing is permitted by them.
/// Exemptions of the world hold beside the default too.
///
/// # Errors
/// When one cannot be read or does not compile, every problem is named; and when policies are asked
/// for where there are none, since nothing would be protected.
pub fn policies(given: &[String], permitted: Permitted) -> anyhow::Result<Rules> {
    let mut named = None;
    if !given.is_empty() {
        let objects = whole(Reader::default().read(given, &mut std::io::stdin().lock()))?;
        let (set, defaults) = (compile(&objects)?, backup_defaults(&objects));
        if !set.is_empty() {
            let origin = PolicyOrigin::Given;
            return Ok(Rules {
                set,
                origin,
                defaults,
            });
        }
        if defaults.is_empty() {
            bail!(
                "no BlastRadiusPolicy in {}, expected at least one",
                given.join(", ")
            );
        }
        named = Some(defaults);
    }
    let Permitted { found, untold } = permitted;
    let defaults = named.unwrap_or_else(|| backup_defaults(&found));
    let set = match untold {
        Some(why) => PolicySet::unknown(&why),
        None => compile(&found)?,
    };
    if !set.is_empty() {
        let origin = PolicyOrigin::World;
        return Ok(Rules {
            set,
            origin,
            defaults,
        });
    }
    let shipped = Reader::default().read_text("policies/default.yaml", DEFAULT_POLICIES);
    let mut objects = whole(shipped)?;
    objects.extend(found);
    Ok(Rules {
        set: compile(&objects)?,
        origin: PolicyOrigin::Shipped,
        defaults,
    })
}

fn backup_defaults(objects: &[Object]) -> Vec<Object> {
    let all = objects.iter().filter(|it| it.is(GROUP, backup::KIND));
    all.cloned().collect()
}

/// The backup defaults beside policies.
///
/// # Errors
/// When one does not compile, every problem is named.
fn defaults(rules: &Rules) -> anyhow::Result<Defaults> {
    Defaults::compile(&rules.defaults).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("backup defaults are refused:\n  {}", lines.join("\n  "))
    })
}

fn whole(reading: Reading) -> anyhow::Result<Vec<Object>> {
    if let Some(failure) = reading.failures.first() {
        bail!("a policy cannot be read: {failure}");
    }
    let manifests = reading.manifests.into_iter();
    Ok(manifests.map(|manifest| manifest.object).collect())
}

fn compile(objects: &[Object]) -> anyhow::Result<PolicySet> {
    PolicySet::compile(objects).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("a policy is refused:\n  {}", lines.join("\n  "))
    })
}
