//! Each format takes what Kubernetes takes, and refuses the rest in its words.

use super::*;

fn wrong_with(name: &str, text: &str) -> Vec<String> {
    let format = FORMATS.iter().find(|format| format.name == name).unwrap();
    (format.validate)(text)
}

/// Texts that each format takes.
const TAKEN: &[(&str, &[&str])] = &[
    ("dns1123Label", &["a", "my-name", "123-abc"]),
    ("dns1123Subdomain", &["a", "a.b", "1.2.3.4"]),
    ("dns1035Label", &["a", "my-label", "a1"]),
    ("qualifiedName", &["A_b.c", "example.com/name", "1"]),
    ("dns1123LabelPrefix", &["a-", "1-", "aB-", "--"]),
    ("dns1123SubdomainPrefix", &["a.b-", "mysubdomain.prefix.-"]),
    ("dns1035LabelPrefix", &["a-", "abc"]),
    ("labelValue", &["", "A_b.c", "1"]),
    (
        "uri",
        &[
            "*",
            "/",
            "/a b",
            "mailto:a b",
            "http://a:b@c:80/d?e%zz#f",
            "http://a:1:2/",
            "x://[::1%25en0]:8/",
            "http:///x",
        ],
    ),
    (
        "uuid",
        &[
            "123e4567-e89b-12d3-a456-426614174000",
            "123E4567e89b12d3a456-426614174000",
        ],
    ),
    ("byte", &["aGVsbG8=", "QQ==", "abcd", "+/+/"]),
    ("date", &["2024-02-29", "0000-01-01", "9999-12-31"]),
    (
        "datetime",
        &[
            "2021-01-01T00:00:00Z",
            "2021-01-01t23:59:59.5+99:99",
            "2021-01-01T00:00:00x1z",
            "2021-01-01T00:00:00Ztail",
        ],
    ),
];

#[test]
fn each_format_takes_its_own_texts() {
    for (name, texts) in TAKEN {
        for text in *texts {
            assert_eq!(
                wrong_with(name, text),
                Vec::<String>::new(),
                "{name} {text:?}"
            );
        }
    }
}

/// Texts that each format refuses.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "dns1123Label",
        &["", "-a", "a-", "A", "a_b", "a.b", "é", "a\n"],
    ),
    ("dns1123Subdomain", &["", "a..b", ".a", "a.", "a-.b", "a/b"]),
    ("dns1035Label", &["", "1a", "a-", "a.b"]),
    (
        "qualifiedName",
        &["", "/", "a/", "/a", "a/b/c", "A/b", "-a", "a-"],
    ),
    ("dns1123LabelPrefix", &["", "-", "é-", "a.b"]),
    ("dns1123SubdomainPrefix", &["", "-", ".-a"]),
    ("dns1035LabelPrefix", &["", "-", "a.b"]),
    ("labelValue", &["-", "a-", "a/b"]),
    (
        "uri",
        &[
            "",
            "a",
            "example.com",
            "1a:b",
            ":b",
            "?",
            "http://a b/",
            "http://%41/",
            "http://[1.2.3.4]/",
            "http://h/%1",
        ],
    ),
    (
        "uuid",
        &[
            "",
            "123e4567-e89b-12d3-a456-42661417400",
            "123e4567-e89b-12d3-a456-4266141740000",
            "123e4567-e89b-12d3-a456-426614174000-",
            "g23e4567-e89b-12d3-a456-426614174000",
        ],
    ),
    (
        "byte",
        &["", "a", "ab=", "abc", "====", "a===", "ab-_", "abcd\n"],
    ),
    (
        "date",
        &[
            "",
            "2023-02-29",
            "2021-13-01",
            "2021-1-01",
            "21-01-01",
            "-001-01-01",
            "2021-01-01 ",
            "٢٠21-01-01",
        ],
    ),
    (
        "datetime",
        &[
            "",
            "2021-01-01",
            "2021-01-01T24:00:00Z",
            "2021-01-01T00:00:60Z",
            "2021-01-01T00:00:00",
            "2021-01-01 00:00:00Z",
            "2021-01-01T00:00:00.Z",
            "2021-01-01T00:00:00+1:00",
            "2023-02-29T00:00:00Z",
        ],
    ),
];

