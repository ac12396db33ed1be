//! A keyed digest, SipHash-2-4: who does not have the key cannot tell which text one is of, and so
//! cannot try the words of a dictionary.

use siphasher::sip::SipHasher24;

/// What names are hashed with: made of a salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64, u64);

/// Halves of keys that are not secret: they make two numbers of one salt.
const HALVES: [Key; 2] = [Key(0, 1), Key(2, 3)];

impl Key {
    pub(super) fn of(salt: &str) -> Self {
        let [one, other] = HALVES.map(|half| half.digest(salt.as_bytes()));
        Self(one, other)
    }

    pub(super) fn digest(self, text: &[u8]) -> u64 {
        SipHasher24::new_with_keys(self.0, self.1).hash(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_that_the_authors_of_siphash_published() {
        let key = Key(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let text: Vec<u8> = (0..15).collect();
        assert_eq!(key.digest(&text), 0xa129_ca61_49be_45e5);
        assert_eq!(key.digest(&[]), 0x726f_db47_dd0e_0e31);
    }

    #[test]
    fn another_salt_is_another_key() {
        assert_ne!(Key::of("a"), Key::of("b"));
        assert_eq!(Key::of("a"), Key::of("a"));
    }
}
