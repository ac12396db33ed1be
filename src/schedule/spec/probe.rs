//! Probes and circuit breakers, as their user writes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sanctioned::TargetsWord;
use crate::policy::spec::values::Span;

/// Something that is asked again and again, and either succeeds or not. One of `http`, `tcp`, `exec`, `sql`, `prometheus` and `condition`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "[has(self.http), has(self.tcp), has(self.exec), has(self.sql), has(self.prometheus), has(self.condition)].filter(it, it).size() == 1",
    "message": "one of http, tcp, exec, sql, prometheus, condition",
}]))]
pub struct ProbeSpec {
    /// Its name, of its own within the experiment.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// How often; absent: `5s`, at least `100ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// How long one answer may take, no longer than `interval`; absent: `2s`, or `interval` where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// What share of failures is a breach while an experiment runs, in percent; absent: 25, for `prometheus` any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub max_failed_percent: Option<u32>,
    /// Over how long that share is taken, from `interval` to `1h`; absent: `60s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Span>,
    /// A GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpSpec>,
    /// A connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpSpec>,
    /// A command in a pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecSpec>,
    /// A statement, or a write that is read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<SqlSpec>,
    /// A figure within its bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<QuerySpec>,
    /// A condition in the status of an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionProbeSpec>,
}

/// A GET that is answered with success.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpSpec {
    /// Where, `http` or `https`.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
    /// The status that is success; absent: any from 200 to 299.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// What the body must contain; absent: anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub contains: Option<String>,
    /// A ConfigMap or Secret with `ca.crt`, whose authority signed the certificate; absent: the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub authority_secret: Option<String>,
}

/// A connection that is accepted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TcpSpec {
    /// Host.
    #[schemars(length(min = 1, max = 253))]
    pub host: String,
    /// Port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
}

/// A command in a pod that ends with 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecSpec {
    /// In which member of the database or workload, the first by name that is ready.
    #[serde(default)]
    pub member: TargetsWord,
    /// In which container; absent: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub container: Option<String>,
    /// The command and its arguments, without a shell.
    #[schemars(length(min = 1, max = 64))]
    pub command: Vec<String>,
}

/// A statement in a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SqlSpec {
    /// Which protocol it speaks.
    pub engine: EngineWord,
    /// Host.
    #[schemars(length(min = 1, max = 253))]
    pub host: String,
    /// Port; absent: the engine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// Database.
    #[schemars(length(min = 1, max = 63))]
    pub database: String,
    /// A Secret beside the experiment with `username` and `password`, and `ca.crt` where the server has an authority of its own.
    #[schemars(length(min = 1, max = 253))]
    pub credentials_secret: String,
    /// Whether the connection is encrypted; absent: `Verify`.
    #[serde(default)]
    pub tls: TlsWord,
    /// What it does; absent: `Read`.
    #[serde(default)]
    pub mode: SqlWord,
}

/// The protocol of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EngineWord {
    /// PostgreSQL.
    PostgreSQL,
    /// MySQL, MariaDB and Percona.
    MySQL,
}

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum TlsWord {
    /// It is, and the certificate is checked.
    #[default]
    Verify,
    /// It is, whoever answers.
    Encrypt,
    /// It is not.
    Disable,
}

/// What a probe does in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum SqlWord {
    /// It selects a constant.
    #[default]
    Read,
    /// It writes a numbered row into its own table `firebreak_probe` and reads it, and tells at the end which rows are lost, doubled or late.
    WriteThenRead,
}

/// A PromQL query and the bounds of its answer. No answer is a breach.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuerySpec {
    /// The Prometheus, `http` or `https`.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
    /// The query. Every value of its answer counts.
    #[schemars(length(min = 1, max = 4096))]
    pub query: String,
    /// A value above is a breach; a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<f64>,
    /// A value below is a breach; a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<f64>,
    /// For how long before it counts; absent: three answers in a row. That there is no answer counts after three.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "for")]
    pub lasting: Option<Span>,
}

/// A condition in the status of an object, in the namespace of the experiment unless named.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionProbeSpec {
    /// API version with the group.
    #[schemars(length(min = 1, max = 253))]
    pub api_version: String,
    /// Kind.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// Type of the condition.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 63))]
    pub of_type: String,
    /// Its status; absent: `True`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub status: Option<String>,
}

/// A figure that must stay within its bounds while an experiment runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BreakerSpec {
    /// Its name, of its own within the experiment.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// The figure.
    pub prometheus: QuerySpec,
}
