//! The one test program: a module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read files and start the program"
)]

mod admission;
mod agreement;
mod architecture;
mod argo;
mod backup;
mod backup_every;
mod blast;
mod caller;
mod carried_out;
mod broken_policy;
mod cel_bounds;
mod cel_kubernetes;
mod cel_spec;
mod certs;
mod chaos_mesh_selection;
mod cli;
mod cli_backups;
mod cli_inputs;
mod cli_schedule;
mod clocks;
mod command;
mod cron;
mod configuration;
mod databases;
mod databases_mysql;
mod databases_postgres;
mod examples;
mod experiments;
mod facts;
mod image;
mod fake_api;
mod hashed;
mod inventory;
mod install;
mod isolation;
mod kept_away;
mod kept_away_backups;
mod leader;
mod litmus_selection;
mod ledger;
mod live;
mod live_cluster;
mod mangled;
mod metrics;
mod mutating;
mod manifests;
mod manifests_crds;
mod one_drill;
mod policies;
mod policy_docs;
mod probes;
mod readme;
mod registration;
mod render;
mod report_docs;
mod reviews;
mod rotation;
mod rules;
mod s3;
mod selection;
mod rules_docs;
mod sanctioned;
mod scheduler;
mod serve;
mod shop;
mod source;
mod spec;
mod storage;
mod suggestions;
mod ticks;
mod total;
mod unlisted;
mod upstream;
mod upstream_databases;
mod uses;
mod vocabulary;
mod watch;
mod windows;
mod worst_case;
mod yaml;
