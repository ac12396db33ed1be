//! What a service account may do to databases, by the roles that are bound to it.

use std::collections::BTreeSet;

use super::harm::{GROUP, Harm, Permitted, Rule, everything, rules};
use super::program::Program;
use super::{fault, own_namespace};
use crate::fault::{
    Aim, Fault, Lifetime, Mode, Namespaces, NodeQuery, NodeTarget, PodQuery, Surroundings, Target,
};
use crate::object::Object;
use crate::selector::LabelSelector;

const ROLE: (&str, &str) = (GROUP, "Role");
const CLUSTER_ROLE: (&str, &str) = (GROUP, "ClusterRole");
const ROLE_BINDING: (&str, &str) = (GROUP, "RoleBinding");
const CLUSTER_ROLE_BINDING: (&str, &str) = (GROUP, "ClusterRoleBinding");

/// A right: what it can do, where, and to the objects of which names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    what: Permitted,
    /// In which namespace; in all of them where it is `None`.
    place: Option<String>,
    /// To these alone; to all of them where there are none.
    names: Vec<String>,
}

/// The rights of an account.
pub(super) struct Rights {
    account: String,
    rights: BTreeSet<Right>,
}

/// The rights of the program's account; `None` where they are not known.
pub(super) fn of(program: &Program<'_>) -> Option<Rights> {
    let around = program.surroundings;
    let known = around.knows(ROLE_BINDING) && around.knows(CLUSTER_ROLE_BINDING);
    (known && !program.namespace.is_empty()).then_some(())?;
    let name = ["serviceAccountName", "serviceAccount"]
        .iter()
        .find_map(|field| program.pod.get(field).text().ok().flatten())
        .filter(|name| !name.is_empty());
    let account = Account {
        namespace: program.namespace,
        name: name.unwrap_or("default"),
    };
    let rights = if holds_token(program) {
        account.rights(around)
    } else {
        BTreeSet::new()
    };
    Some(Rights {
        account: account.user(),
        rights,
    })
}

/// Whether the program is given the token of its account: it is, unless its pod says otherwise, and
/// it may be mounted in another way.
fn holds_token(program: &Program<'_>) -> bool {
    let automatic = program.pod.get("automountServiceAccountToken");
    let volumes = program.pod.get("volumes").items().unwrap_or_default();
    let by_hand = volumes
        .iter()
        .any(|it| it.get("projected").is_set() || it.get("secret").is_set());
    by_hand || automatic.boolean().ok().flatten() != Some(false)
}

struct Account<'a> {
    namespace: &'a str,
    name: &'a str,
}

impl Account<'_> {
    fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    fn rights(&self, around: &Surroundings) -> BTreeSet<Right> {
        let mut rights = BTreeSet::new();
        for binding in around.all(CLUSTER_ROLE_BINDING) {
            if self.is_bound(binding) {
                add(&bound(binding, around), None, &mut rights);
            }
        }
        for binding in around.all(ROLE_BINDING) {
            if self.is_bound(binding) {
                let place = binding.reference().namespace.clone();
                add(&bound(binding, around), Some(&place), &mut rights);
            }
        }
        rights
    }

    /// Whether a binding is about this account, or about a group that it is in. What cannot be read
    /// is.
    fn is_bound(&self, binding: &Object) -> bool {
        let Ok(subjects) = binding.root().get("subjects").items() else {
            return true;
        };
        let groups = [
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{}", self.namespace),
            "system:authenticated".to_owned(),
        ];
        subjects.iter().any(|subject| {
            let text =
                |key: &'static str| subject.get(key).text().ok().flatten().unwrap_or_default();
            let name = text("name");
            match text("kind") {
                "ServiceAccount" => {
                    let place = match text("namespace") {
                        "" => binding.reference().namespace.as_str(),
                        place => place,
                    };
                    name == self.name && place == self.namespace
                }
                "Group" => groups.iter().any(|group| group == name),
                "User" => name == self.user(),
                _ => true,
            }
        })
    }
}

/// The rules that a binding gives. A role that is not there may be made later; those of Kubernetes
/// itself are known by their names.
fn bound(binding: &Object, around: &Surroundings) -> Vec<Rule> {
    let reference = binding.root().get("roleRef");
    let text = |key: &'static str| reference.get(key).text().ok().flatten().unwrap_or_default();
    let name = text("name");
    if text("kind") == "Role" {
        let place = &binding.reference().namespace;
        let role = around.find(ROLE, place, name);
        return role.map_or_else(everything, rules);
    }
    match around.find(CLUSTER_ROLE, "", name) {
        Some(role) => aggregated(role, around),
        None if name == "view" || name.starts_with("system:") => Vec::new(),
        None => everything(),
    }
}

