//! Shell scripts, as far as they can be told from their text: commands without variables, loops and
//! patterns.

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh"];

/// Characters that make a shell do more than run the words that stand there.
const LIVE: &[char] = &[
    '$', '`', '(', ')', '{', '}', '<', '>', '*', '?', '[', ']', '\\',
];
/// Those that do so in double quotes, and in a here-document whose word is not quoted.
const LIVE_IN_QUOTES: &[char] = &['$', '`', '\\'];

/// What a shell throws away, and so does nothing.
const DISCARDS: &[&str] = &[
    "&>/dev/null",
    "1>/dev/null",
    "2>&1",
    "2>/dev/null",
    ">/dev/null",
];

/// Programs that run the words behind their options, and the options of each that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("chrt", &[]),
    ("env", &["-u"]),
    ("exec", &[]),
    ("ionice", &["-c", "-n"]),
    ("nice", &["-n"]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("sudo", &["-u"]),
    ("time", &[]),
    ("timeout", &["-s", "--signal", "-k", "--kill-after"]),
];

/// The program by which Argo starts those of its templates.
const LAUNCHER: &str = "argoexec";

/// A command and what it reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Command {
    /// The program and its words.
    pub(super) words: Vec<String>,
    /// The here-document behind it.
    pub(super) input: Option<String>,
    /// The limit that `timeout` sets, as it is written.
    pub(super) limit: Option<String>,
}

impl Command {
    /// The name of the program, without its path.
    pub(super) fn program(&self) -> &str {
        let first = self.words.first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or_default()
    }

    fn new(words: Vec<String>, input: Option<String>) -> Self {
        let command = Self {
            words,
            input,
            limit: None,
        };
        command.unwrapped()
    }

    /// What runs in the end.
    fn unwrapped(mut self) -> Self {
        let settings = self.words.iter().take_while(|word| is_setting(word));
        self.words.drain(..settings.count());
        while let Some((program, valued)) = WRAPPERS.iter().find(|row| row.0 == self.program()) {
            let mut rest = self.words.split_off(1).into_iter().peekable();
            while let Some(option) = rest.next_if(|it| it.starts_with('-') || is_setting(it)) {
                if valued.contains(&option.as_str()) {
                    rest.next();
                }
            }
            if *program == "timeout" {
                self.limit = rest.next();
            }
            self.words = rest.collect();
        }
        self
    }
}

/// `NAME=value` in front of a program.
fn is_setting(word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_name))
}

/// The commands that these words run; `None` where their text does not tell.
pub(super) fn commands(words: Vec<String>) -> Option<Vec<Command>> {
    let mut command = Command::new(words, None);
    if command.program() == LAUNCHER {
        // What stands behind the dashes is what the template says.
        let dashes = command.words.iter().position(|word| word == "--")?;
        let words = command.words.split_off(dashes.saturating_add(1));
        command = Command::new(words, None);
    }
    if !SHELLS.contains(&command.program()) {
        return Some(vec![command]);
    }
    let [_, flag, text] = &command.words[..] else {
        return None;
    };
    let runs = flag.starts_with('-') && flag.ends_with('c');
    runs.then(|| script(text)).flatten()
}

fn script(text: &str) -> Option<Vec<Command>> {
    let mut commands = Vec::new();
    let joined = text.replace("\\\n", " ");
    let mut lines = joined.lines();
    while let Some(line) = lines.next() {
        let (line, input) = match line.split_once("<<") {
            None => (line.to_owned(), None),
            Some((before, after)) => {
                let (line, body) = here_document(before, after, &mut lines)?;
                (line, Some(body))
            }
        };
        let mut found = line_of(&line)?;
        if let Some(last) = found.last_mut() {
            last.input = input;
        }
        commands.extend(found);
    }
    Some(commands)
}

/// The rest of a line with a here-document, and its body. Several on one line are not told.
fn here_document<'l>(
    before: &str,
    after: &str,
    lines: &mut impl Iterator<Item = &'l str>,
) -> Option<(String, String)> {
    let after = after.strip_prefix('-').unwrap_or(after).trim_start();
    let (tag, rest) = after
        .split_once([' ', ';', '|', '&'])
        .map_or((after, ""), |(tag, rest)| (tag, rest));
    let word = tag.trim_matches(['"', '\'']);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if word.is_empty() || !word.chars().all(plain) || !rest.trim().is_empty() {
        return None;
    }
    let body: Vec<&str> = lines.take_while(|line| line.trim() != word).collect();
    let body = body.join("\n");
    let live = word == tag && body.contains(LIVE_IN_QUOTES);
    (!live).then(|| (before.to_owned(), body))
}

/// The commands of one line.
fn line_of(line: &str) -> Option<Vec<Command>> {
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let line = DISCARDS
        .iter()
        .fold(line.replace("> /dev/null", ">/dev/null"), |line, it| {
            line.replace(it, " ")
        });
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some('"'), _) if LIVE_IN_QUOTES.contains(&c) => return None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ';' | '&' | '|') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            (None, _) if LIVE.contains(&c) => return None,
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    let commands = commands.into_iter().map(|words| Command::new(words, None));
    quote.is_none().then(|| commands.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<Vec<String>> {
        let words = ["sh", "-ec", text].map(str::to_owned).to_vec();
        let found = commands(words)?.into_iter();
        Some(found.map(|command| command.words.join(" ")).collect())
    }

    #[test]
    fn a_script_is_told_by_its_words() {
        let cases: &[(&str, &[&str])] = &[
            ("a b; c && d | e", &["a b", "c", "d", "e"]),
            ("a \\\n b # c\n# d\ne", &["a b", "e"]),
            ("a 'b $c; d' \"e f\"", &["a b $c; d e f"]),
            ("a > /dev/null 2>&1 || true", &["a", "true"]),
            ("X=1 timeout -k 5 60 nice -n 5 a b", &["a b"]),
        ];
        for (text, expected) in cases {
            assert_eq!(told(text).unwrap_or_default(), *expected, "{text}");
        }
    }

    #[test]
    fn what_a_shell_would_work_out_is_not_told() {
        for text in [
            "a $b",
            "a \"$b\"",
            "a `b`",
            "a > b",
            "a *",
            "a 'b",
            "a <<EOF\n$b\nEOF",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn a_here_document_is_read_by_the_command_before_it() {
        let text = "kubectl apply -f - <<'EOF'\nkind: $X\nEOF\necho done";
        let words = ["bash", "-c", text].map(str::to_owned).to_vec();
        let found = commands(words).unwrap();
        assert_eq!(found[0].input.as_deref(), Some("kind: $X"));
        assert_eq!(found[1].words, ["echo", "done"]);
    }

    #[test]
    fn a_timeout_is_kept() {
        let found = commands(vec!["timeout".into(), "60".into(), "a".into()]).unwrap();
        assert_eq!(found[0].limit.as_deref(), Some("60"));
    }
}
