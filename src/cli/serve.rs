//! `firebreak serve`: the guard on a cluster.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use jiff::Timestamp;

use super::Outcome;
use crate::server::config::{self, Config, SETTINGS, Sources};
use crate::server::serve::{Parts, Server, signals};
use crate::server::telemetry;

/// Arguments of `serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// The file of settings [env: FIREBREAK_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print every setting as it is in effect, and where it was set
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    flags: Flags,
}

/// The settings that were given as flags, by key. The flags are those of the table.
#[derive(Debug, Clone, Default)]
struct Flags(BTreeMap<&'static str, String>);

impl Args for Flags {
    fn augment_args(mut command: Command) -> Command {
        for setting in SETTINGS {
            let flag: &'static str = String::leak(setting.flag());
            let help = setting.says.trim_end_matches('.');
            let shown = if setting.default.is_empty() {
                String::new()
            } else {
                format!(", default: {}", setting.default)
            };
            let help = format!("{help} [env: {}{shown}]", setting.variable());
            let arg = Arg::new(setting.key)
                .long(flag)
                .value_name("VALUE")
                .help(help);
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let text = matches.get_one::<String>(setting.key)?;
            Some((setting.key, text.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}

impl Serve {
    /// Serves until a signal comes.
    ///
    /// # Errors
    /// When the settings cannot be used or a port is taken.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let variable = |name: &str| std::env::var(name).ok();
        let path = self.config.clone();
        let path = path.or_else(|| variable("FIREBREAK_CONFIG").map(PathBuf::from));
        let file = match &path {
            None => None,
            Some(path) => {
                let name = path.display().to_string();
                let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
                Some((name, text))
            }
        };
        let sources = Sources {
            file: file
                .as_ref()
                .map(|(name, text)| (name.as_str(), text.as_str())),
            variable: &variable,
            flags: &self.flags.0,
        };
        let config = Config::read(&sources)?;
        if self.print_config {
            write!(out, "{}", config::effective(&sources))?;
            return Ok(Outcome::Fine);
        }
        serve(&config)
    }
}

fn serve(config: &Config) -> anyhow::Result<Outcome> {
    telemetry::start(config.log)?;
    let runtime = tokio::runtime::Runtime::new().context("runtime")?;
    let served = runtime.block_on(async {
        let signals = signals()?;
        let parts = Parts::of(config, Arc::new(Timestamp::now)).await?;
        Server::bind(config, parts)?.run(signals).await
    });
    // What is left over has been waited for long enough.
    runtime.shutdown_background();
    served.map(|()| Outcome::Fine)
}
