//! An API server in the process of the test: discovery, lists by pages and as streams, watches,
//! and everything that can go wrong with them. It answers GET alone.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use firebreak::object::Object;
use firebreak::server::watch::{Settings, Watch};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use kube::Client;
use serde_json::{Value, json};

type Line = Result<Bytes, std::io::Error>;

/// A kind that is served, and what there is of it.
#[derive(Default)]
pub(crate) struct Served {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) objects: BTreeMap<(String, String), Value>,
    /// Every event there was, by position.
    events: Vec<(u64, Value)>,
    watchers: Vec<UnboundedSender<Line>>,
    /// Positions before this one are too old.
    oldest: u64,
    /// What every request for it is refused with.
    pub(crate) refused: Option<(u16, String)>,
    /// How many requests for it fail before one does not.
    pub(crate) failures: u32,
    /// Whether its watches say nothing.
    pub(crate) silent: bool,
}

#[derive(Default)]
struct State {
    kinds: Vec<Served>,
    version: u64,
    /// Whether lists come as streams.
    streams: bool,
    page: usize,
    /// Whether nobody answers.
    down: bool,
    /// Whether pages after the first one are not given yet.
    held: bool,
    requests: Vec<String>,
    callers: BTreeSet<String>,
}

/// An API server. Copies are the same one.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

/// The cluster of these objects.
pub(crate) fn cluster_of(objects: &[Object]) -> Fake {
    let fake = Fake::default();
    fake.pages_of(500);
    let definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    fake.serve(definition.0, definition.1, "customresourcedefinitions");
    fake.serve("v1", "Secret", "secrets");
    fake.put("Secret", "databases/root", json!({"data": {}}));
    for object in objects {
        fake.load(object);
    }
    fake
}

/// A cluster of one namespace, in which experiments may run.
pub(crate) fn fake() -> Fake {
    let fake = Fake::default();
    fake.pages_of(500);
    for (api, kind, plural) in [
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
        ),
        ("v1", "Namespace", "namespaces"),
        ("v1", "Node", "nodes"),
        ("v1", "Pod", "pods"),
        ("v1", "Secret", "secrets"),
        ("apps/v1", "StatefulSet", "statefulsets"),
        ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        (
            "firebreak.dev/v1alpha1",
            "BlastRadiusPolicy",
            "blastradiuspolicies",
        ),
    ] {
        fake.serve(api, kind, plural);
    }
    fake.put("Namespace", "db", json!({}));
    fake.put("Node", "n1", json!({}));
    fake
}

