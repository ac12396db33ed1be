//! A keyed digest, SipHash-2-4: who does not have the key cannot tell which text one is of, and so
//! cannot try the words of a dictionary.

/// What names are hashed with: made of a salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64, u64);

/// Halves of keys that are not secret: they make two numbers of one salt.
const HALVES: [Key; 2] = [Key(0, 1), Key(2, 3)];

/// What the state begins with, and how far its words are turned in a round.
const BEGINNING: [u64; 4] = [
    0x736f_6d65_7073_6575,
    0x646f_7261_6e64_6f6d,
    0x6c79_6765_6e65_7261,
    0x7465_6462_7974_6573,
];

impl Key {
    pub(super) fn of(salt: &str) -> Self {
        let [one, other] = HALVES.map(|half| half.digest(salt.as_bytes()));
        Self(one, other)
    }

    pub(super) fn digest(self, text: &[u8]) -> u64 {
        let [a, b, c, d] = BEGINNING;
        let mut state = [a ^ self.0, b ^ self.1, c ^ self.0, d ^ self.1];
        let (chunks, rest) = text.as_chunks::<8>();
        for chunk in chunks {
            take(&mut state, u64::from_le_bytes(*chunk));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest.iter().copied()) {
            *to = from;
        }
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        take(&mut state, u64::from_le_bytes(last) | (length << 56));
        state[2] ^= 0xff;
        (0..4).for_each(|_| round(&mut state));
        state.into_iter().fold(0, |all, word| all ^ word)
    }
}

fn take(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    (0..2).for_each(|_| round(state));
    state[0] ^= word;
}

fn round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
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
