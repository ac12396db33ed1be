//! The syntax of Go's `regexp`, rewritten so that the crate `regex` means the same by it.
//!
//! Nothing of a pattern is handed on as it stands. Each piece is read by Go's rules and written anew in a
//! form that has one meaning, so what this file does not know is refused and never taken for something else.
//! What Go reads and this does not: a repetition that repeats another across flags (`a*(?i)*`), surrogates by
//! their number (`\x{D800}`), and names of groups of characters that some versions of Go do not know.

use std::borrow::Cow;

use super::class;

/// A pattern in the syntax of the crate `regex`.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) text: String,
    /// How many characters it has when its repetitions are written out.
    pub(super) weight: usize,
}

/// Why a pattern is none.
pub(super) type Refusal = String;

/// The most that repetitions inside each other may amount to.
const MOST: usize = 1000;

/// What matches a place and no character.
const PLACES: &[(&str, &str)] = &[
    ("A", r"\A"),
    ("z", r"\z"),
    ("b", r"(?-u:\b)"),
    ("B", r"(?-u:\B)"),
];

/// Rewrites a pattern.
pub(super) fn rewrite(pattern: &str) -> Result<Rewritten, Refusal> {
    let mut writer = Writer::new(pattern);
    while let Some(c) = writer.input.next() {
        writer.piece(c)?;
    }
    match writer.outer.as_slice() {
        [] => Ok(Rewritten {
            text: writer.out,
            weight: writer.group.weight,
        }),
        _ => Err("a group is not closed with `)`".into()),
    }
}

/// What is left to read of a pattern.
pub(super) struct Input<'t> {
    pub(super) rest: &'t str,
}

impl Input<'_> {
    pub(super) fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }

    /// Takes this prefix, if it is there.
    pub(super) fn take(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

impl<'t> Input<'t> {
    /// Takes all up to this mark, and the mark.
    pub(super) fn take_until(&mut self, mark: &str) -> Option<&'t str> {
        let (before, after) = self.rest.split_once(mark)?;
        self.rest = after;
        Some(before)
    }
}

/// What `(?i)` and the like have set.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Flags {
    /// `i`: upper and lower case are alike.
    fold: bool,
    /// `m`: `^` and `$` match at every line.
    lines: bool,
    /// `s`: `.` matches the end of a line.
    newline: bool,
    /// `U`: repetitions take as little as they can.
    lazy: bool,
}

impl Flags {
    fn set(&mut self, letter: char, to: bool) -> bool {
        let flag = match letter {
            'i' => &mut self.fold,
            'm' => &mut self.lines,
            's' => &mut self.newline,
            'U' => &mut self.lazy,
            _ => return false,
        };
        *flag = to;
        true
    }
}

/// The group that is being read.
#[derive(Default)]
struct Group {
    /// The flags that hold again after it.
    outside: Flags,
    weight: usize,
    /// The most that repetitions inside each other amount to in it.
    repeats: usize,
    /// What a repetition that comes next would repeat.
    last: Option<Atom>,
}

/// What can be repeated.
struct Atom {
    weight: usize,
    repeats: usize,
    /// Whether it is a repetition itself.
    repeated: bool,
}

struct Writer<'t> {
    input: Input<'t>,
    out: String,
    flags: Flags,
    group: Group,
    outer: Vec<Group>,
}

impl<'t> Writer<'t> {
    fn new(pattern: &'t str) -> Self {
        Self {
            input: Input { rest: pattern },
            out: String::with_capacity(pattern.len()),
            flags: Flags::default(),
            group: Group::default(),
            outer: Vec::new(),
        }
    }

    /// Reads one piece that begins with this character.
    fn piece(&mut self, c: char) -> Result<(), Refusal> {
        match c {
            '(' => return self.open(),
            ')' => return self.close(),
            '*' => return self.repeat(0, None, "*"),
            '+' => return self.repeat(1, None, "+"),
            '?' => return self.repeat(0, Some(1), "?"),
            '{' => return self.counted(),
            '\\' => return self.escaped(),
            '[' => {
                let (class, weight) = class::bracketed(&mut self.input)?;
                self.folding(&class, weight);
            }
            '|' => {
                self.out.push('|');
                self.group.last = None;
            }
            '^' => self.atom(if self.flags.lines { "(?m:^)" } else { r"\A" }, 1),
            '$' => self.atom(if self.flags.lines { "(?m:$)" } else { r"\z" }, 1),
            '.' => self.atom(
                if self.flags.newline {
                    "(?s:.)"
                } else {
                    r"[^\n]"
                },
                1,
            ),
            c => self.character(c),
        }
        Ok(())
    }

    /// Writes what can be repeated.
    fn atom(&mut self, text: &str, weight: usize) {
        self.out.push_str("(?:");
        self.out.push_str(text);
        self.out.push(')');
        self.push(weight, 1);
    }

    /// Writes a class, in upper and lower case when they are alike.
    fn folding(&mut self, class: &str, weight: usize) {
        let class = if self.flags.fold {
            Cow::Owned(format!("(?i:{class})"))
        } else {
            Cow::Borrowed(class)
        };
        self.atom(&class, weight);
    }

    fn character(&mut self, c: char) {
        let text = class::character(c);
        if self.flags.fold {
            return self.folding(&text, 1);
        }
        self.out.push_str(&text);
        self.push(1, 1);
    }

