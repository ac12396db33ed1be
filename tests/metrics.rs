//! The metrics: the page that lists them, and what a review, an injection and a process that serves tell.

use std::fs;

use firebreak::server::metrics::table::{Kind, Row};
use firebreak::server::metrics::{FAMILIES, metrics};

use crate::source::{root, source};

const PAGE: &str = "docs/metrics.md";
const BEGIN: &str = "<!-- families -->\n";
const END: &str = "<!-- end -->\n";

fn line(row: &Row) -> String {
    let kind = match row.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    };
    let labels: Vec<String> = row.labels.iter().map(|it| format!("`{it}`")).collect();
    format!(
        "| `{}` | {kind} | {} | {} |\n",
        row.name,
        labels.join(", "),
        row.help
    )
}

#[test]
fn the_page_lists_every_family() {
    let page = source(PAGE).text;
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let head = "| family | kind | labels | meaning |\n|---|---|---|---|\n";
    let rows: String = FAMILIES.iter().map(line).collect();
    let written = format!("{before}{BEGIN}{head}{rows}{END}{after}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root().join(PAGE), &written).unwrap();
    }
    assert!(
        source(PAGE).text == written,
        "{PAGE}: not the table of the source; UPDATE=1 writes it"
    );
}

/// The number on the page in this series, 0 where there is none.
pub(crate) fn counted(page: &str, series: &str) -> f64 {
    let found = page
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.map_or(0.0, |number| number.parse().unwrap())
}

#[test]
fn numbers_are_found_by_their_whole_series() {
    let page = "a_total{x=\"1\"} 2\na_total 5\n";
    assert_eq!(counted(page, "a_total").to_string(), "5");
    assert_eq!(counted(page, "a_total{x=\"1\"}").to_string(), "2");
    assert_eq!(counted(page, "a_tot").to_string(), "0");
    // The page of this process holds what other tests have counted.
    assert!(metrics().page().is_empty() || metrics().page().contains("# HELP firebreak_"));
}
