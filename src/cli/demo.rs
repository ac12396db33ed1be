//! `firebreak demo`: the webhook on loopback, and every example sent to it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;
use tokio::sync::watch;

use super::Outcome;
use super::client::Client;
use super::demo_backup::{giver, show_database};
use super::examples::{Example, Expectation, NOW, examples, now, whole, world};
use super::inputs::DEFAULT_POLICIES;
use super::manifests::Reader;
use super::style::Paint;
use crate::inventory::{Inventory, Origin};
use crate::judge::Decision;
use crate::object::Object;
use crate::policy::PolicySet;
use crate::server::admission::{self, Guard};
use crate::server::certs::Throwaway;
use crate::server::listener::{Bounds, Listener, Phase};
use crate::server::view::View;

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// Keep the webhook up afterwards, and print a `curl` line for it
    #[arg(long)]
    serve: bool,
    /// Where it listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
}

/// For how long connections are waited for in the end.
const ENDING: Duration = Duration::from_secs(1);

/// What came back.
struct Reply {
    decision: Decision,
    reasons: Vec<String>,
    message: String,
}

impl Demo {
    /// Starts the webhook, sends it every example and compares.
    ///
    /// # Errors
    /// When the webhook cannot be started or reached.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let runtime = tokio::runtime::Runtime::new().context("runtime")?;
        runtime.block_on(self.play(out))
    }

    async fn play(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let certificate = Throwaway::new(&["localhost", "127.0.0.1"])?;
        let live = Some(Arc::clone(&certificate.live));
        let webhook = Listener::bind(&self.listen, live, Bounds::default())?;
        let origin = format!("https://{}", webhook.address()?);
        let url = format!("{origin}/validate");
        let (phase, phases) = watch::channel(Phase::Serving);
        let routes = admission::router(Arc::new(guard()?));
        let routes = routes.merge(admission::giving(Arc::new(giver()?)));
        let serving = tokio::spawn(webhook.serve(routes, phases, ENDING));
        let client = Client::new(&certificate.authority)?;
        writeln!(
            out,
            "webhook: {url}, example cluster of {NOW}, policies/default.yaml\n"
        )?;
        let outcome = send_all(out, &client, &url).await?;
        show_database(out, &client, &format!("{origin}/mutate")).await?;
        if self.serve {
            stay(out, &certificate, &url).await?;
        }
        drop(client);
        phase.send_replace(Phase::Closing);
        serving.await.context("webhook")??;
        Ok(outcome)
    }
}

fn guard() -> anyhow::Result<Guard> {
    let objects: Vec<Object> = world()?
        .into_iter()
        .map(|manifest| manifest.object)
        .collect();
    let policies = default_policies()?;
    let view = View {
        inventory: Inventory::from_objects(&objects, Origin::Recorded).into(),
        policies: policies.into(),
    };
    Ok(Guard {
        outlook: Arc::new(view),
        ledgers: None,
        uses: None,
        fence: None,
        now: Arc::new(now),
    })
}

/// The policies that we ship for want of others.
fn default_policies() -> anyhow::Result<PolicySet> {
    let reading = Reader::default().read_text("policies/default.yaml", DEFAULT_POLICIES);
    let policies: Vec<Object> = whole(reading)?.into_iter().map(|m| m.object).collect();
    PolicySet::compile(&policies).map_err(|problems| {
        anyhow::anyhow!(
            "policies/default.yaml: {}",
            problems
                .first()
                .map_or_else(String::new, ToString::to_string)
        )
    })
}

async fn send_all(out: &mut dyn Write, client: &Client, url: &str) -> anyhow::Result<Outcome> {
    let mut unexpected = 0;
    let examples = examples()?;
    for example in &examples {
        let body = serde_json::to_vec(&example.review)?;
        let reply = reply(&client.post(url, body).await?)?;
        let met = meets(&reply, &example.expected);
        unexpected += usize::from(!met);
        describe(out, example, &reply, met)?;
    }
    let verdict = if unexpected == 0 {
        "each as expected"
    } else {
        "NOT all as expected"
    };
    writeln!(
        out,
        "{} reviews answered over HTTPS, {verdict}",
        examples.len()
    )?;
    Ok(if unexpected == 0 {
        Outcome::Fine
    } else {
        Outcome::Denied
    })
}

fn reply(answer: &Value) -> anyhow::Result<Reply> {
    let response = answer
        .get("response")
        .context("an answer without response")?;
    let allowed = response
        .get("allowed")
        .and_then(Value::as_bool)
        .context("no decision")?;
    let warnings = response
        .get("auditAnnotations")
        .and_then(|all| all.get("decision"));
    let decision = match (allowed, warnings.and_then(Value::as_str)) {
        (false, _) => Decision::Deny,
        (true, Some("Warn")) => Decision::Warn,
        (true, _) => Decision::Allow,
    };
    let causes = response
        .pointer("/status/details/causes")
        .and_then(Value::as_array);
    let reason = |cause: &Value| {
        cause
            .get("reason")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let message = response.pointer("/status/message").and_then(Value::as_str);
    Ok(Reply {
        decision,
        reasons: causes.into_iter().flatten().filter_map(reason).collect(),
        message: message.unwrap_or_default().to_owned(),
    })
}

fn meets(reply: &Reply, expected: &Expectation) -> bool {
    let given = |reason: &String| reply.reasons.contains(reason);
    reply.decision.name() == expected.decision && expected.reasons.iter().all(given)
}

fn describe(
    out: &mut dyn Write,
    example: &Example,
    reply: &Reply,
    met: bool,
) -> anyhow::Result<()> {
    let line = format!("{:5} examples/{}", reply.decision.name(), example.file);
    writeln!(out, "{}", Paint::decision(reply.decision, &line))?;
    for line in reply.message.lines() {
        writeln!(out, "      {line}")?;
    }
    if !met {
        let expected = &example.expected;
        let text = format!(
            "      expected {} {}",
            expected.decision,
            expected.reasons.join(", ")
        );
        writeln!(out, "{}", Paint::failure(&text))?;
    }
    Ok(())
}

/// Keeps the webhook up until it is interrupted.
async fn stay(out: &mut dyn Write, certificate: &Throwaway, url: &str) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("firebreak-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("folder for the certificate")?;
    let (authority, review) = (folder.join("ca.crt"), folder.join("review.json"));
    std::fs::write(&authority, &certificate.authority).context("certificate")?;
    let denied = |example: &Example| example.expected.decision == "Deny";
    let example = examples()?.into_iter().find(denied).context("no example")?;
    std::fs::write(&review, example.review.to_string()).context("review")?;
    writeln!(
        out,
        "\nstill serving; press Ctrl-C to stop. Try:\n\n  {}\n",
        curl(&authority, &review, url)
    )?;
    out.flush()?;
    let interrupted = tokio::signal::ctrl_c().await.context("signal");
    std::fs::remove_dir_all(&folder).context("folder for the certificate")?;
    interrupted
}

fn curl(authority: &Path, review: &Path, url: &str) -> String {
    format!(
        "curl --silent --cacert {} --header 'Content-Type: application/json' --data @{} {url}",
        authority.display(),
        review.display()
    )
}
