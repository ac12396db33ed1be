//! How databases are asked about: with what manifests tell, or with what a live cluster answers.

use super::inputs::Subject;
use super::live::Live;
use super::report::Source;
use super::vicinity::Vicinity;
use crate::backup::{self, Defaults, Known};
use crate::fault::Accounts;
use crate::inventory::Cluster;
use crate::object::Object;
use crate::request::{Request, User};
use crate::server::backup::{Beside, Injector};

/// What tells what is around databases.
pub enum Sight {
    /// Manifests.
    Files(Box<Vicinity>),
    /// A live cluster, and what was listed of it.
    Cluster(Live, Box<Beside>),
}

/// A database that is asked about.
pub struct Asked<'a> {
    /// The database.
    pub subject: &'a Subject,
    /// The defaults.
    pub defaults: &'a Defaults,
    /// What is known around it.
    pub known: &'a Known<'a>,
    vicinity: Option<&'a Vicinity>,
}

impl Asked<'_> {
    /// What was assumed on the way here, since manifests do not tell it.
    #[must_use]
    pub fn assumed(&self) -> Vec<String> {
        self.vicinity.map(Vicinity::assumed).unwrap_or_default()
    }

    /// Whether its definition could be given and was not.
    #[must_use]
    pub fn is_undefined(&self) -> bool {
        self.vicinity.is_some() && self.known.schema.is_none()
    }
}

/// Tells something of a database; nothing of what is none.
pub type Tell<T> = fn(&Asked<'_>) -> Option<T>;

impl Sight {
    /// What a live cluster tells.
    #[must_use]
    pub fn of(live: &Live, cluster: &Cluster) -> Self {
        Self::Cluster(live.clone(), Box::new(Beside::of(cluster)))
    }

    /// The databases that a live cluster has.
    #[must_use]
    pub fn databases(&self) -> Vec<Subject> {
        let Self::Cluster(_, beside) = self else {
            return Vec::new();
        };
        let all = backup::kinds().filter_map(|it| beside.objects((it.group, it.kind), ""));
        let subject = |object: Object| Subject {
            source: Source {
                file: String::new(),
                line: 0,
            },
            request: Request::create(object, User::default()),
        };
        all.flatten().map(subject).collect()
    }

    /// What is told of each database among the subjects.
    ///
    /// # Errors
    /// When the live cluster cannot be reached any more.
    pub fn tell<T>(
        &self,
        subjects: &[Subject],
        defaults: &Defaults,
        tell: Tell<T>,
    ) -> anyhow::Result<Vec<T>> {
        match self {
            Self::Files(vicinity) => Ok(by_files(subjects, defaults, (vicinity, tell))),
            Self::Cluster(live, beside) => live.asking(async |client| {
                let injector = Injector::new(client, &Accounts::default());
                let mut told = Vec::new();
                for subject in subjects {
                    let about = |known: &Known<'_>| {
                        tell(&Asked {
                            subject,
                            defaults,
                            known,
                            vicinity: None,
                        })
                    };
                    let target = &subject.request.target;
                    told.extend(injector.settled(target, beside, about).await);
                }
                told
            }),
        }
    }
}

/// What is told of each database among the subjects, by what manifests tell.
#[must_use]
pub fn by_files<T>(
    subjects: &[Subject],
    defaults: &Defaults,
    (vicinity, tell): (&Vicinity, Tell<T>),
) -> Vec<T> {
    let each = subjects.iter().filter_map(|subject| {
        let schema = vicinity.schema(subject.request.object.as_ref()?.reference());
        let known = Known {
            schema: schema.as_ref(),
            around: vicinity,
            operators: &[],
        };
        tell(&Asked {
            subject,
            defaults,
            known: &known,
            vicinity: Some(vicinity),
        })
    });
    each.collect()
}
