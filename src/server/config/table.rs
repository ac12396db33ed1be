//! The table of settings. Flags, variables, the file, its documentation and the help are read from it.

/// What a setting accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// An address and a port.
    Address,
    /// A text.
    Text,
    /// The path of a file.
    Path,
    /// Texts: a list in the file, with commas elsewhere.
    Texts,
    /// A span of time as Go writes it.
    Span,
    /// One of so many seconds at least.
    AtLeast(u64),
    /// One of these words.
    Word(&'static [&'static str]),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in the file; a dot leads into a section.
    pub key: &'static str,
    /// What it accepts.
    pub accepts: Accepts,
    /// Its value where it is not set, with commas where it is a list; none where it is empty.
    pub default: &'static str,
    /// What it means, a sentence.
    pub says: &'static str,
}

impl Setting {
    /// Its flag, without the dashes in front.
    #[must_use]
    pub fn flag(&self) -> String {
        self.spelled('-')
    }

    /// Its environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("FIREBREAK_{}", self.spelled('_').to_uppercase())
    }

    /// The key with its words apart.
    fn spelled(&self, between: char) -> String {
        let mut spelled = String::new();
        for letter in self.key.chars() {
            match letter {
                '.' => spelled.push(between),
                'A'..='Z' => spelled.extend([between, letter.to_ascii_lowercase()]),
                _ => spelled.push(letter),
            }
        }
        spelled
    }
}

impl Accepts {
    /// What is accepted, in words.
    #[must_use]
    pub fn words(self) -> String {
        const SPAN: &str = "a duration, such as 20s or 2m";
        match self {
            Self::Address => "an address and a port, such as 0.0.0.0:9443".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Path => "the path of a file".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Span => SPAN.to_owned(),
            Self::AtLeast(seconds) => format!("{SPAN}; {seconds}s or more"),
            Self::Word(words) => words.join(" or "),
        }
    }
}

const fn setting(
    key: &'static str,
    accepts: Accepts,
    default: &'static str,
    says: &'static str,
) -> Setting {
    Setting {
        key,
        accepts,
        default,
        says,
    }
}

/// Watches that would have to be heard of more often could not be kept up.
const SHORTEST_STALENESS: u64 = 10;

/// Every setting, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    setting(
        "listen",
        Accepts::Address,
        "0.0.0.0:9443",
        "Where the webhook listens, over TLS.",
    ),
    setting(
        "ops",
        Accepts::Address,
        "0.0.0.0:9080",
        "Where the probes and the metrics listen, without TLS.",
    ),
    setting(
        "namespace",
        Accepts::Text,
        "firebreak",
        "The namespace in which it runs; its Secret and its Lease are there.",
    ),
    setting(
        "kubeconfig",
        Accepts::Path,
        "",
        "The kubeconfig with which the API server is reached; without it, the account of the pod.",
    ),
    setting(
        "context",
        Accepts::Text,
        "",
        "The context of the kubeconfig; without it, its current one.",
    ),
    setting(
        "certificates.mode",
        Accepts::Word(&["SelfSigned", "Files"]),
        "SelfSigned",
        "Where the certificate comes from: made and renewed here, or files that somebody else keeps, such as cert-manager.",
    ),
    setting(
        "certificates.secret",
        Accepts::Text,
        "firebreak-tls",
        "SelfSigned: the Secret in which the authority and the certificate are kept.",
    ),
    setting(
        "certificates.service",
        Accepts::Text,
        "firebreak",
        "SelfSigned: the Service by whose name the API server calls.",
    ),
    setting(
        "certificates.webhooks",
        Accepts::Texts,
        "firebreak",
        "SelfSigned: the webhook configurations, validating and mutating, whose caBundle is kept.",
    ),
    setting(
        "certificates.certificate",
        Accepts::Path,
        "",
        "Files: the certificate and those that vouch for it, PEM. It is read again when it changes.",
    ),
    setting(
        "certificates.key",
        Accepts::Path,
        "",
        "Files: the key of the certificate, PEM. It is read again when it changes.",
    ),
    setting(
        "clientAuthority",
        Accepts::Path,
        "",
        "Whoever calls needs a certificate of one of these authorities, PEM; without it, anybody is answered.",
    ),
    setting(
        "clientNames",
        Accepts::Texts,
        "",
        "With clientAuthority: the names of which the caller's certificate needs one; without them, any name.",
    ),
    setting(
        "staleness",
        Accepts::AtLeast(SHORTEST_STALENESS),
        "2m",
        "For how long the cluster may have been out of sight until everything is denied.",
    ),
    setting(
        "drain.delay",
        Accepts::Span,
        "5s",
        "For how long new connections are accepted after the signal to end.",
    ),
    setting(
        "drain.timeout",
        Accepts::Span,
        "20s",
        "For how long answers that are under way are waited for after that.",
    ),
    setting(
        "log.level",
        Accepts::Word(&["error", "warn", "info", "debug", "trace"]),
        "info",
        "The least that is logged.",
    ),
    setting(
        "log.format",
        Accepts::Word(&["Json", "Text"]),
        "Json",
        "How it is logged: for machines or for people.",
    ),
    setting(
        "accounts.tools",
        Accepts::Texts,
        "",
        "Accounts of chaos tools' controllers beside those that are known, by their full names.",
    ),
    setting(
        "accounts.operators",
        Accepts::Texts,
        "",
        "Names of service accounts of database operators beside those that are known.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_spelled_as_a_flag_and_as_a_variable() {
        let named = |key: &str| SETTINGS.iter().find(|it| it.key == key).unwrap();
        assert_eq!(named("clientAuthority").flag(), "client-authority");
        assert_eq!(named("certificates.mode").flag(), "certificates-mode");
        let variable = named("certificates.mode").variable();
        assert_eq!(variable, "FIREBREAK_CERTIFICATES_MODE");
    }

    #[test]
    fn no_variable_is_one_that_kubernetes_sets_for_a_service() {
        let services = [
            "FIREBREAK_SERVICE_HOST",
            "FIREBREAK_SERVICE_PORT",
            "FIREBREAK_PORT",
        ];
        for setting in SETTINGS {
            let variable = setting.variable();
            assert!(!services.iter().any(|name| variable.starts_with(name)));
        }
    }

    #[test]
    fn every_setting_says_what_it_means() {
        for setting in SETTINGS {
            assert!(setting.says.ends_with('.'), "{}", setting.key);
        }
    }
}
