//! A word of a name, hashed: as long as it was, of the same kind of characters, and the word of no
//! other. So nothing that was within a limit gets beyond it, a label stays a label, and two names are
//! equal, or one begins with words of the other, exactly where they did before.

use super::digest::Key;
use super::vocabulary::{is_known, known_within};

/// Which characters take each other's place, in their order.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const ALL: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";

/// Words up to this length take each other's place; that two longer ones get the same is out of the
/// question.
const SHORT: usize = 20;
/// How often the halves of a short word are mixed.
const ROUNDS: u8 = 10;
/// More digits than this behind letters are no number.
const NUMBER: usize = 8;
/// The digits of an account of AWS, which are no number either.
const ACCOUNT: usize = 12;

/// What letters behind a number say: how much or how long it is.
const UNITS: &[&str] = &[
    "b", "bps", "d", "e", "g", "gb", "gbit", "gbps", "gi", "gib", "h", "k", "kb", "kbit", "kbps",
    "ki", "kib", "m", "mb", "mbit", "mbps", "mi", "mib", "min", "ms", "n", "ns", "p", "pi", "s",
    "t", "tb", "ti", "tib", "u", "us", "w", "y", "z",
];

/// Hashes one word, a run of letters and digits.
pub(super) fn hash(key: Key, word: &str) -> String {
    if !word.is_ascii() {
        return foreign(key, word);
    }
    if is_known(word) {
        return word.to_owned();
    }
    if let Some((before, known, after)) = known_within(word) {
        return format!("{}{known}{}", hash(key, before), hash(key, after));
    }
    if is_number(word) {
        return number(key, word);
    }
    let letters = word.trim_end_matches(|it: char| it.is_ascii_digit());
    let digits = word.get(letters.len()..).unwrap_or_default();
    if letters.bytes().all(|it| it.is_ascii_alphabetic()) && digits.len() <= NUMBER {
        return format!("{}{digits}", of_letters(key, letters));
    }
    if is_amount(word) {
        return word.to_owned();
    }
    mixed(key, word)
}

/// A number says how many or which one; that of an account says whose.
fn number(key: Key, word: &str) -> String {
    if word.len() == ACCOUNT {
        return shuffled(key, word, DIGITS, |_| true);
    }
    word.to_owned()
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|it| it.is_ascii_digit())
}

/// Whether a word is a number of something, such as `1h30m`, or of a time, such as `01T00`.
fn is_amount(word: &str) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|it: char| it.is_ascii_digit());
        let end = unit.find(|it: char| it.is_ascii_digit());
        let (letters, next) = unit.split_at(end.unwrap_or(unit.len()));
        let known = letters.is_empty() || UNITS.contains(&letters.to_lowercase().as_str());
        if unit.len() == rest.len() || !known {
            return false;
        }
        rest = next;
    }
    true
}

/// Letters keep their case. One alone says nothing.
fn of_letters(key: Key, word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if word.len() < 2 || is_known(&lower) {
        return word.to_owned();
    }
    let strange = |it: &str| !is_known(it) && known_within(it).is_none();
    let hashed = shuffled(key, &lower, LETTERS, strange);
    let cased = hashed.chars().zip(word.chars());
    let cased = cased.map(|(new, old)| {
        if old.is_ascii_uppercase() {
            new.to_ascii_uppercase()
        } else {
            new
        }
    });
    cased.collect()
}

/// Letters and digits in disorder: what a program drew. It begins as it did, and is as disordered.
fn mixed(key: Key, word: &str) -> String {
    let upper = |it: &str| it.bytes().any(|it| it.is_ascii_uppercase());
    let first = |it: &str| it.starts_with(|it: char| it.is_ascii_alphabetic());
    let alphabet = if upper(word) { ALL } else { LOWER };
    shuffled(key, word, alphabet, |it| {
        upper(it) == upper(word) && first(it) == first(word) && is_mixed(it)
    })
}

fn is_mixed(word: &str) -> bool {
    let letters = word.trim_end_matches(|it: char| it.is_ascii_digit());
    let ordered = letters.bytes().all(|it| it.is_ascii_alphabetic());
    let ordered = ordered && word.len().saturating_sub(letters.len()) <= NUMBER;
    !ordered && !is_amount(word) && !is_known(word) && known_within(word).is_none()
}

/// The word that takes the place of another of which the same is true. What takes each other's place
/// goes round in a circle, so that the search ends with the word itself at the latest.
fn shuffled(key: Key, word: &str, alphabet: &[u8], fits: impl Fn(&str) -> bool) -> String {
    let mut turn: u64 = 0;
    let mut now = word.to_owned();
    loop {
        now = if word.len() <= SHORT {
            placed(key, &now, alphabet)
        } else {
            drawn(key, word, alphabet, turn)
        };
        if fits(&now) {
            return now;
        }
        turn = turn.saturating_add(1);
    }
}