#[test]
fn each_format_refuses_other_texts() {
    for (name, texts) in REFUSED {
        for text in *texts {
            assert_ne!(
                wrong_with(name, text),
                Vec::<String>::new(),
                "{name} {text:?}"
            );
        }
    }
}

#[test]
fn a_name_has_a_greatest_length() {
    for (name, most) in [
        ("dns1123Label", 63),
        ("dns1123Subdomain", 253),
        ("dns1035Label", 63),
        ("qualifiedName", 63),
        ("labelValue", 63),
    ] {
        assert_eq!(
            wrong_with(name, &"x".repeat(most)),
            Vec::<String>::new(),
            "{name}"
        );
        let wrong = wrong_with(name, &"x".repeat(most + 1));
        let says = format!("must be no more than {most} characters");
        assert!(
            wrong.len() == 1 && wrong[0].ends_with(&says),
            "{name}: {wrong:?}"
        );
    }
    assert!(wrong_with("qualifiedName", &format!("a.b/{}", "x".repeat(63))).is_empty());
}

#[test]
fn names_are_refused_in_the_words_of_kubernetes() {
    let label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                 and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
                 '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    let name = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
                character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let long = "must be no more than 63 characters";
    assert_eq!(wrong_with("dns1123Label", "-bad-"), [label]);
    assert_eq!(wrong_with("dns1123Label", "a.b"), ["must not contain dots"]);
    assert_eq!(
        wrong_with("dns1123Label", &format!("{}-", "x".repeat(63))),
        [long, label]
    );
    assert_eq!(
        wrong_with("qualifiedName", "-"),
        [format!("name part {name}")]
    );
    assert_eq!(
        wrong_with("qualifiedName", "/"),
        [
            "prefix part must be non-empty".to_owned(),
            "name part must be non-empty".to_owned(),
            format!("name part {name}")
        ]
    );
    assert_eq!(
        wrong_with("qualifiedName", "a/b/c"),
        [format!(
            "a qualified name {name} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )]
    );
}

#[test]
fn uris_are_refused_in_the_words_of_go() {
    for (text, why) in [
        ("", r#"parse "": empty url"#),
        ("é\"\\", r#"parse "é\"\\": invalid URI for request"#),
        (":b", r#"parse ":b": missing protocol scheme"#),
        (
            "http://a/\u{1}\u{7f}",
            r#"parse "http://a/\x01\x7f": net/url: invalid control character in URL"#,
        ),
        (
            "http://a b/",
            r#"parse "http://a b/": invalid character " " in host name"#,
        ),
        (
            "http://a b@c/",
            r#"parse "http://a b@c/": net/url: invalid userinfo"#,
        ),
        (
            "http://a:b",
            r#"parse "http://a:b": invalid port ":b" after host"#,
        ),
        (
            "http://a/%4",
            r#"parse "http://a/%4": invalid URL escape "%4""#,
        ),
        (
            "http://a/%4é",
            r#"parse "http://a/%4é": invalid URL escape "%4\xc3""#,
        ),
        ("x\u{200b}", r#"parse "x\u200b": invalid URI for request"#),
        (
            "x\u{e0001}",
            r#"parse "x\U000e0001": invalid URI for request"#,
        ),
        ("http://a[b", r#"parse "http://a[b": invalid IP-literal"#),
        ("http://[::1", r#"parse "http://[::1": missing ']' in host"#),
        (
            "http://[::1%25]",
            r#"parse "http://[::1%25]": invalid host: ParseAddr("::1%"): zone must be a non-empty string"#,
        ),
        (
            "http://[x]",
            r#"parse "http://[x]": invalid host: ParseAddr("x"): unable to parse IP"#,
        ),
    ] {
        assert_eq!(wrong_with("uri", text), [why]);
    }
}

#[test]
fn a_text_is_paid_for_before_it_is_looked_at() {
    let format = constant(&[], "uri").unwrap();
    let given = [format, Value::text("x".repeat(10_000))];
    let answer = validate(&given, &mut Budget::new(1_000));
    assert_eq!(answer.unwrap_err(), Failure::Exhausted);
}