/// The rules of a ClusterRole, and of those whose labels it gathers, and of those they gather.
fn aggregated(role: &Object, around: &Surroundings) -> Vec<Rule> {
    let mut gathered = vec![role];
    let mut at = 0;
    while let Some(role) = gathered.get(at).copied() {
        at += 1;
        let rule = role.root().get("aggregationRule");
        let selectors = rule.get("clusterRoleSelectors").items().unwrap_or_default();
        for selector in &selectors {
            let Ok(labels) = LabelSelector::read(selector) else {
                return everything();
            };
            for other in around.all(CLUSTER_ROLE) {
                let known = gathered
                    .iter()
                    .any(|it| it.reference() == other.reference());
                let fits = labels_of(other).is_none_or(|own| labels.matches(&own));
                if fits && !known {
                    gathered.push(other);
                }
            }
        }
    }
    gathered.into_iter().flat_map(rules).collect()
}

fn labels_of(object: &Object) -> Option<std::collections::BTreeMap<String, String>> {
    let labels = object.root().get("metadata").get("labels").text_map();
    labels.ok().map(Option::unwrap_or_default)
}

fn add(rules: &[Rule], place: Option<&str>, rights: &mut BTreeSet<Right>) {
    for rule in rules {
        for what in rule.harms() {
            rights.insert(Right {
                what,
                place: place.map(str::to_owned),
                names: rule.names.clone(),
            });
        }
    }
}

impl Rights {
    /// What may happen, a fault for each kind of harm and place.
    pub(super) fn faults(&self, field: &str, lifetime: Lifetime) -> Vec<Fault> {
        if let Some(right) = self.rights.iter().find(|it| it.what.harm == Harm::Anything) {
            let what = format!(
                "what this program does cannot be told from the object, and by its right to {} {} \
                 can do anything",
                right.what, self.account
            );
            return vec![Fault::untold(field, what)];
        }
        let mut seen: Vec<(Harm, Aim)> = Vec::new();
        for right in &self.rights {
            if let Some(aim) = right.aim(field) {
                let new = (right.what.harm, aim);
                if !seen.contains(&new) {
                    seen.push(new);
                }
            }
        }
        let fault = |(harm, aim): (Harm, Aim)| fault(field, harm.kind(), aim, lifetime);
        seen.into_iter().map(fault).collect()
    }

    /// By what it is judged, a sentence.
    pub(super) fn sentence(&self) -> String {
        const MOST: usize = 4;
        let account = &self.account;
        let right = |right: &Right| {
            let place = right.place.as_ref();
            let place = place.map_or_else(|| "everywhere".to_owned(), |it| format!("in {it}"));
            format!("{} {place}", right.what)
        };
        let rights: Vec<String> = self.rights.iter().take(MOST).map(right).collect();
        let more = if self.rights.len() > MOST {
            ", ..."
        } else {
            ""
        };
        format!(
            "what it does cannot be told, so that it is judged by what {account} may do: {}{more}",
            rights.join(", ")
        )
    }
}

impl Right {
    /// Whom it reaches.
    fn aim(&self, field: &str) -> Option<Aim> {
        let names = (!self.names.is_empty()).then(|| self.names.clone());
        let place = self.place.as_deref();
        let namespaces = place.map_or(Namespaces::All, own_namespace);
        match self.what.harm {
            Harm::None => None,
            Harm::Anything => Some(Aim::Unknown(self.what.to_string())),
            Harm::Nodes => {
                // A binding of one namespace says nothing of what has none.
                place.is_none().then_some(())?;
                let nodes = names.map(|names| NodeQuery {
                    names,
                    ..NodeQuery::default()
                });
                Some(Aim::Nodes(NodeTarget {
                    nodes,
                    hosting: None,
                    mode: Mode::All,
                    field: field.to_owned(),
                }))
            }
            Harm::Pods | Harm::Data | Harm::Network => {
                let query = PodQuery {
                    namespaces,
                    names: names.filter(|_| self.what.is_of_pods()),
                    ..PodQuery::default()
                };
                Some(Aim::Pods(Target::all_of(query, field)))
            }
        }
    }
}