/// Of all words of these characters and this length, the one in whose place another is put: the
/// halves of a word are mixed in turn, each by the other, which can be undone and so loses nothing.
fn placed(key: Key, word: &str, alphabet: &[u8]) -> String {
    let middle = word.len() / 2;
    let (left, right) = word.split_at_checked(middle).unwrap_or((word, ""));
    let (mut left, mut right) = (left.to_owned(), right.to_owned());
    for round in 0..ROUNDS {
        left = moved(&left, alphabet, seed(key, &[round, size(word)], &right));
        (left, right) = (right, left);
    }
    left + &right
}

/// A word moved along all words of its length by `by`.
fn moved(word: &str, alphabet: &[u8], by: u64) -> String {
    let base = u64::try_from(alphabet.len()).unwrap_or(1).max(1);
    let mut by = by;
    let mut moved: Vec<char> = Vec::new();
    for character in word.bytes().rev() {
        let at = alphabet.iter().position(|it| *it == character);
        let at = u64::try_from(at.unwrap_or_default()).unwrap_or_default();
        let sum = (by % base).saturating_add(at);
        by = (by / base).saturating_add(sum / base);
        moved.push(letter(alphabet, sum));
    }
    moved.iter().rev().collect()
}

/// A long word, drawn letter by letter.
fn drawn(key: Key, word: &str, alphabet: &[u8], turn: u64) -> String {
    let draw = |at: usize| {
        let at = u64::try_from(at).unwrap_or(u64::MAX).to_le_bytes();
        letter(
            alphabet,
            seed(key, &[at, turn.to_le_bytes()].concat(), word),
        )
    };
    (0..word.len()).map(draw).collect()
}

/// Writing that is not ours: letters that are.
fn foreign(key: Key, word: &str) -> String {
    drawn(key, word, LETTERS, 0)
}

fn letter(alphabet: &[u8], at: u64) -> char {
    let length = alphabet.len().max(1);
    let at = usize::try_from(at % u64::try_from(length).unwrap_or(1));
    alphabet
        .get(at.unwrap_or_default())
        .map_or('x', |it| char::from(*it))
}

fn seed(key: Key, head: &[u8], word: &str) -> u64 {
    key.digest(&[head, word.as_bytes()].concat())
}

fn size(word: &str) -> u8 {
    u8::try_from(word.len()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn hashed(word: &str) -> String {
        hash(Key::of("salt"), word)
    }

    #[test]
    fn short_words_take_each_others_place() {
        let pairs = LETTERS
            .iter()
            .flat_map(|a| LETTERS.iter().map(|b| [*a, *b]));
        let words: BTreeSet<String> = pairs
            .map(|it| String::from_utf8(it.to_vec()).unwrap())
            .collect();
        let hashes: BTreeSet<String> = words.iter().map(|it| hashed(it)).collect();
        assert_eq!(hashes, words);
        let changed = words.iter().filter(|it| hashed(it) != **it).count();
        assert!(changed > 400, "only {changed}");
    }

    #[test]
    fn a_word_keeps_its_length_its_case_and_its_number() {
        let billing = hashed("billing");
        assert!(billing != "billing" && billing.len() == 7, "{billing}");
        assert_eq!(hashed("BILLING"), billing.to_uppercase());
        assert_eq!(hashed("billing2"), format!("{billing}2"));
        let drawn = hashed("x7d9f8b6c5q");
        assert!(drawn.len() == 11 && drawn != "x7d9f8b6c5q", "{drawn}");
        assert!(drawn.starts_with(|it: char| it.is_ascii_lowercase()));
        let long = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        assert_eq!(hashed(long).len(), long.len());
        assert_ne!(hashed(long), hashed(&long.replace("xyz", "xyy")));
    }

    #[test]
    fn what_a_program_understands_stays() {
        for word in [
            "mysql", "MySQL", "mysql8", "3", "20240101", "1h30m", "10Gi", "01T00", "00Z", "x", "v1",
        ] {
            assert_eq!(hashed(word), word);
        }
        assert!(hashed("mysentinel").ends_with("sentinel"));
        assert_ne!(hashed("123456789012"), "123456789012");
        assert_ne!(hashed("zahlung\u{e9}"), "zahlung\u{e9}");
    }

    #[test]
    fn disordered_words_stay_apart() {
        let words: BTreeSet<String> = (0..2000).map(|it| format!("a{it}b")).collect();
        let hashes: BTreeSet<String> = words.iter().map(|it| hashed(it)).collect();
        assert_eq!(words.len(), hashes.len());
    }
}
