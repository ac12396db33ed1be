//! An API server in memory, as far as compare-and-swap goes: objects by path, each with a version.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use serde_json::{Value, json};

/// An API server in memory.
#[derive(Clone, Default)]
pub(crate) struct FakeApi {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    version: u64,
    away: bool,
    writes: Vec<(String, Value)>,
}

impl FakeApi {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        let api = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let api = api.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                if api.state().away {
                    std::future::pending::<()>().await;
                }
                // Between a read and the write that follows from it others have their turn.
                tokio::task::yield_now().await;
                let (status, answer) = api.answer(&parts.method, parts.uri.path(), body);
                let answer = Body::from(answer.to_string());
                let mut response = Response::new(answer);
                *response.status_mut() = status;
                Ok::<_, Infallible>(response)
            }
        });
        Client::new(service, "default")
    }

    /// Whether it gives no answer any more.
    pub(crate) fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    /// What is kept under this path.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.state().objects.get(path).cloned()
    }

    /// Puts something under a path, whatever was there; nothing takes it away.
    pub(crate) fn put(&self, path: &str, object: Option<Value>) {
        let mut state = self.state();
        match object {
            Some(object) => drop(state.store(path, object)),
            None => drop(state.objects.remove(path)),
        }
    }

    /// What was written by clients, by path.
    pub(crate) fn writes(&self) -> Vec<(String, Value)> {
        self.state().writes.clone()
    }

    fn answer(&self, method: &Method, path: &str, body: Value) -> (StatusCode, Value) {
        let mut state = self.state();
        if *method == Method::GET {
            return match state.objects.get(path) {
                Some(object) => (StatusCode::OK, object.clone()),
                None => state.list(path),
            };
        }
        let path = match body["metadata"]["name"].as_str() {
            Some(name) if *method == Method::POST => format!("{path}/{name}"),
            _ => path.trim_end_matches("/status").to_owned(),
        };
        let old = state.objects.get(&path).cloned();
        let new = match (method, old) {
            (&Method::POST, Some(_)) => return failure(StatusCode::CONFLICT, "AlreadyExists"),
            (&Method::POST, None) => body.clone(),
            (_, None) => return failure(StatusCode::NOT_FOUND, "NotFound"),
            (&Method::PATCH, Some(mut old)) if body.is_object() => {
                let version = &body["metadata"]["resourceVersion"];
                if !version.is_null() && *version != old["metadata"]["resourceVersion"] {
                    return failure(StatusCode::CONFLICT, "Conflict");
                }
                merge(&mut old, &body);
                old
            }
            (&Method::PATCH, Some(mut old)) => {
                if !apply(&mut old, &body) {
                    return failure(StatusCode::UNPROCESSABLE_ENTITY, "Invalid");
                }
                old
            }
            (_, Some(old)) => {
                let version = &body["metadata"]["resourceVersion"];
                if !version.is_null() && *version != old["metadata"]["resourceVersion"] {
                    return failure(StatusCode::CONFLICT, "Conflict");
                }
                body.clone()
            }
        };
        state.writes.push((path.clone(), body));
        (StatusCode::OK, state.store(&path, new))
    }
}

impl State {
    /// Whatever is kept below a path.
    fn list(&self, path: &str) -> (StatusCode, Value) {
        let below = self.objects.iter().filter(|(it, _)| {
            let name = it.strip_prefix(path).and_then(|it| it.strip_prefix('/'));
            name.is_some_and(|name| !name.contains('/'))
        });
        let items: Vec<&Value> = below.map(|(_, object)| object).collect();
        if items.is_empty() {
            return failure(StatusCode::NOT_FOUND, "NotFound");
        }
        let version = json!({"resourceVersion": self.version.to_string()});
        (StatusCode::OK, json!({"metadata": version, "items": items}))
    }

    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.objects.insert(path.to_owned(), object.clone());
        object
    }
}

/// Applies a merge patch.
fn merge(object: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    for (name, field) in fields {
        merge(&mut object[name], field);
    }
}

/// Applies a JSON patch of tests and additions, or none of it.
fn apply(object: &mut Value, patch: &Value) -> bool {
    let mut patched = object.clone();
    for step in patch.as_array().unwrap() {
        let path = step["path"].as_str().unwrap();
        if step["op"] == "test" {
            if patched.pointer(path) != Some(&step["value"]) {
                return false;
            }
            continue;
        }
        let (above, name) = path.rsplit_once('/').unwrap();
        let Some(above) = patched.pointer_mut(above) else {
            return false;
        };
        above[name] = step["value"].clone();
    }
    *object = patched;
    true
}

fn failure(status: StatusCode, reason: &str) -> (StatusCode, Value) {
    let body = json!({
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "message": reason,
        "reason": reason,
        "code": status.as_u16(),
    });
    (status, body)
}
