//! Escapes in URLs, `%20` and the like.

use std::fmt::Write as _;

/// The characters, next to letters and digits, that a part of a URL may hold.
pub(super) struct Part {
    /// Those that are kept where they are written.
    written: &'static str,
    /// Those that are not escaped where any other has to be.
    kept: &'static str,
}

pub(super) const PATH: Part = Part {
    written: "-_.~$&+,/:;=@!'()*[]",
    kept: "-_.~$&+,/:;=@",
};

pub(super) const FRAGMENT: Part = Part {
    written: "-_.~$&+,/:;=@!'()*[]?",
    kept: "-_.~$&+,/:;=@!()*?",
};

/// The characters, next to letters and digits, that a host may hold.
const HOST: &str = "-_.~!$&'()*+,;=:[]<>\"";

/// Takes the escapes away; `None` where one is broken.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            byte => byte,
        });
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

impl Part {
    /// A part as it is written where it is well written, escaped anew where it is not; `None` where
    /// an escape is broken.
    pub(super) fn escaped(&self, text: &str) -> Option<String> {
        let bytes = decode(text)?;
        let well = |c: char| c == '%' || holds(self.written, c);
        if text.chars().all(well) {
            return Some(text.to_owned());
        }
        let mut escaped = String::with_capacity(text.len());
        for byte in bytes {
            match char::from(byte) {
                c if holds(self.kept, c) => escaped.push(c),
                // Writing to a text cannot fail.
                _ => write!(escaped, "%{byte:02X}").ok()?,
            }
        }
        Some(escaped)
    }
}

fn holds(marks: &str, c: char) -> bool {
    c.is_ascii_alphanumeric() || marks.contains(c)
}

/// The bytes of a host. Only what is not ASCII may be escaped there, and the percent sign.
pub(super) fn host(text: &str) -> Option<Vec<u8>> {
    let own = |c: char| !c.is_ascii() || c == '%' || holds(HOST, c);
    let bytes = decode(text).filter(|_| text.chars().all(own))?;
    let ascii = |escape: &str| escape < "8" && !escape.starts_with("25");
    let hidden = text.split('%').skip(1).any(ascii);
    (!hidden).then_some(bytes)
}

/// The bytes of a zone, which begins with `%25`. What a host may hold may be escaped, and a space.
pub(super) fn zone(text: &str) -> Option<Vec<u8>> {
    let own = |c: char| !c.is_ascii() || c == '%' || holds(HOST, c);
    let bytes = decode(text).filter(|_| text.chars().all(own))?;
    let escapes = text.split('%').skip(1);
    let may = |escape: &str| {
        let byte = decode(&format!("%{}", escape.get(..2)?))?;
        let c = char::from(*byte.first()?);
        Some(c == '%' || c == ' ' || c.is_ascii() && holds(HOST, c))
    };
    let mut well = escapes.map(|escape| may(escape).unwrap_or(false));
    well.all(|well| well).then_some(bytes)
}
