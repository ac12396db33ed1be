//! Which files an argument means, and their text.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How many bytes a file may have.
const LARGEST_FILE: u64 = 256 << 20;

/// The endings of files that are looked for in directories.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What was found behind an argument.
#[derive(Debug, Default)]
pub struct Found {
    /// Files, sorted by path.
    pub files: Vec<PathBuf>,
    /// Directories and links that could not be followed.
    pub failures: Vec<(PathBuf, io::Error)>,
}

/// The manifests below a directory, its subdirectories and what they link to, each directory once.
/// Hidden files and directories are left out.
#[must_use]
pub fn below(directory: &Path) -> Found {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        match children(&next, &mut seen) {
            Err(error) => found.failures.push((next, error)),
            Ok(children) => {
                for child in children {
                    sort_in(child, &mut found, &mut waiting);
                }
            }
        }
    }
    found.files.sort();
    found
}

/// What a directory holds, or nothing when it was seen before under any name.
fn children(directory: &Path, seen: &mut BTreeSet<PathBuf>) -> io::Result<Vec<PathBuf>> {
    if !seen.insert(directory.canonicalize()?) {
        return Ok(Vec::new());
    }
    let mut children = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            children.push(entry.path());
        }
    }
    // The order decides under which name a directory with several is seen.
    children.sort_by(|a, b| b.cmp(a));
    Ok(children)
}

fn sort_in(child: PathBuf, found: &mut Found, waiting: &mut Vec<PathBuf>) {
    let ending = child.extension().and_then(|ending| ending.to_str());
    let manifest = ending.is_some_and(|ending| ENDINGS.contains(&ending));
    match fs::metadata(&child) {
        Ok(metadata) if metadata.is_dir() => waiting.push(child),
        Ok(metadata) if metadata.is_file() && manifest => found.files.push(child),
        Err(error) if manifest => found.failures.push((child, error)),
        // A broken link to something else is not ours to complain about.
        Ok(_) | Err(_) => {}
    }
}

/// The text of a file.
///
/// # Errors
/// When it cannot be read, is too large or is no UTF-8.
pub fn text(path: &Path) -> Result<String, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    text_of(file)
}

/// The text of a stream.
///
/// # Errors
/// When it cannot be read, is too large or is no UTF-8.
pub fn text_of(stream: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut bounded = stream.take(LARGEST_FILE + 1);
    let length = bounded.read_to_end(&mut bytes);
    let length = length.map_err(|error| error.to_string())?;
    if u64::try_from(length).map_or(true, |length| length > LARGEST_FILE) {
        let largest = LARGEST_FILE >> 20;
        return Err(format!("larger than {largest} MiB, expected less"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to());
        let line = valid.filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is no UTF-8, expected text in UTF-8")
    })
}
