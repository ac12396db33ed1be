//! Text in base64, as Secrets and scripts carry it.

/// The fewest characters that are worth a look.
const SHORTEST: usize = 40;

/// The texts that stand in base64 in `text`: as a whole, wrapped in lines, or as one of its words.
pub(super) fn decoded(text: &str) -> Vec<String> {
    let packed: String = text.split_whitespace().collect();
    let packed = packed.trim_end_matches('=');
    if packed.len() >= SHORTEST && packed.chars().all(is_digit) {
        return decode(packed).into_iter().collect();
    }
    let words = text
        .split(|c| !is_digit(c))
        .filter(|word| word.len() >= SHORTEST);
    words.filter_map(decode).collect()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/-_".contains(c)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for c in text.bytes() {
        let six = match c {
            b'A'..=b'Z' => c.wrapping_sub(b'A'),
            b'a'..=b'z' => c.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => c.wrapping_sub(b'0').wrapping_add(52),
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            bytes.extend(u8::try_from(bits >> held & 0xff));
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_base64_is_found_whole_wrapped_and_among_words() {
        let packed = "YXBpVmVyc2lvbjogY2hhb3MtbWVzaC5vcmcvdjFhbHBoYTEK";
        let plain = "apiVersion: chaos-mesh.org/v1alpha1\n";
        let (one, two) = packed.split_at(20);
        for text in [
            packed.to_owned(),
            format!("{one}\n  {two}\n"),
            format!("echo {packed} | base64 -d | kubectl apply -f -"),
        ] {
            assert_eq!(decoded(&text), [plain], "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_left_alone() {
        assert!(decoded(&"_".repeat(50)).is_empty());
        assert!(decoded("make build").is_empty());
    }
}
