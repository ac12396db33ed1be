//! Forms of expressions that are no calls of functions: what the documentation says of them.

/// A form of expression that is no call of a function.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// How it is written.
    pub forms: &'static [&'static str],
    /// What it gives, a sentence.
    pub says: &'static str,
    /// Expressions and what they give, in JSON.
    pub examples: &'static [(&'static str, &'static str)],
}

/// Macros and the operators that decide what of their operands is evaluated.
pub const FORMS: &[Form] = &[
    Form {
        forms: &["has(a.b)"],
        says: "Whether a field is there. What it is a field of must be there, or null.",
        examples: &[("has({'a': 1}.a)", "true"), ("has({'a': 1}.b)", "false")],
    },
    Form {
        forms: &["a && b"],
        says: "Whether both hold. One that does not hides an error of the other.",
        examples: &[("true && false", "false"), ("1 / 0 == 1 && false", "false")],
    },
    Form {
        forms: &["a || b"],
        says: "Whether one holds. One that does hides an error of the other.",
        examples: &[("true || false", "true"), ("1 / 0 == 1 || true", "true")],
    },
    Form {
        forms: &["a ? b : c"],
        says: "One or the other; the other is not evaluated. Both are of one type.",
        examples: &[("2 > 1 ? 'more' : 'less'", "\"more\"")],
    },
    Form {
        forms: &["a.?b"],
        says: "A field that may not be there, as an optional.",
        examples: &[
            ("{'a': 1}.?b.hasValue()", "false"),
            ("{'a': 1}.?a.orValue(0)", "1"),
        ],
    },
    Form {
        forms: &["a[?b]"],
        says: "What a key or place may hold, as an optional.",
        examples: &[
            ("{'a-b': 1}[?'a-b'].orValue(0)", "1"),
            ("[1, 2][?5].orValue(0)", "0"),
        ],
    },
    Form {
        forms: &["[?a]", "{?k: a}"],
        says: "A value of a list or map that is left out where the optional is empty.",
        examples: &[
            ("[1, ?optional.none()]", "[1]"),
            ("{?'k': optional.of(1)}", "{\"k\": 1}"),
        ],
    },
    Form {
        forms: &[
            "list.all(x, condition)",
            "map.all(k, condition)",
            "list.all(i, x, condition)",
            "map.all(k, v, condition)",
        ],
        says: "Whether a condition holds for all values of a list, or all keys of a map; with two names, for all places and values or keys and values.",
        examples: &[
            ("[1, 2].all(x, x > 0)", "true"),
            ("{'a': 1}.all(k, v, v > 1)", "false"),
        ],
    },
    Form {
        forms: &["list.exists(x, condition)", "map.exists(k, v, condition)"],
        says: "Whether a condition holds for one value or more.",
        examples: &[
            ("[1, 2].exists(x, x > 1)", "true"),
            ("{'a': 1}.exists(k, v, v > 1)", "false"),
        ],
    },
    Form {
        forms: &[
            "list.exists_one(x, condition)",
            "map.existsOne(k, v, condition)",
        ],
        says: "Whether a condition holds for exactly one value. Both spellings take one name or two.",
        examples: &[
            ("[1, 2, 2].exists_one(x, x == 1)", "true"),
            ("[1, 2, 2].existsOne(i, x, x == 2)", "false"),
        ],
    },
    Form {
        forms: &["list.filter(x, condition)"],
        says: "The values, or keys, for which a condition holds.",
        examples: &[("[1, 2, 3].filter(x, x > 1)", "[2, 3]")],
    },
    Form {
        forms: &["list.map(x, value)", "list.map(x, condition, value)"],
        says: "What each value gives; with a condition, those for which it holds.",
        examples: &[
            ("[1, 2].map(x, x * 10)", "[10, 20]"),
            ("[1, 2].map(x, x > 1, x * 10)", "[20]"),
        ],
    },
    Form {
        forms: &[
            "list.transformList(i, x, value)",
            "map.transformList(k, v, condition, value)",
        ],
        says: "The same with two names.",
        examples: &[(
            "['a', 'b'].transformList(i, x, string(i) + x)",
            "[\"0a\", \"1b\"]",
        )],
    },
    Form {
        forms: &[
            "map.transformMap(k, v, value)",
            "map.transformMap(k, v, condition, value)",
        ],
        says: "A map of the same keys to what each entry gives.",
        examples: &[("{'a': 1}.transformMap(k, v, v + 1)", "{\"a\": 2}")],
    },
    Form {
        forms: &[
            "map.transformMapEntry(k, v, entry)",
            "map.transformMapEntry(k, v, condition, entry)",
        ],
        says: "A map of the entries that each gives. A key that comes twice is an error.",
        examples: &[(
            "{'a': 1}.transformMapEntry(k, v, {k + k: v})",
            "{\"aa\": 1}",
        )],
    },
    Form {
        forms: &["list.sortBy(x, key)"],
        says: "The list in the order of what each value gives.",
        examples: &[("['bb', 'a'].sortBy(x, size(x))", "[\"a\", \"bb\"]")],
    },
    Form {
        forms: &["optional.optMap(x, value)"],
        says: "What the value gives that is there, as an optional.",
        examples: &[("optional.of(2).optMap(x, x * 2).value()", "4")],
    },
    Form {
        forms: &["optional.optFlatMap(x, optional)"],
        says: "The same with what gives an optional itself.",
        examples: &[(
            "optional.of({'a': 1}).optFlatMap(x, x.?b).hasValue()",
            "false",
        )],
    },
];
