//! The README does what it says: its commands are run and their output is compared.
//!
//! A `sh` block holds commands; a `text` block right behind it, the output of the last one. In a
//! `console` block commands begin with `$ `, and what follows is their output. A line `...` in an
//! output stands for any lines. Commands that need a cluster are not run; the files they name exist.

use std::process::{Command, Stdio};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::source::{root, source};

/// A command of the README and the output shown for it.
#[derive(Debug, PartialEq)]
struct Example {
    command: String,
    output: Option<String>,
}

#[test]
fn every_command_in_the_readme_does_what_is_shown() {
    let examples = examples(&source("README.md").text);
    assert!(!examples.is_empty(), "no command found");
    let wrong: Vec<String> = examples.iter().filter_map(|e| check(e).err()).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[test]
fn commands_and_outputs_are_found_in_blocks() {
    let text = "```sh\n# why\na \\\n  b\nc\n```\n\n```text\nout\n```\n\n\
                ```console\n$ d\nx\n\ny\n$ e\n```\n\nprose\n\n```text\nnot output\n```\n";
    let found = examples(text);
    let example = |command: &str, output: Option<&str>| Example {
        command: command.to_owned(),
        output: output.map(str::to_owned),
    };
    let expected = [
        example("a b", None),
        example("c", Some("out\n")),
        example("d", Some("x\n\ny\n")),
        example("e", None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_output_matches_only_where_every_shown_line_is_printed() {
    assert!(matches("a\n...\nd\n", "a\nb\nc\nd\n"));
    assert!(matches("...\nd\n", "d"));
    assert!(matches("a\nb\n...", "a\nb\n"));
    assert!(!matches("a\n...\nd\n", "a\nd\ne\n"));
    assert!(!matches("a\n", "a\nb\n"));
    assert!(!matches("a\n...\na\n", "a\n"));
}

#[test]
fn a_command_that_cannot_be_checked_is_refused() {
    let check = |command: &str| {
        check(&Example {
            command: command.to_owned(),
            output: None,
        })
    };
    assert!(check("curl https://example.org").is_err());
    assert!(check("make no-such-target").is_err());
    assert!(check("kubectl apply -f no/such/file.yaml").is_err());
    assert_eq!(check("make test"), Ok(()));
    assert_eq!(check("kubectl apply -f Cargo.toml"), Ok(()));
}

/// The commands of a page, in order.
fn examples(markdown: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut behind_commands = false;
    for block in blocks(markdown) {
        match block.language.as_str() {
            "sh" => found.extend(commands(&block.text)),
            "console" => found.extend(console(&block.text)),
            "text" if behind_commands && block.follows => {
                found.last_mut().expect("a command").output = Some(block.text);
            }
            _ => {}
        }
        behind_commands = ["sh", "console"].contains(&block.language.as_str());
    }
    found
}

/// A fenced block.
struct Block {
    language: String,
    text: String,
    /// Whether another fenced block stands right above it.
    follows: bool,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let (mut found, mut open, mut follows) = (Vec::new(), None, false);
    for event in Parser::new(markdown) {
        if let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) = event {
            open = Some(Block {
                language: language.to_string(),
                text: String::new(),
                follows,
            });
        } else if event == Event::End(TagEnd::CodeBlock) {
            found.extend(open.take());
            follows = true;
        } else if let (Some(block), Event::Text(part)) = (&mut open, event) {
            block.text.push_str(&part);
        } else {
            follows = false;
        }
    }
    found
}

/// The commands of a `sh` block: one a line, unless the line ends with a backslash.
fn commands(text: &str) -> Vec<Example> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Example {
            command: line.split_whitespace().collect::<Vec<_>>().join(" "),
            output: None,
        })
        .collect()
}

/// The commands of a `console` block with what they print.
fn console(text: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            found.extend(commands(command));
        } else if let Some(example) = found.last_mut() {
            let output = example.output.get_or_insert_default();
            output.push_str(line);
            output.push('\n');
        }
    }
    found
}

/// Runs what can be run here, and looks whether the rest names what exists.
fn check(example: &Example) -> Result<(), String> {
    let command = example.command.as_str();
    let first = command.split(" | ").next().unwrap_or(command);
    let arguments = ["cargo run --release --", "firebreak"]
        .iter()
        .find_map(|program| first.strip_prefix(program));
    if let Some(arguments) = arguments {
        let shown = example.output.as_deref().filter(|_| first == command);
        return run(command, arguments, shown);
    }
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["make", targets @ ..] => targets.iter().try_for_each(|target| is_target(target)),
        ["kubectl" | "helm", arguments @ ..] => arguments.iter().try_for_each(|word| exists(word)),
        ["git", "clone", ..] | ["cd", _] | ["cargo", "install", "--path", "."] => Ok(()),
        _ => Err(format!(
            "`{command}`: this test does not know how to check it"
        )),
    }
}

fn run(command: &str, arguments: &str, shown: Option<&str>) -> Result<(), String> {
    let output = Command::new(env!("CARGO_BIN_EXE_firebreak"))
        .args(words(arguments))
        .current_dir(root())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("`{command}`: {e}"))?;
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    match (output.status.code(), shown) {
        (Some(0..=2), Some(shown)) if matches(shown, &printed) => Ok(()),
        (Some(0), None) => Ok(()),
        (code, _) => Err(format!(
            "`{command}` ended with {code:?} and printed\n{printed}"
        )),
    }
}

/// The words of a command line; quotes keep one together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match c {
            '\'' | '"' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            ' ' if quote.is_none() => words.push(String::new()),
            _ => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn is_target(target: &str) -> Result<(), String> {
    let rule = format!("{target}:");
    let makefile = source("Makefile").text;
    let found = target.contains('=') || makefile.lines().any(|line| line.starts_with(&rule));
    found
        .then_some(())
        .ok_or_else(|| format!("`make {target}`: the Makefile has no such target"))
}

/// A word that looks like a file of the project must be one.
fn exists(word: &str) -> Result<(), String> {
    let foreign = word.contains("://") || !(word.contains('/') || word.contains(".yaml"));
    if foreign || root().join(word).exists() {
        return Ok(());
    }
    Err(format!("`{word}` does not exist"))
}

/// Whether `printed` is what was shown, where `...` stands for any lines, also none.
fn matches(shown: &str, printed: &str) -> bool {
    let mut rest: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    let shown: Vec<&str> = shown.trim_end().lines().map(str::trim_end).collect();
    let mut parts: Vec<&[&str]> = shown.split(|line| *line == "...").collect();
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() {
        return rest == last;
    }
    for (at, part) in parts.iter().enumerate() {
        let starts = 0..=rest.len().saturating_sub(part.len());
        let mut starts = starts.take(if at == 0 { 1 } else { usize::MAX });
        let Some(start) = starts.find(|start| rest[*start..].starts_with(part)) else {
            return false;
        };
        rest.drain(..start + part.len());
    }
    rest.ends_with(last)
}
