//! Conditions of objects, and commands in pods.

use std::sync::{Arc, Mutex};

use firebreak::schedule::observed::Member;
use firebreak::schedule::spec::status::ResultWord;
use futures::{SinkExt as _, StreamExt as _};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};

use super::{Asked, probe};
use crate::fake_api::FakeApi;

fn put(api: &FakeApi, status: &str, reason: &str) {
    let condition = json!({"type": "Ready", "status": status, "reason": reason});
    let object = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
        "metadata": {"name": "pg", "namespace": "shop"}, "status": {"conditions": [condition]}});
    let path = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters/pg";
    api.put(path, Some(object));
}

#[tokio::test]
async fn a_condition_of_any_kind_is_looked_at() {
    let api = FakeApi::default();
    let spec = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "pg", "type": "Ready"});
    let asked = Asked::new(&api, &[probe("condition", spec)]);
    asked
        .seen(
            ResultWord::Bad,
            "postgresql.cnpg.io/v1 Cluster is not known: 404 NotFound",
        )
        .await;

    let resource = json!({"name": "clusters", "singularName": "cluster", "kind": "Cluster",
        "namespaced": true, "verbs": ["get", "list"]});
    let list = json!({"kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": "postgresql.cnpg.io/v1", "resources": [resource]});
    api.put("/apis/postgresql.cnpg.io/v1", Some(list));
    let unread = |seen: &str| seen.contains("Cluster \"pg\" cannot be read: 404 NotFound");
    asked.once(|it| unread(&it.seen)).await;

    put(&api, "True", "");
    asked.prober.anew("0b5c");
    assert_eq!(asked.until(ResultWord::Good).await.seen, "Ready is True");
    put(&api, "False", "Failover");
    asked
        .seen(ResultWord::Bad, "Ready is False: Failover")
        .await;
}

/// An API server that runs commands in pods: what was asked, and how each ends.
struct Pods {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    status: Arc<Mutex<Value>>,
}

impl Pods {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let status = Arc::new(Mutex::new(json!({"status": "Success"})));
        let shared = (asked.clone(), status.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (asked, status) = shared.clone();
                tokio::spawn(run(stream, asked, status));
            }
        });
        Self { url, asked, status }
    }

    fn client(&self) -> Client {
        Client::try_from(Config::new(self.url.parse().unwrap())).unwrap()
    }
}

/// What is answered to who asks for a command.
struct Doorman(Arc<Mutex<Vec<String>>>);

impl Callback for Doorman {
    fn on_request(
        self,
        request: &Request,
        mut response: Response,
    ) -> Result<Response, ErrorResponse> {
        self.0.lock().unwrap().push(request.uri().to_string());
        let protocol = "v5.channel.k8s.io".parse().unwrap();
        response
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        Ok(response)
    }
}

/// Runs a command, which prints more than anybody keeps and ends as it is to.
async fn run(stream: TcpStream, asked: Arc<Mutex<Vec<String>>>, status: Arc<Mutex<Value>>) {
    let Ok(mut socket) = accept_hdr_async(stream, Doorman(asked)).await else {
        return;
    };
    for channel in [1_u8, 2] {
        let printed = [vec![channel], vec![b'x'; 5000]].concat();
        socket.send(Message::binary(printed)).await.ok();
    }
    let status = status.lock().unwrap().to_string();
    let ended = [vec![3], status.into_bytes()].concat();
    socket.send(Message::binary(ended)).await.ok();
    while let Some(Ok(_)) = socket.next().await {}
}

fn member(name: &str, ready: bool, primary: bool) -> Member {
    Member {
        namespace: "db".to_owned(),
        name: name.to_owned(),
        ready,
        primary,
        ..Member::default()
    }
}

#[tokio::test]
async fn a_command_in_a_pod_is_good_where_it_ends_with_zero() {
    let pods = Pods::start().await;
    let mut spec = probe(
        "exec",
        json!({"command": ["pg_isready", "-U", "postgres"], "container": "postgres"}),
    );
    // Each answer is one of several messages.
    spec["interval"] = json!("500ms");
    let mut asked = Asked::with(pods.client(), &[spec]);
    asked.seen(ResultWord::Bad, "no replica is ready").await;

    asked.members = vec![
        member("pg-0", true, true),
        member("pg-2", true, false),
        member("pg-1", false, false),
    ];
    asked.says().await;
    asked.prober.anew("0b5c");
    assert_eq!(asked.until(ResultWord::Good).await.seen, "0 in pg-2");
    let path = pods.asked.lock().unwrap()[0].clone();
    assert!(
        path.starts_with("/api/v1/namespaces/db/pods/pg-2/exec?"),
        "{path}"
    );
    assert!(
        path.contains("command=pg_isready&command=-U&command=postgres"),
        "{path}"
    );
    assert!(path.contains("container=postgres"), "{path}");

    *pods.status.lock().unwrap() = json!({"status": "Failure", "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "2"}]}});
    asked.once(|it| it.seen.ends_with("2 in pg-2")).await;
}
