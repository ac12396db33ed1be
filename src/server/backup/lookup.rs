//! Questions to the API server while a database is written: small ones, each for one thing.
//!
//! Of a secret only its metadata is asked for, which tells who wrote which keys. Where it was applied
//! from a file its values stand in an annotation there too: nothing but the names of keys is taken out
//! of the answer.

use std::collections::{BTreeMap, BTreeSet};

use http::Request;
use http::header::ACCEPT;
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::asked::{Answer, Awaited, Question, Source};
use super::definitions::Definitions;
use crate::backup::Secret;
use crate::object::Object;
use crate::server::registration::resources::of_kind;

/// Lists without what objects hold beside their metadata.
pub(super) const NAMES: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// One object without what it holds beside its metadata.
const NAME: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// The Services of plugins of CloudNativePG.
const PLUGINS: &str = "/api/v1/services?labelSelector=cnpg.io%2FpluginName&limit=500";

/// The API server.
#[derive(Clone)]
pub(super) struct Api(pub(super) Client);

impl Api {
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        accept: &str,
    ) -> kube::Result<T> {
        let request = Request::get(path).header(ACCEPT, accept);
        let request = request.body(Vec::new()).map_err(kube::Error::HttpError)?;
        self.0.request(request).await
    }
}

/// The path of a list that holds the object of this name alone.
pub(super) fn one(path: &str, name: &str) -> String {
    format!("{path}?fieldSelector=metadata.name%3D{name}")
}

/// The API server as who answers questions.
pub(super) struct Lookup {
    api: Api,
    definitions: Definitions,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct Written {
    metadata: Writers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Writers {
    #[serde(default)]
    managed_fields: Vec<Writer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Writer {
    #[serde(default)]
    fields_v1: Fields,
}

/// What somebody wrote of a secret.
#[derive(Deserialize, Default)]
struct Fields {
    #[serde(rename = "f:data", default)]
    data: BTreeMap<String, Value>,
    #[serde(rename = "f:stringData", default)]
    text: BTreeMap<String, Value>,
}

impl Lookup {
    pub(super) fn new(client: Client) -> Self {
        let api = Api(client);
        Self {
            definitions: Definitions::new(api.clone()),
            api,
        }
    }

    async fn told(&self, question: &Question) -> kube::Result<Answer> {
        match question {
            Question::Namespace(name) => self.namespace(name).await,
            Question::Plugins => self.objects(PLUGINS, ("v1", "Service")).await,
            Question::Secret(namespace, name) => self.secret(namespace, name).await,
            Question::Schema(group, version, kind) => self.schema([group, version, kind]).await,
        }
    }

    async fn namespace(&self, name: &str) -> kube::Result<Answer> {
        if !is_name(name) {
            return Ok(Answer::Unknown);
        }
        let path = one("/api/v1/namespaces", name);
        self.objects(&path, ("v1", "Namespace")).await
    }

    async fn objects(&self, path: &str, (version, kind): (&str, &str)) -> kube::Result<Answer> {
        let list: List = self.api.get(path, NAMES).await?;
        let objects = list.items.into_iter().filter_map(|mut item| {
            // Items of lists of metadata say that they are metadata.
            item["apiVersion"] = version.into();
            item["kind"] = kind.into();
            Object::new(item).ok()
        });
        Ok(Answer::Objects(objects.collect()))
    }

    async fn secret(&self, namespace: &str, name: &str) -> kube::Result<Answer> {
        if !is_name(namespace) || !is_name(name) {
            return Ok(Answer::Secret(Secret::Absent));
        }
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
        let secret = match self.api.get::<Written>(&path, NAME).await {
            Ok(written) => known(&written),
            Err(kube::Error::Api(status)) if status.code == 404 => Secret::Absent,
            Err(error) => return Err(error),
        };
        Ok(Answer::Secret(secret))
    }

    async fn schema(&self, [group, version, kind]: [&String; 3]) -> kube::Result<Answer> {
        let rows = of_kind(group, kind);
        let Some(row) = rows.iter().find(|row| row.kind == kind) else {
            return Ok(Answer::Unknown);
        };
        let name = format!("{}.{group}", row.plural);
        let found = self.definitions.schema(&name, version).await?;
        Ok(found.map_or(Answer::Unknown, Answer::Schema))
    }
}

impl Source for Lookup {
    fn answer<'a>(&'a self, question: &'a Question) -> Awaited<'a> {
        Box::pin(async move {
            self.told(question).await.unwrap_or_else(|error| {
                tracing::warn!(%error, ?question, "what backups depend on is not known");
                Answer::Unknown
            })
        })
    }
}

/// What is known of a secret that is there. Whoever writes no fields down leaves its keys untold.
fn known(written: &Written) -> Secret {
    let each = written.metadata.managed_fields.iter();
    let keys = each.flat_map(|it| it.fields_v1.data.keys().chain(it.fields_v1.text.keys()));
    let keys = keys.filter_map(|key| key.strip_prefix("f:"));
    let keys: BTreeSet<String> = keys.map(str::to_owned).collect();
    if keys.is_empty() {
        Secret::Keyless
    } else {
        Secret::Present(keys)
    }
}

/// Whether a text can be the name of a namespace or secret; others lead elsewhere in a path.
fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    text.len() <= 253
        && text.chars().all(fits)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(fields: &Value) -> Secret {
        let metadata = json!({"name": "keys", "managedFields": fields,
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"a\":\"aHVudGVyMg==\"}}"}});
        known(&serde_json::from_value(json!({ "metadata": metadata })).unwrap())
    }

    #[test]
    fn the_keys_of_a_secret_are_told_by_who_wrote_them() {
        let writers = json!([
            {"manager": "kubectl", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:data": {".": {}, "f:AWS_ACCESS_KEY_ID": {}}, "f:type": {}}},
            {"manager": "other", "fieldsV1": {"f:stringData": {"f:AWS_SECRET_ACCESS_KEY": {}}}},
            {"manager": "labels", "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}},
        ]);
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(str::to_owned);
        assert_eq!(secret(&writers), Secret::Present(keys.into()));
    }

    #[test]
    fn a_secret_of_which_nobody_wrote_down_the_fields_keeps_its_keys_to_itself() {
        assert_eq!(secret(&json!([])), Secret::Keyless);
        assert_eq!(secret(&json!([{"manager": "x"}])), Secret::Keyless);
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        assert!(is_name("keys-1.a"));
        for text in ["", "..", "a/b", "a?b", "A", &"a".repeat(254)] {
            assert!(!is_name(text), "{text}");
        }
    }
}