    fn push(&mut self, weight: usize, repeats: usize) {
        self.group.weight = self.group.weight.saturating_add(weight);
        self.group.repeats = self.group.repeats.max(repeats);
        self.group.last = Some(Atom {
            weight,
            repeats,
            repeated: false,
        });
    }

    /// Reads what follows `(`.
    fn open(&mut self) -> Result<(), Refusal> {
        let outside = self.flags;
        if self.input.take("?") && !self.named()? && !self.switched()? {
            return Ok(());
        }
        self.out.push_str("(?:");
        let inner = Group {
            outside,
            ..Group::default()
        };
        self.outer.push(std::mem::replace(&mut self.group, inner));
        Ok(())
    }

    /// Reads the name of a group, if it has one.
    fn named(&mut self) -> Result<bool, Refusal> {
        if !self.input.take("P<") && !self.input.take("<") {
            return Ok(false);
        }
        let name = self.input.take_until(">").unwrap_or_default();
        let letter = |c: char| c == '_' || c.is_ascii_alphanumeric();
        if name.is_empty() || !name.chars().all(letter) {
            return Err(
                "the name of a group has letters, digits and `_`, between `<` and `>`".into(),
            );
        }
        Ok(true)
    }

    /// Reads flags, as in `(?i)` and `(?s-m:`; whether they open a group.
    fn switched(&mut self) -> Result<bool, Refusal> {
        let mut flags = self.flags;
        let (mut to, mut seen) = (true, true);
        while let Some(c) = self.input.next() {
            match c {
                ':' | ')' if seen => {
                    self.flags = flags;
                    return Ok(c == ':');
                }
                '-' if to => (to, seen) = (false, false),
                c if flags.set(c, to) => seen = true,
                _ => break,
            }
        }
        Err("after `(?` come the flags `i`, `m`, `s`, `U`, then `:` or `)`, or a name as in `(?P<name>`".into())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let outer = self.outer.pop();
        let outer = outer.ok_or("a `)` closes no group; a parenthesis itself is `\\)`")?;
        let inner = std::mem::replace(&mut self.group, outer);
        self.flags = inner.outside;
        self.out.push(')');
        self.push(inner.weight, inner.repeats);
        Ok(())
    }

    /// Reads what follows `{`, which is a character like any other where no count follows.
    fn counted(&mut self) -> Result<(), Refusal> {
        let Some((least, most, rest)) = count(self.input.rest) else {
            self.character('{');
            return Ok(());
        };
        self.input.rest = rest;
        let order = most.is_none_or(|most| least <= most);
        if least > MOST || most.is_some_and(|most| most > MOST) || !order {
            return Err("a repetition counts from 0 to 1000, the smaller number first".into());
        }
        let text = match most {
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least},}}"),
        };
        self.repeat(least, most, &text)
    }

    /// Repeats what was last written.
    fn repeat(&mut self, least: usize, most: Option<usize>, text: &str) -> Result<(), Refusal> {
        let lazy = self.input.take("?") != self.flags.lazy;
        let atom = self.group.last.as_mut();
        let atom = atom.ok_or_else(|| format!("nothing stands before `{text}` to be repeated"))?;
        if atom.repeated {
            return Err(format!(
                "`{text}` repeats a repetition; put that into a group"
            ));
        }
        let times = most.unwrap_or(least.max(1));
        let weight = atom.weight.saturating_mul(times);
        atom.repeated = true;
        atom.repeats = atom.repeats.saturating_mul(times);
        if atom.repeats > MOST {
            return Err("repetitions inside each other amount to more than 1000".into());
        }
        self.group.repeats = self.group.repeats.max(atom.repeats);
        let before = self.group.weight.saturating_sub(atom.weight);
        self.group.weight = before.saturating_add(weight);
        self.out.push_str(text);
        if lazy {
            self.out.push('?');
        }
        Ok(())
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Result<(), Refusal> {
        if let Some((class, weight)) = class::escaped(&mut self.input)? {
            self.folding(&class, weight);
            return Ok(());
        }
        let place = PLACES.iter().find(|(letter, _)| self.input.take(letter));
        match place {
            Some((_, place)) => self.atom(place, 1),
            None if self.input.take("Q") => self.quoted(),
            None => {
                let c = class::escape(&mut self.input)?;
                self.character(c);
            }
        }
        Ok(())
    }

    /// Reads what stands for itself up to `\E`.
    fn quoted(&mut self) {
        let all = self.input.rest;
        let quoted = self.input.take_until(r"\E").unwrap_or_else(|| {
            self.input.rest = "";
            all
        });
        quoted.chars().for_each(|c| self.character(c));
    }
}

/// Reads what follows `{` when it is a count: the least, the most, and what follows `}`.
fn count(text: &str) -> Option<(usize, Option<usize>, &str)> {
    let (least, rest) = number(text)?;
    let (most, rest) = match rest.strip_prefix(',') {
        None => (Some(least), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => number(rest).map(|(most, rest)| (Some(most), rest))?,
    };
    Some((least, most, rest.strip_prefix('}')?))
}

/// Reads a number; one with a zero in front is none, and one that is too large is larger than all.
fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let plain = !digits.is_empty() && (digits == "0" || !digits.starts_with('0'));
    plain.then(|| (digits.parse().unwrap_or(usize::MAX), rest))
}
