//! Requests to the API server: an answer whole, or line by line.

use std::fmt;
use std::time::Duration;

use http::header::ACCEPT;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use tokio::time::timeout;

use super::decode::{self, Malformed, Status};
use super::served::Served;
use crate::object::Object;

/// How long the API server may take to begin an answer.
const BEGIN: Duration = Duration::from_secs(30);
/// How long it may take for all of it.
const WHOLE: Duration = Duration::from_mins(1);
/// How many objects a page has.
const PAGE: usize = 500;
/// The longest line of a watch: more than any object can have.
const LONGEST: usize = 64 << 20;
/// The longest explanation of a refusal that is read.
const REASON: usize = 64 << 10;

const JSON: &str = "application/json";
const NAMES: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const LIST_OF_NAMES: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The API server refused.
    Refused(Status),
    /// The position of the watch is too old, or not known to this API server.
    Expired,
    /// There was no answer, or not all of it.
    Broken(String),
    /// Nothing was heard for this long.
    Silent(Duration),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(Status { code, message, .. }) => write!(f, "{code}: {message}"),
            Self::Expired => f.write_str("its position is too old"),
            Self::Broken(why) => f.write_str(why),
            Self::Silent(time) => write!(f, "nothing was heard for {}s", time.as_secs()),
        }
    }
}

impl From<Malformed> for Trouble {
    fn from(error: Malformed) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        // An API server that is behind the one that was asked before says so with a timeout.
        let behind = status.code == 504 && status.message.contains("Too large resource version");
        if status.code == 410 || behind {
            Self::Expired
        } else {
            Self::Refused(status)
        }
    }
}

/// Every object of a kind, page by page; the position from which a watch goes on. Each object is
/// given away as soon as it is read.
pub(super) async fn list(
    client: &Client,
    served: &Served,
    mut each: impl FnMut(Object),
) -> Result<String, Trouble> {
    let accept = if served.names_only {
        LIST_OF_NAMES
    } else {
        JSON
    };
    let mut next = String::new();
    loop {
        let mut path = format!("{}?limit={PAGE}", served.path());
        if !next.is_empty() {
            path = format!("{path}&continue={}", escaped(&next));
        }
        let body = whole(client, &path, accept).await?;
        let page = decode::page(&body, served, &mut each)?;
        if page.next.is_empty() {
            return Ok(page.version);
        }
        next = page.next;
    }
}

/// An answer, whole.
pub(super) async fn get(client: &Client, path: &str) -> Result<Vec<u8>, Trouble> {
    whole(client, path, JSON).await
}

async fn whole(client: &Client, path: &str, accept: &str) -> Result<Vec<u8>, Trouble> {
    let reading = async {
        let response = open(client, path, accept).await?;
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| broken(&error))?;
        Ok(body.to_bytes().to_vec())
    };
    timeout(WHOLE, reading)
        .await
        .unwrap_or(Err(Trouble::Silent(WHOLE)))
}

/// How a watch begins.
pub(super) enum Start<'a> {
    /// With every object there is.
    Everything,
    /// After this position.
    After(&'a str),
}

/// Opens a watch that the API server ends after `lasting`.
pub(super) async fn watch(
    client: &Client,
    served: &Served,
    start: Start<'_>,
    lasting: Duration,
) -> Result<Lines, Trouble> {
    let begin = match start {
        Start::Everything => "sendInitialEvents=true&resourceVersionMatch=NotOlderThan".to_owned(),
        Start::After(version) => format!("resourceVersion={}", escaped(version)),
    };
    let path = format!(
        "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&{begin}",
        served.path(),
        lasting.as_secs(),
    );
    let accept = if served.names_only { NAMES } else { JSON };
    let opening = timeout(BEGIN, open(client, &path, accept)).await;
    let response = opening.unwrap_or(Err(Trouble::Silent(BEGIN)))?;
    Ok(Lines {
        body: response.into_body(),
        buffer: Vec::new(),
        searched: 0,
    })
}

async fn open(client: &Client, path: &str, accept: &str) -> Result<Response<Body>, Trouble> {
    let request = Request::get(path).header(ACCEPT, accept);
    let request = request
        .body(Body::empty())
        .map_err(|error| Trouble::Broken(error.to_string()))?;
    let response = client.send(request).await;
    let response = response.map_err(|error| broken(&error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(refusal(response).await)
}

async fn refusal(response: Response<Body>) -> Trouble {
    let code = response.status();
    let limited = http_body_util::Limited::new(response.into_body(), REASON);
    let body = match limited.collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(_) => Vec::new(),
    };
    status(code, &body).into()
}

/// The refusal as a Status, whoever wrote it.
fn status(code: StatusCode, body: &[u8]) -> Status {
    let mut status = serde_json::from_slice(body).unwrap_or_else(|_| Status {
        message: brief(&String::from_utf8_lossy(body)),
        ..Status::default()
    });
    status.code = code.as_u16();
    if status.message.is_empty() {
        code.canonical_reason()
            .unwrap_or("no reason given")
            .clone_into(&mut status.message);
    }
    status
}

/// The first line, cut when long.
fn brief(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(LONGEST).collect()
}

fn broken(error: &kube::Error) -> Trouble {
    // The innermost cause says what happened; those around it, in which layer.
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Trouble::Broken(cause.to_string())
}

/// The text as a query holds it.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// The lines of an answer that does not end soon.
pub(super) struct Lines {
    body: Body,
    buffer: Vec<u8>,
    searched: usize,
}

impl Lines {
    /// The next line; `None` at the end. Nothing is lost when it is not waited for.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        loop {
            if let Some(line) = self.take() {
                return Ok(Some(line));
            }
            if self.buffer.len() > LONGEST {
                return Err(Trouble::Broken(format!("a line over {LONGEST} bytes")));
            }
            match self.body.frame().await {
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(Trouble::Broken("it ended within a line".to_owned())),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.buffer.extend_from_slice(data);
                    }
                }
                Some(Err(error)) => return Err(broken(&error)),
            }
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(ends) = fresh.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return None;
        };
        let ends = self.searched + ends;
        let rest = self.buffer.split_off(ends + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        line.truncate(ends);
        self.searched = 0;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_letter_is_escaped() {
        assert_eq!(escaped("a-B_9.~"), "a-B_9.~");
        assert_eq!(escaped("a=b&c d"), "a%3Db%26c%20d");
    }

    #[test]
    fn a_refusal_is_told_whoever_wrote_it() {
        let code = StatusCode::BAD_GATEWAY;
        assert_eq!(status(code, b"<html>\nno").message, "<html>");
        assert_eq!(status(code, b"").message, "Bad Gateway");
        let told = status(code, br#"{"message":"etcd is away","code":1}"#);
        assert_eq!((told.code, told.message.as_str()), (502, "etcd is away"));
    }
}