impl Fake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A client of it, without a socket.
    pub(crate) fn client(&self) -> Client {
        let fake = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let fake = fake.clone();
            async move {
                fake.answer(request.method(), &request.uri().to_string())
                    .await
            }
        });
        Client::new(service, "default")
    }

    /// Its watch, at work, and a bookmark every minute.
    pub(crate) fn watch(&self) -> Arc<Watch> {
        self.watch_with(Settings::default())
    }

    /// The same with other settings.
    pub(crate) fn watch_with(&self, settings: Settings) -> Arc<Watch> {
        let (watch, work) = Watch::new(self.client(), settings);
        tokio::spawn(work);
        let fake = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_mins(1)).await;
                fake.bookmark();
            }
        });
        watch
    }

    /// Answers on a socket too; a kubeconfig that leads there by the contexts `here` and `away`, where
    /// nobody is.
    pub(crate) async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(heard).with_state(self.clone());
        tokio::spawn(async { axum::serve(listener, routes).await });
        let cluster =
            |name: &str, server: &str| json!({"name": name, "cluster": {"server": server}});
        let context =
            |name: &str| json!({"name": name, "context": {"cluster": name, "user": "me"}});
        let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [cluster("here", &server), cluster("away", "http://127.0.0.1:1")],
            "contexts": [context("here"), context("away")],
            "users": [{"name": "me", "user": {}}]});
        config.to_string()
    }

    fn met(&self, headers: &HeaderMap) {
        let header = |name: &str| -> Vec<&str> {
            let all = headers.get_all(name).iter();
            all.map(|it| it.to_str().unwrap()).collect()
        };
        let agent = header("user-agent").join(" ");
        assert!(agent.starts_with("firebreak/"), "{agent}");
        let (user, groups) = (header("impersonate-user"), header("impersonate-group"));
        let caller = [user, groups].concat().join(" ");
        self.state().callers.insert(caller);
    }

    /// As whom it was asked.
    pub(crate) fn callers(&self) -> Vec<String> {
        self.state().callers.iter().cloned().collect()
    }

    /// Serves the kind of an object, and has the object.
    fn load(&self, object: &Object) {
        let reference = object.reference();
        let (group, kind) = (&reference.group, &reference.kind);
        let known = |it: &Served| it.group == *group && it.kind == *kind;
        if !self.state().kinds.iter().any(known) {
            let plural = match kind.to_lowercase() {
                word if word.ends_with('y') => format!("{}ies", word.trim_end_matches('y')),
                word => format!("{word}s"),
            };
            let api = object.value()["apiVersion"].as_str().unwrap();
            self.serve(api, kind, &plural);
        }
        let name = match reference.namespace.as_str() {
            "" => reference.name.clone(),
            namespace => format!("{namespace}/{}", reference.name),
        };
        self.write(known, &name, object.value().clone());
    }

    pub(crate) fn serve(&self, api: &str, kind: &str, plural: &str) {
        let (group, version) = api.split_once('/').unwrap_or(("", api));
        let mut state = self.state();
        let name = format!("{plural}.{group}");
        state.kinds.push(Served {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            ..Served::default()
        });
        drop(state);
        if group.contains('.') && kind != "CustomResourceDefinition" {
            self.put("CustomResourceDefinition", &name, json!({}));
        }
    }

    /// Takes a kind away, and its definition.
    pub(crate) fn withdraw(&self, kind: &str) {
        let mut state = self.state();
        let at = state.kinds.iter().position(|it| it.kind == kind).unwrap();
        let gone = state.kinds.remove(at);
        drop(state);
        let name = format!("{}.{}", gone.plural, gone.group);
        self.delete("CustomResourceDefinition", &name);
    }

    /// Changes how a kind is served.
    pub(crate) fn with(&self, kind: &str, change: impl FnOnce(&mut Served)) {
        let mut state = self.state();
        let kind = state.kinds.iter_mut().find(|it| it.kind == kind);
        change(kind.unwrap());
    }

    pub(crate) fn streams(&self, granted: bool) {
        self.state().streams = granted;
    }

    pub(crate) fn pages_of(&self, page: usize) {
        self.state().page = page;
    }

    pub(crate) fn hold_pages(&self, held: bool) {
        self.state().held = held;
    }

    /// Cuts every connection, and takes no new one while it is down.
    pub(crate) fn down(&self, down: bool) {
        self.state().down = down;
        self.cut();
    }

    /// Cuts the connection of every watch.
    pub(crate) fn cut(&self) {
        for kind in &mut self.state().kinds {
            for watcher in kind.watchers.drain(..) {
                let reset = std::io::ErrorKind::ConnectionReset.into();
                let _ = watcher.unbounded_send(Err(reset));
            }
        }
    }

    /// Every position so far is too old from here on, and whoever watches is told.
    pub(crate) fn expire(&self, kind: &str) {
        self.state().version += 1;
        let now = self.state().version;
        self.with(kind, |kind| {
            kind.oldest = now;
            for watcher in kind.watchers.drain(..) {
                let _ =
                    watcher.unbounded_send(Ok(line(&json!({"type": "ERROR", "object": gone()}))));
            }
        });
    }

    /// What was asked for so far, and forgets it.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
    }

    /// Writes an object, by `namespace/name`, or by its name where there are no namespaces.
    pub(crate) fn put(&self, kind: &str, name: &str, object: Value) {
        self.write(|it| it.kind == kind, name, object);
    }

    fn write(&self, of: impl Fn(&Served) -> bool, name: &str, mut object: Value) {
        let (namespace, name) = name.split_once('/').unwrap_or(("", name));
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let kind = state.kinds.iter_mut().find(|it| of(it)).unwrap();
        object["metadata"]["name"] = json!(name);
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        object["metadata"]["managedFields"] = json!([{"manager": "test"}]);
        if !namespace.is_empty() {
            object["metadata"]["namespace"] = json!(namespace);
        }
        let key = (namespace.to_owned(), name.to_owned());
        let before = kind.objects.insert(key, object.clone());
        let word = if before.is_some() {
            "MODIFIED"
        } else {
            "ADDED"
        };
        kind.happen(version, word, object);
    }

    pub(crate) fn delete(&self, kind: &str, name: &str) {
        let (namespace, name) = name.split_once('/').unwrap_or(("", name));
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let kind = state.kinds.iter_mut().find(|it| it.kind == kind).unwrap();
        let key = (namespace.to_owned(), name.to_owned());
        let mut object = kind.objects.remove(&key).unwrap();
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        kind.happen(version, "DELETED", object);
    }

    pub(crate) fn bookmark(&self) {
        let mut state = self.state();
        let version = state.version;
        for kind in state.kinds.iter_mut().filter(|kind| !kind.silent) {
            let line = line(&kind.bookmark(version, false));
            kind.watchers
                .retain(|watcher| watcher.unbounded_send(Ok(line.clone())).is_ok());
        }
    }

    /// The answer to a request.
    pub(crate) async fn answer(
        &self,
        method: &Method,
        uri: &str,
    ) -> Result<Response<Body>, Infallible> {
        assert_eq!(method, Method::GET, "{uri}");
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let query: BTreeMap<&str, &str> = query
            .split('&')
            .filter_map(|it| it.split_once('='))
            .collect();
        self.state().requests.push(uri.to_owned());
        while query.contains_key("continue") && self.state().held {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut state = self.state();
        if state.down {
            return Ok(refused(503, "nobody is here"));
        }
        if let Some(found) = state.discovery(path) {
            return Ok(found);
        }
        let State {
            streams,
            page,
            version,
            ..
        } = *state;
        let Some(kind) = state.kinds.iter_mut().find(|kind| kind.path() == path) else {
            return Ok(refused(404, "page not found"));
        };
        if let Some((code, message)) = &kind.refused {
            return Ok(refused(*code, message));
        }
        if let Some(left) = kind.failures.checked_sub(1) {
            kind.failures = left;
            return Ok(refused(500, "not now"));
        }
        let answer = match (query.get("watch"), query.get("sendInitialEvents")) {
            (None, _) => match query.get("fieldSelector") {
                Some(field) => kind.named(field.trim_start_matches("metadata.name%3D")),
                None => kind.list(page, version, query.get("continue").copied()),
            },
            (Some(_), None) => kind.watch(query["resourceVersion"].parse().unwrap()),
            (Some(_), Some(_)) if streams => kind.stream(version),
            (Some(_), Some(_)) => refused(422, "sendInitialEvents is forbidden"),
        };
        if let (Some(lasting), Some(watcher)) = (query.get("timeoutSeconds"), kind.watchers.last())
        {
            let (lasting, watcher) = (lasting.parse().unwrap(), watcher.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(lasting)).await;
                watcher.close_channel();
            });
        }
        Ok(answer)
    }
}

