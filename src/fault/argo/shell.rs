//! Scripts, as far as it takes to find what they quote.

use super::scope::UNTOLD;

/// What a script quotes, and the script with nothing in its place.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) quoted: Vec<String>,
    pub(super) rest: String,
}

/// A here-document that has been announced on the line that is read.
struct Announced {
    word: String,
    expands: bool,
}

/// Takes a script apart.
pub(super) fn parts(script: &str) -> Parts {
    let mut parts = Parts::default();
    let mut announced = Vec::new();
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let taken = match first {
            '\n' if !announced.is_empty() => Some(bodies(after, &mut announced, &mut parts)),
            '\\' => Some(
                after
                    .get(after.chars().next().map_or(0, char::len_utf8)..)
                    .unwrap_or(""),
            ),
            '#' if starts_word(&parts.rest) => Some(after.trim_start_matches(|c| c != '\n')),
            '\'' => single(after, &mut parts),
            '"' => double(after, &mut parts),
            '<' => announce(after, &mut announced),
            _ => None,
        };
        if taken.is_none() || first == '\n' {
            parts.rest.push(first);
        }
        rest = taken.unwrap_or(after);
    }
    parts
}

fn starts_word(before: &str) -> bool {
    before.chars().next_back().is_none_or(char::is_whitespace)
}

fn single<'a>(after: &'a str, parts: &mut Parts) -> Option<&'a str> {
    let (text, rest) = after.split_once('\'')?;
    parts.quoted.push(text.to_owned());
    parts.rest.push_str("''");
    Some(rest)
}

fn double<'a>(after: &'a str, parts: &mut Parts) -> Option<&'a str> {
    let mut escaped = false;
    let end = after.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (text, rest) = after.split_at_checked(end?.0)?;
    parts.quoted.push(expanded(text, &['"', '\\', '$', '`']));
    parts.rest.push_str("''");
    rest.strip_prefix('"')
}

/// Reads what stands behind the first `<` of a here-document.
fn announce<'a>(after: &'a str, announced: &mut Vec<Announced>) -> Option<&'a str> {
    let after = after.strip_prefix('<')?;
    if let Some(here_string) = after.strip_prefix('<') {
        return Some(here_string);
    }
    let after = after
        .trim_start_matches('-')
        .trim_start_matches([' ', '\t']);
    let bare = after.trim_start_matches(['\'', '"', '\\']);
    let end = bare
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(bare.len());
    let (word, rest) = bare.split_at_checked(end)?;
    if word.is_empty() {
        return None;
    }
    announced.push(Announced {
        word: word.to_owned(),
        expands: bare.len() == after.len(),
    });
    Some(rest.trim_start_matches(['\'', '"']))
}

/// Takes the bodies of the here-documents from the lines that follow.
fn bodies<'a>(mut rest: &'a str, announced: &mut Vec<Announced>, parts: &mut Parts) -> &'a str {
    for document in announced.drain(..) {
        let mut body = String::new();
        loop {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let ends = line.trim() == document.word;
            rest = after;
            if !ends {
                body.push_str(line);
                body.push('\n');
            }
            if ends || after.is_empty() {
                break;
            }
        }
        parts.quoted.push(if document.expands {
            expanded(&body, &['\\', '$', '`'])
        } else {
            body
        });
    }
    rest
}

/// The text with everything that the shell would replace told apart from what stands there.
fn expanded(text: &str, escapes: &[char]) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '$', '`']) {
        let (before, here) = rest.split_at_checked(at).unwrap_or((rest, ""));
        told.push_str(before);
        let mut chars = here.chars();
        let (first, next) = (chars.next().unwrap_or_default(), chars.next());
        let after = chars.as_str();
        rest = match (first, next) {
            ('\\', Some(next)) if escapes.contains(&next) => {
                told.push(next);
                after
            }
            ('$', Some('(')) => replaced(&mut told, close(after, '(', ')')),
            ('$', Some('{')) => replaced(&mut told, close(after, '{', '}')),
            ('`', _) => {
                let inner = here.get(1..).unwrap_or_default();
                replaced(
                    &mut told,
                    inner.split_once('`').map_or("", |(_, rest)| rest),
                )
            }
            ('$', Some(next)) if next == '_' || next.is_alphanumeric() => {
                let word = |c: char| c == '_' || c.is_alphanumeric();
                replaced(&mut told, after.trim_start_matches(word))
            }
            _ => {
                told.push(first);
                here.get(first.len_utf8()..).unwrap_or_default()
            }
        };
    }
    told.push_str(rest);
    told
}

fn replaced<'a>(told: &mut String, rest: &'a str) -> &'a str {
    told.push_str(UNTOLD);
    rest
}

/// What follows the bracket that closes an open one.
fn close(text: &str, open: char, close: char) -> &str {
    let mut depth = 1_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth = depth.saturating_add(1);
        } else if c == close {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            return text
                .get(at.saturating_add(c.len_utf8())..)
                .unwrap_or_default();
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_taken_apart() {
        let script = "echo 'a b' | kubectl apply -f - # it's\ncat <<EOF > x; echo \"q $N \\\"r\\\"\"\nkind: $(k 1)\nEOF\ncat <<-'E2'\n  $X\n  E2\nend";
        let parts = parts(script);
        let untold = format!("q {UNTOLD} \"r\"");
        let body = format!("kind: {UNTOLD}\n");
        assert_eq!(parts.quoted, ["a b", &untold, &body, "  $X\n"]);
        assert!(
            parts
                .rest
                .starts_with("echo '' | kubectl apply -f - \ncat  > x; echo ''")
        );
        assert!(parts.rest.ends_with("end"));
    }

    #[test]
    fn what_is_not_closed_stands_for_itself() {
        for script in ["it's", "a \" b", "<<", "\\", "$(", "`", "\"${a\""] {
            let _ = parts(script);
        }
        assert_eq!(parts("it's").rest, "it's");
    }
}
