//! Text in base64, as Secrets and scripts carry it.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};

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

/// The text that stands in base64 in a word, in either alphabet and with or without its padding.
fn decode(word: &str) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let standard = word.replace('-', "+").replace('_', "/");
    // A character that is left over says nothing by itself.
    let whole = standard.len() - usize::from(standard.len() % 4 == 1);
    let bytes = LENIENT.decode(standard.get(..whole)?).ok()?;
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
