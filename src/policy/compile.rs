//! From the objects a user writes to policies and exemptions that can be held against a case.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::Enforcement;
use super::exemption::Exemption;
use super::limits::{self, Limit};
use super::protects::Protected;
use super::rules::Rules;
use super::spec::limits::Limits;
use super::spec::{BlastRadiusPolicySpec, GROUP, VERSION};
use super::windows::PolicyWindows;
use crate::fault::Accounts;
use crate::object::{Field, Object, ObjectRef, Unreadable};

/// The kind of policies.
const POLICY: &str = "BlastRadiusPolicy";

/// A policy or exemption that cannot be used as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {problem}")]
pub struct PolicyError {
    /// The policy or exemption.
    pub object: ObjectRef,
    /// The field, what stands there, and what would be accepted.
    pub problem: Unreadable,
}

/// A policy, compiled.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// How its violations count.
    pub enforcement: Enforcement,
    /// Whose pods.
    pub protects: Protected,
    /// What is permitted.
    pub(super) limits: Limits,
    /// Those of the built-in limits that it sets.
    pub(super) held: Vec<&'static Limit>,
    /// When.
    pub(super) windows: Option<PolicyWindows>,
    /// What else must hold.
    pub(super) rules: Arc<Rules>,
}

/// Policies and exemptions, compiled.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    policies: Vec<Policy>,
    exemptions: Vec<Exemption>,
    broken: Vec<PolicyError>,
    accounts: Accounts,
}

impl PolicySet {
    /// The policies and exemptions among `objects`; whatever else is there is left aside.
    ///
    /// # Errors
    /// All that is wrong with them. There is no set of the rest: what a broken policy would have
    /// forbidden is not known.
    pub fn compile<'a>(
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Result<Self, Vec<PolicyError>> {
        let (set, errors) = Self::sort(objects);
        if errors.is_empty() {
            Ok(set)
        } else {
            Err(errors)
        }
    }

    /// The policies and exemptions among `objects` as a cluster has them: one that is broken is there
    /// already, and nobody can be refused for writing it. Nothing is permitted while a policy is
    /// broken; a broken exemption lifts nothing.
    pub fn in_force<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let (set, mut broken) = Self::sort(objects);
        broken.retain(|error| error.object.kind == POLICY);
        Self { broken, ..set }
    }

    /// The policies of a cluster that does not tell them; a phrase says why. Nothing is permitted by
    /// them.
    #[must_use]
    pub fn unknown(why: &str) -> Self {
        let object = ObjectRef {
            group: GROUP.to_owned(),
            version: VERSION.to_owned(),
            kind: POLICY.to_owned(),
            ..ObjectRef::default()
        };
        let problem = Unreadable::new("", why, "policies that have been listed");
        Self {
            broken: vec![PolicyError { object, problem }],
            ..Self::default()
        }
    }

    /// What compiles, and what is wrong with the rest.
    fn sort<'a>(objects: impl IntoIterator<Item = &'a Object>) -> (Self, Vec<PolicyError>) {
        let mut set = Self::default();
        let mut errors = Vec::new();
        for object in objects {
            let added = match object.reference().kind.as_str() {
                _ if object.reference().group != GROUP => Ok(()),
                POLICY => policy(object).and_then(|policy| set.add(policy)),
                "Exemption" => set.exempt(object),
                _ => Ok(()),
            };
            let problems = added.err().unwrap_or_default().into_iter();
            errors.extend(problems.map(|problem| PolicyError {
                object: object.reference().clone(),
                problem,
            }));
        }
        set.policies.sort_by(|a, b| a.name.cmp(&b.name));
        set.exemptions.sort_by(|a, b| a.name.cmp(&b.name));
        (set, errors)
    }

    fn add(&mut self, policy: Policy) -> Result<(), Vec<Unreadable>> {
        if self.policies.iter().any(|other| other.name == policy.name) {
            let found = format!("{:?}, a second time", policy.name);
            let problem = Unreadable::new("metadata.name", found, "a name of its own");
            return Err(vec![problem]);
        }
        self.policies.push(policy);
        Ok(())
    }

    fn exempt(&mut self, object: &Object) -> Result<(), Vec<Unreadable>> {
        let exemption = Exemption::compile(object).map_err(|problem| vec![problem])?;
        self.exemptions.push(exemption);
        Ok(())
    }

    /// The policies, by name.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Asks also the limits that no policy sets.
    #[cfg(test)]
    pub(super) fn ask_every_limit(&mut self) {
        for policy in &mut self.policies {
            policy.held = limits::LIMITS.iter().collect();
        }
    }

    /// The exemptions, by name.
    #[must_use]
    pub fn exemptions(&self) -> &[Exemption] {
        &self.exemptions
    }

    /// The same policies, where these accounts are known.
    #[must_use]
    pub fn with_accounts(self, accounts: Accounts) -> Self {
        Self { accounts, ..self }
    }

    /// The accounts that are known.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What is wrong with policies that are in force. While there is any, nothing is permitted.
    #[must_use]
    pub fn broken(&self) -> &[PolicyError] {
        &self.broken
    }

    /// Whether there is no policy, so that nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.broken.is_empty()
    }
}