impl State {
    fn discovery(&self, path: &str) -> Option<Response<Body>> {
        if path == "/apis" {
            let mut groups = BTreeMap::new();
            for kind in self.kinds.iter().filter(|kind| !kind.group.is_empty()) {
                groups.insert(&kind.group, &kind.version);
            }
            let group = |(name, version): (&&String, &&String)| {
                let version =
                    json!({"groupVersion": format!("{name}/{version}"), "version": version});
                json!({"name": name, "versions": [version], "preferredVersion": version})
            };
            let groups: Vec<Value> = groups.iter().map(group).collect();
            return Some(answer(
                200,
                &json!({"kind": "APIGroupList", "groups": groups}),
            ));
        }
        let here = self.kinds.iter().filter(|kind| kind.folder() == path);
        let resource = |kind: &Served| json!({"name": kind.plural, "kind": kind.kind, "verbs": ["get", "list", "watch"]});
        let resources: Vec<Value> = here.map(resource).collect();
        (!resources.is_empty()).then(|| answer(200, &json!({"resources": resources})))
    }
}

impl Served {
    fn folder(&self) -> String {
        match self.group.as_str() {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        }
    }

    fn path(&self) -> String {
        format!("{}/{}", self.folder(), self.plural)
    }

    fn typed(&self, mut object: Value) -> Value {
        object["apiVersion"] = json!(
            self.folder()
                .trim_start_matches("/api/")
                .trim_start_matches("/apis/")
        );
        object["kind"] = json!(self.kind);
        object
    }

