//! The image: what its file says, and that what it copies is enough to build the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::{root, source, sources};

/// An instruction of the Dockerfile: its word, and the rest of its lines.
fn instructions() -> Vec<(String, String)> {
    let text = source("Dockerfile").text.replace("\\\n", " ");
    let lines = text.lines().map(str::trim);
    let said = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = said.map(|line| {
        line.split_once(' ')
            .expect("an instruction and what it is for")
    });
    parts
        .map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()))
        .collect()
}

fn of(word: &str) -> Vec<String> {
    let all = instructions().into_iter();
    all.filter(|(own, _)| own == word)
        .map(|(_, rest)| rest)
        .collect()
}

/// What the first stage copies from the tree.
fn copied() -> Vec<String> {
    let copies = of("COPY")
        .into_iter()
        .filter(|it| !it.starts_with("--from"));
    let sources = copies.flat_map(|it| {
        let mut words: Vec<String> = it.split_whitespace().map(str::to_owned).collect();
        words.pop();
        words
    });
    sources.collect()
}

#[test]
fn the_image_holds_the_program_alone_and_runs_it_as_nobody() {
    let stages = of("FROM");
    assert_eq!(stages, ["${BASE} AS build", "scratch"]);
    assert_eq!(
        of("COPY").last().unwrap(),
        "--from=build /out/firebreak /firebreak"
    );
    let user = of("USER").remove(0);
    let numbers: Vec<u32> = user.split(':').map(|part| part.parse().unwrap()).collect();
    assert!(numbers.iter().all(|number| *number > 10_000), "{user}");
    assert_eq!(of("ENTRYPOINT"), ["[\"/firebreak\"]"]);
    assert!(of("ADD").is_empty(), "ADD downloads and unpacks");
    assert!(
        of("HEALTHCHECK").is_empty(),
        "the cluster probes, and there is no shell"
    );
}

#[test]
fn the_image_is_built_with_named_versions() {
    let base = of("ARG").remove(0);
    let (_, tag) = base.rsplit_once(':').expect("a tag");
    assert!(
        tag.starts_with(|first: char| first.is_ascii_digit()),
        "{base}"
    );
    let manifest = source("Cargo.toml").text;
    let oldest = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let oldest = oldest.unwrap().trim_matches('"');
    assert!(tag.starts_with(oldest), "{tag} is not {oldest}");
    let toolchain = of("ENV").remove(0);
    assert!(
        toolchain.starts_with(&format!("RUSTUP_TOOLCHAIN={oldest}")),
        "{toolchain}"
    );
    let runs = of("RUN").join("\n");
    assert!(runs.contains("make image OUT=/out"), "{runs}");
    let make = source("Makefile").text;
    let recipe = make
        .split("\nimage: ##")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    assert!(
        recipe.contains("cargo build --locked --release"),
        "{recipe}"
    );
}

#[test]
fn what_is_copied_is_let_through_and_enough() {
    let ignored = source(".dockerignore").text;
    let through: BTreeSet<&str> = ignored
        .lines()
        .filter_map(|it| it.strip_prefix('!'))
        .collect();
    let copied = copied();
    assert_eq!(through, copied.iter().map(String::as_str).collect());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("image");
    drop(fs::remove_dir_all(&folder));
    for name in &copied {
        copy(name, &folder);
    }
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let metadata = ["metadata", "--no-deps", "--offline", "--format-version=1"];
    let ended = Command::new(cargo)
        .args(metadata)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    for file in sources("src") {
        let reads = file.text.split("include_str!(\"").skip(1);
        let paths = reads
            .filter_map(|rest| rest.split_once('"'))
            .map(|(path, _)| path);
        for path in paths {
            let read = folder.join(&file.path).parent().unwrap().join(path);
            assert!(
                read.is_file(),
                "{} reads {path}, which is not copied",
                file.path
            );
        }
    }
}

/// Copies a file or a folder of the project.
fn copy(name: &str, to: &Path) {
    let from = root().join(name);
    let files = if from.is_dir() {
        sources(name).into_iter().map(|it| it.path).collect()
    } else {
        vec![name.to_owned()]
    };
    for file in files {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(root().join(&file), target).unwrap();
    }
}