fn policy(object: &Object) -> Result<Policy, Vec<Unreadable>> {
    let spec: BlastRadiusPolicySpec = read(object).map_err(|problem| vec![problem])?;
    let rules = Rules::compile(&spec);
    match (limited(object, spec), rules) {
        (Ok(policy), Ok(rules)) => Ok(Policy {
            rules: Arc::new(rules),
            ..policy
        }),
        (Err(problem), rules) => {
            let others = rules.err().unwrap_or_default();
            Err([problem].into_iter().chain(others).collect())
        }
        (Ok(_), Err(problems)) => Err(problems),
    }
}

/// The policy without its rules.
fn limited(object: &Object, spec: BlastRadiusPolicySpec) -> Result<Policy, Unreadable> {
    let field = object.spec();
    bounds(&field.get("limits"), &spec.limits)?;
    let policy = Policy {
        name: object.reference().name.clone(),
        enforcement: spec.enforcement.into(),
        protects: Protected::compile(&field.get("protects"), spec.protects.databases)?,
        limits: spec.limits,
        held: Vec::new(),
        windows: spec
            .windows
            .map(|windows| PolicyWindows::compile(&field.get("windows"), windows))
            .transpose()?,
        rules: Arc::default(),
    };
    Ok(Policy {
        held: limits::set_by(&policy),
        ..policy
    })
}

/// The `spec` of an object of ours. Unknown fields are errors.
///
/// # Errors
/// What is wrong with it: the field, what stands there, and what would be accepted.
pub fn read<T: DeserializeOwned>(object: &Object) -> Result<T, Unreadable> {
    const KNOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
    let root = object.root();
    if object.reference().version != VERSION {
        let accepted = format!("{GROUP}/{VERSION}");
        return Err(root.get("apiVersion").unreadable(accepted));
    }
    if object.reference().name.is_empty() {
        return Err(root.get("metadata").get("name").unreadable("a name"));
    }
    for (key, field) in root.entries()? {
        if !KNOWN.contains(&key) {
            return Err(field.unreadable("no such field; all that is meant belongs under spec"));
        }
    }
    let spec = object.spec();
    let value = spec.value().ok_or_else(|| spec.unreadable("a map"))?;
    serde_path_to_error::deserialize(value).map_err(|error| explain(&error))
}

/// Splits what serde says into the field, what was found and what would be accepted.
fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Unreadable {
    let field = match error.path().to_string().as_str() {
        "." => "spec".to_owned(),
        path => format!("spec.{path}"),
    };
    let text = error.inner().to_string();
    let (found, accepted) = text
        .split_once(", expected ")
        .unwrap_or((&text, "it to be there"));
    Unreadable::new(field, found, accepted)
}

