//! Releases of servers and operators, as tags of images and fields of objects tell them.

/// The leading numbers of a release, such as 8.4.7 of `8.4.7-7.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release(pub(super) u32, pub(super) u32, pub(super) u32);

impl Release {
    /// Reads `1.19.0`, `8.4.7-7.1`, `v1.18` or `18`; `None` where no number leads.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let mut numbers = text[..end].split('.').map(str::parse::<u32>);
        let first = numbers.next()?.ok()?;
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self(first, next(), next()))
    }

    /// The release that the tag of an image tells; `None` where it has a digest, or a tag that is no
    /// release.
    pub(super) fn of_image(image: &str) -> Option<Self> {
        if image.contains('@') {
            return None;
        }
        let name = image.rsplit('/').next()?;
        let (_, tag) = name.split_once(':')?;
        tag.contains('.').then(|| Self::read(tag)).flatten()
    }

    /// The first two numbers, as defaults name a release.
    pub(super) fn series(self) -> String {
        format!("{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_a_release_and_a_digest_does_not() {
        let cases = [
            (
                "percona/percona-xtradb-cluster:8.4.7-7.1",
                Some(Release(8, 4, 7)),
            ),
            ("registry:5000/pxc:8.0.42", Some(Release(8, 0, 42))),
            ("registry:5000/pxc", None),
            ("pxc@sha256:8.4", None),
            ("pxc:latest", None),
            ("pxc:8", None),
        ];
        for (image, expected) in cases {
            assert_eq!(Release::of_image(image), expected, "{image}");
        }
        assert_eq!(Release::read("1.19.0"), Some(Release(1, 19, 0)));
        assert_eq!(Release::read("99999999999"), None);
        assert!(Release(1, 18, 0) > Release(1, 17, 9));
    }
}