    fn bookmark(&self, version: u64, end: bool) -> Value {
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        json!({"type": "BOOKMARK", "object": self.typed(json!({"metadata": metadata}))})
    }

    fn happen(&mut self, version: u64, word: &str, object: Value) {
        let event = json!({"type": word, "object": self.typed(object)});
        self.events.push((version, event.clone()));
        if !self.silent {
            self.watchers
                .retain(|watcher| watcher.unbounded_send(Ok(line(&event))).is_ok());
        }
    }

    /// The list of the object of this name alone.
    fn named(&self, name: &str) -> Response<Body> {
        let all = self.objects.values();
        let items: Vec<&Value> = all.filter(|it| it["metadata"]["name"] == name).collect();
        answer(
            200,
            &json!({"kind": "List", "metadata": {}, "items": items}),
        )
    }

    /// A page; objects in lists do not say what they are.
    fn list(&self, page: usize, version: u64, from: Option<&str>) -> Response<Body> {
        let from: usize = from.map_or(0, |from| from.parse().unwrap());
        let items: Vec<&Value> = self.objects.values().skip(from).take(page).collect();
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if from + items.len() < self.objects.len() {
            metadata["continue"] = json!((from + items.len()).to_string());
        }
        answer(
            200,
            &json!({"kind": "List", "metadata": metadata, "items": items}),
        )
    }

    fn stream(&mut self, version: u64) -> Response<Body> {
        let (sender, receiver) = unbounded();
        let added = |object: &Value| json!({"type": "ADDED", "object": self.typed(object.clone())});
        let lines = self.objects.values().map(added);
        for event in lines.chain([self.bookmark(version, true)]) {
            sender.unbounded_send(Ok(line(&event))).unwrap();
        }
        self.watchers.push(sender);
        Response::new(Body::from_stream(receiver))
    }

    fn watch(&mut self, after: u64) -> Response<Body> {
        if after < self.oldest {
            return answer(200, &json!({"type": "ERROR", "object": gone()}));
        }
        let (sender, receiver) = unbounded();
        for (_, event) in self.events.iter().filter(|(at, _)| *at > after) {
            sender.unbounded_send(Ok(line(event))).unwrap();
        }
        self.watchers.push(sender);
        Response::new(Body::from_stream(receiver))
    }
}

/// A request that came by a socket.
async fn heard(fake: Shared<Fake>, request: axum::extract::Request) -> Response<Body> {
    fake.met(request.headers());
    let (method, uri) = (request.method().clone(), request.uri().to_string());
    drop(request);
    fake.answer(&method, &uri).await.unwrap()
}

fn gone() -> Value {
    json!({"kind": "Status", "metadata": {}, "code": 410, "reason": "Expired",
        "message": "too old resource version"})
}

fn line(event: &Value) -> Bytes {
    Bytes::from(format!("{event}\n"))
}

fn refused(code: u16, message: &str) -> Response<Body> {
    answer(
        code,
        &json!({"kind": "Status", "code": code, "message": message}),
    )
}

fn answer(code: u16, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{body}\n")));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}
