//! A text cut into documents before any is parsed, so that a broken one hides no other.

use super::SyntaxError;
use super::position::Position;

/// The text of a document, sometimes of several.
pub(super) struct Chunk<'t> {
    pub(super) text: &'t str,
    /// The line of the file it begins in, counted from 1.
    pub(super) first_line: usize,
}

/// What a line does to the document it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// `---`, perhaps with a comment: a document ends before it and one begins after it.
    Separator,
    /// `--- text`: a document begins in it.
    Opening,
    /// Blank, or a comment: nothing a document would be needed for.
    Idle,
    /// `%YAML 1.1`: belongs to the document that is opened after it.
    Directive,
    Content,
}

impl Line {
    fn of(line: &str) -> Self {
        if let Some(rest) = line.strip_prefix("---") {
            let trimmed = rest.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                return Self::Separator;
            }
            if rest.starts_with([' ', '\t']) {
                return Self::Opening;
            }
        }
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            Self::Idle
        } else if line.starts_with('%') {
            Self::Directive
        } else {
            Self::Content
        }
    }
}

/// The documents of `text`, without byte order marks and without those that are empty.
pub(super) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut cutter = Cutter {
        text,
        from: 0,
        first_line: 1,
        directives: false,
        content: false,
        chunks: Vec::new(),
    };
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let marked = line.strip_prefix('\u{feff}').filter(|_| at == cutter.from);
        let next = at + line.len();
        cutter.pass(Line::of(marked.unwrap_or(line)), at..next, index + 1);
        at = next;
    }
    cutter.cut(at);
    cutter.chunks
}

struct Cutter<'t> {
    text: &'t str,
    /// Where the document began.
    from: usize,
    first_line: usize,
    /// Whether it holds directives, and whether anything else.
    directives: bool,
    content: bool,
    chunks: Vec<Chunk<'t>>,
}

impl Cutter<'_> {
    fn pass(&mut self, line: Line, bytes: std::ops::Range<usize>, number: usize) {
        let begins = match line {
            // The document that directives belong to begins with its separator.
            Line::Separator | Line::Opening if self.directives && !self.content => None,
            Line::Separator => Some((bytes.end, number + 1)),
            Line::Opening => Some((bytes.start, number)),
            Line::Idle | Line::Directive | Line::Content => None,
        };
        if let Some((from, first_line)) = begins {
            self.cut(bytes.start);
            (self.from, self.first_line) = (from, first_line);
            (self.directives, self.content) = (false, false);
        }
        match line {
            Line::Opening | Line::Content => self.content = true,
            Line::Separator => self.content |= self.directives,
            Line::Directive if !self.content => self.directives = true,
            Line::Directive | Line::Idle => {}
        }
    }

    fn cut(&mut self, to: usize) {
        if let Some(text) = self.text.get(self.from..to)
            && (self.content || self.directives)
        {
            self.chunks.push(Chunk {
                text: text.trim_start_matches('\u{feff}'),
                first_line: self.first_line,
            });
        }
    }
}

impl Chunk<'_> {
    /// Where it begins.
    pub(super) fn start(&self) -> Position {
        Position {
            line: self.first_line,
            column: 1,
        }
    }

    /// Behind so many lines and, in the next one, behind `before`.
    fn position(&self, lines: usize, before: &str) -> Position {
        Position {
            line: self.first_line.saturating_add(lines),
            column: before.chars().count().saturating_add(1),
        }
    }

    /// The characters YAML leaves out of a document, and those that end a line for kubectl but not
    /// for the parser here: with them, the two would read different manifests.
    pub(super) fn refuse_control_characters(&self) -> Result<(), SyntaxError> {
        let refused = |char: char| {
            matches!(char, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
                || char.is_control() && !matches!(char, '\t' | '\n' | '\r')
        };
        let Some(at) = self.text.find(refused) else {
            return Ok(());
        };
        let (before, after) = self.text.split_at(at);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let found = after.chars().next().map_or(0, u32::from);
        let position = self.position(before.matches('\n').count(), line);
        Err(position.error(format!(
            "character U+{found:04X}, expected it as \"\\u{found:04X}\" in double quotes"
        )))
    }

    /// The first template placeholder that stands where a value or a line should begin: the likely
    /// reason why the document cannot be read.
    pub(super) fn placeholder(&self) -> Option<SyntaxError> {
        self.text.lines().enumerate().find_map(|(index, line)| {
            let at = line.find("{{")?;
            let (before, found) = line.split_at(at);
            let begins = before.trim().is_empty() || before.trim_end().ends_with([':', '-', '[']);
            let position = self.position(index, before);
            let found: String = found.trim_end().chars().take(60).collect();
            begins.then(|| {
                position.error(format!(
                    "template placeholder {found:?}, expected a value: render the chart with \
                     `helm template` first"
                ))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(usize, &str)> {
        let pair = |chunk: Chunk<'static>| (chunk.first_line, chunk.text);
        let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
        chunks(text).into_iter().map(pair).collect()
    }

    #[test]
    fn separators_cut() {
        let text = "\u{feff}# a\n---\na: 1\n--- # b\n\n---\r\nb: 2\r\n---x: 3\n--- {c: 4}\n";
        assert_eq!(
            cut(text),
            [(3, "a: 1\n"), (7, "b: 2\r\n---x: 3\n"), (9, "--- {c: 4}\n")]
        );
    }

    #[test]
    fn directives_stay_with_their_document() {
        let text = "a: 1\n---\n%YAML 1.1\n# c\n---\nb: 2\n---\nc: 3\n";
        assert_eq!(
            cut(text),
            [
                (1, "a: 1\n"),
                (3, "%YAML 1.1\n# c\n---\nb: 2\n"),
                (8, "c: 3\n")
            ]
        );
    }
}