/// What the type does not say about a limit.
fn bounds(field: &Field<'_>, limits: &Limits) -> Result<(), Unreadable> {
    let refuse = |wrong: bool, path: &[&str], accepted: &str| {
        let at = path.iter().fold(field.clone(), |field, key| field.get(key));
        if wrong {
            Err(at.unreadable(accepted))
        } else {
            Ok(())
        }
    };
    let database = limits.database.as_ref();
    let actions = limits.actions.as_ref();
    let opt_in = limits.opt_in.as_ref();
    let none = |count: Option<u32>| count == Some(0);
    refuse(
        limits
            .max_share_percent
            .is_some_and(|percent| percent > 100),
        &["maxSharePercent"],
        "a percentage from 0 to 100",
    )?;
    refuse(none(limits.max_concurrent), &["maxConcurrent"], "1 or more")?;
    refuse(
        database.is_some_and(|database| none(database.min_standbys)),
        &["database", "minStandbys"],
        "1 or more",
    )?;
    refuse(
        actions.is_some_and(|actions| actions.allow.is_some() == actions.deny.is_some()),
        &["actions"],
        "either allow or deny",
    )?;
    refuse(
        opt_in.is_some_and(|opt_in| opt_in.label.is_empty()),
        &["optIn", "label"],
        "the key of a label",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{object, policy};
    use super::*;

    fn refused(spec: &Value) -> String {
        let errors = PolicySet::compile(&[policy(spec)]).unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        texts.join("\n")
    }

    #[test]
    fn an_error_names_the_field_what_was_found_and_what_is_accepted() {
        let cases = [
            (
                json!({"limits": {"minHealthy": "most"}}),
                "BlastRadiusPolicy production: spec.limits.minHealthy: \"most\", \
                 expected a whole number, or a percentage from \"0%\" to \"100%\"",
            ),
            (
                json!({"limits": {"maxDurations": {"Sleep": "5m"}}}),
                "\"Sleep\", expected an action such as",
            ),
            (
                json!({"enforcement": "Maybe"}),
                "spec.enforcement: unknown variant `Maybe`, expected one of `Deny`, `Warn`, `Audit`",
            ),
            (
                json!({"limits": {"maxPod": 3}}),
                "spec.limits.maxPod: unknown field `maxPod`, expected one of",
            ),
            (
                json!({"protects": {"pods": {"matchExpressions": [{"key": "a", "operator": "In"}]}}}),
                "spec.protects.pods.matchExpressions[0].values: missing, \
                 expected at least one value for this operator",
            ),
            (
                json!({"windows": {"timeZone": "Europe/Prag"}}),
                "spec.windows.timeZone: \"Europe/Prag\", expected",
            ),
            (
                json!({"limits": {"maxConcurrent": 0}}),
                "spec.limits.maxConcurrent: 0, expected 1 or more",
            ),
        ];
        for (spec, expected) in cases {
            let text = refused(&spec);
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let wrong = [
            json!({"limits": {"actions": {}}}),
            json!({"limits": {"actions": {"allow": [], "deny": []}}}),
            json!({"limits": {"maxSharePercent": 101}}),
            json!({"limits": {"database": {"minStandbys": 0}}}),
            json!({"limits": {"optIn": {"label": "", "value": "x"}}}),
            json!({"protects": {"databases": []}}),
            json!({"windows": {"allow": []}}),
            json!({"windows": {"allow": [{"from": "9:00", "to": "16:00"}]}}),
            json!({"windows": {"allow": [{"days": [], "from": "09:00", "to": "16:00"}]}}),
            json!({"windows": {"blackouts": [{"name": "a"}]}}),
            json!({"windows": {"blackouts": [{"name": "a", "schedule": "0 0 31 2 *", "duration": "1h"}]}}),
            json!({"windows": {"blackouts": [{"name": "a", "schedule": "0 0 * * *"}]}}),
            json!({"windows": {"blackouts": [
                {"name": "a", "from": "2027-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}]}}),
        ];
        for spec in wrong {
            refused(&spec);
        }
    }

    #[test]
    fn only_our_own_kinds_in_our_version_are_compiled() {
        let mut value = policy(&json!({})).value().clone();
        value["apiVersion"] = json!("firebreak.dev/v1");
        let errors = PolicySet::compile(&[object(value.clone())]).unwrap_err();
        assert!(errors[0].to_string().contains("firebreak.dev/v1alpha1"));
        value["apiVersion"] = json!("other.dev/v1alpha1");
        assert!(PolicySet::compile(&[object(value)]).unwrap().is_empty());
    }

    #[test]
    fn a_field_beside_the_spec_and_a_second_policy_of_one_name_are_refused() {
        let mut value = policy(&json!({})).value().clone();
        value["limits"] = json!({});
        assert!(PolicySet::compile(&[object(value)]).is_err());
        let one = policy(&json!({}));
        assert!(PolicySet::compile(&[one.clone(), one]).is_err());
    }

    #[test]
    fn every_error_is_told() {
        let wrong = policy(&json!({"limits": 1}));
        let errors = PolicySet::compile(&[wrong.clone(), wrong]).unwrap_err();
        assert_eq!(errors.len(), 2);
    }
}
