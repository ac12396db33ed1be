//! Match conditions: the requests that the API server need not ask us about.
//!
//! They say in CEL a part of what `judge::occasion` says, and never more: a request that one of them
//! keeps away would pass before anything is looked up. So they are no policy, only less traffic.

use crate::backup::OPT_OUT;
use crate::fault;

/// A condition, by its name. A request is put before the webhook when all of its entry hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is not a tool's controller that asks.
    NotATool,
    /// It is not an operator of databases that asks.
    NotAnOperator,
    /// It is not the cluster itself that asks.
    NotTheCluster,
    /// It is no internal object of Chaos Mesh that Chaos Mesh itself writes.
    NotInternal,
    /// The object is not on its way out.
    NotLeaving,
    /// The pod is not on its way out.
    NotGoing,
    /// A NetworkPolicy, or its like, says that it is chaos.
    DeclaredNetwork,
    /// It does not.
    UndeclaredNetwork,
    /// It says so, or is a NetworkPolicy.
    UnderstoodNetwork,
    /// A program says that it is chaos, and it is not the cluster that makes it.
    DeclaredProgram,
    /// It does not, or it is.
    UndeclaredProgram,
    /// The spec has changed.
    Changed,
    /// The spec has changed, or labels by which a workload enrols for chaos.
    ChangedOrEnrolled,
    /// The taints have changed.
    Tainted,
    /// The object does not ask to be left without backups.
    NotOptedOut,
}

impl Condition {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotATool => "not-a-chaos-tool",
            Self::NotAnOperator => "not-a-database-operator",
            Self::NotTheCluster => "not-the-cluster-itself",
            Self::NotInternal => "not-internal-to-chaos-mesh",
            Self::NotLeaving | Self::NotGoing => "not-being-deleted",
            Self::DeclaredNetwork | Self::DeclaredProgram => "says-that-it-is-chaos",
            Self::UndeclaredNetwork | Self::UndeclaredProgram => "does-not-say-that-it-is-chaos",
            Self::UnderstoodNetwork => "is-understood-or-says-that-it-is-chaos",
            Self::Changed => "spec-changed",
            Self::ChangedOrEnrolled => "spec-or-enrolment-changed",
            Self::Tainted => "taints-changed",
            Self::NotOptedOut => "does-not-ask-to-be-left-alone",
        }
    }

    /// The expression.
    #[must_use]
    pub fn expression(self) -> String {
        match self {
            Self::NotATool => format!("!({})", tool()),
            Self::NotAnOperator => format!("!({})", operator()),
            Self::NotTheCluster => format!("!({CLUSTER})"),
            Self::NotInternal => format!("!({} && {})", internal(), tool()),
            Self::NotLeaving => "!has(object.metadata.deletionTimestamp)".to_owned(),
            Self::NotGoing => "!has(oldObject.metadata.deletionTimestamp)".to_owned(),
            Self::DeclaredNetwork => labelled(fault::POLICY_LABELS),
            Self::UndeclaredNetwork => format!("!({})", labelled(fault::POLICY_LABELS)),
            Self::UnderstoodNetwork => {
                let declared = labelled(fault::POLICY_LABELS);
                format!("request.kind.group == 'networking.k8s.io' || {declared}")
            }
            Self::DeclaredProgram => declared_program(),
            Self::UndeclaredProgram => format!("!({})", declared_program()),
            Self::Changed => changed("spec"),
            Self::ChangedOrEnrolled => format!(
                "{} || request.kind.group == 'apps' && ({})",
                changed("spec"),
                changed("metadata.labels")
            ),
            Self::Tainted => changed("spec.taints"),
            Self::NotOptedOut => format!(
                "!(has(object.metadata.annotations) && '{OPT_OUT}' in object.metadata.annotations && \
                 object.metadata.annotations['{OPT_OUT}'] == 'ignore')"
            ),
        }
    }
}

/// The cluster itself asks, as `fault::is_system_account` has it.
const CLUSTER: &str = "request.userInfo.username.startsWith('system:serviceaccount:kube-system:') || \
    request.userInfo.username.startsWith('system:kube-') || \
    request.userInfo.username.startsWith('system:node:')";

fn tool() -> String {
    format!("request.userInfo.username in [{}]", quoted(fault::TOOLS))
}

fn operator() -> String {
    let names = fault::OPERATORS.join("|");
    format!("request.userInfo.username.matches('^system:serviceaccount:[^:]*:({names})$')")
}

fn internal() -> String {
    let kinds = quoted(fault::INTERNAL);
    format!("request.kind.group == 'chaos-mesh.org' && request.kind.kind in [{kinds}]")
}

fn declared_program() -> String {
    let labelled = labelled(fault::PROGRAM_LABELS);
    format!("{labelled} && !({CLUSTER}) && !({})", operator())
}

fn labelled(labels: &[&str]) -> String {
    let each = labels
        .iter()
        .map(|label| format!("'{label}' in object.metadata.labels"));
    let any: Vec<String> = each.collect();
    format!("has(object.metadata.labels) && ({})", any.join(" || "))
}

/// Whether what stands at a path is another, or is there where it was not.
fn changed(path: &str) -> String {
    let (new, old) = (present("object", path), present("oldObject", path));
    format!("({new}) != ({old}) || ({new}) && object.{path} != oldObject.{path}")
}

/// Whether something stands at a path. Each part of the path has to be asked for.
fn present(root: &str, path: &str) -> String {
    let mut at = root.to_owned();
    let mut parts = Vec::new();
    for key in path.split('.') {
        at = format!("{at}.{key}");
        parts.push(format!("has({at})"));
    }
    parts.join(" && ")
}

fn quoted(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
    texts.join(", ")
}
