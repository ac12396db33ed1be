//! Addresses and ranges: what is one and what is none, and how they are written.

use super::*;
use crate::cel::budget::{Budget, Failure};
use crate::cel::functions::Run;
use crate::cel::value::Value;

fn ran<'a>(run: Run, args: &[Value<'a>]) -> Result<Value<'a>, Failure> {
    run(args, &mut Budget::new(1000))
}

/// How what a text is read as is written, if it is read.
fn written(run: Run, text: &str) -> Option<String> {
    match ran(run, &[Value::text(text)]) {
        Ok(Value::Opaque(opaque)) => opaque.as_text(),
        _ => None,
    }
}

fn truth(run: Run, args: &[Value<'_>]) -> bool {
    match ran(run, args) {
        Ok(Value::Bool(truth)) => truth,
        other => panic!("{args:?}: {other:?}"),
    }
}

#[test]
fn addresses_are_written_in_one_form() {
    for (text, form) in [
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"),
        ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::1.2.3.4", "::102:304"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("::fffe:1.2.3.4", "::fffe:102:304"),
    ] {
        assert_eq!(written(cidr::ip, text).as_deref(), Some(form), "{text}");
        assert_eq!(truth(ip::is_canonical, &[Value::text(text)]), text == form);
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for text in [
        "",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3",
        "1.2.3.4.5",
        "010.1.2.3",
        "1.2.3.00",
        "256.1.1.1",
        "1..2.3",
        "+1.2.3.4",
        "1.2.3.4/8",
        "0x1.2.3.4",
        "::ffff:1.2.3.4",
        "::FFFF:102:304",
        "fe80::1%eth0",
        "fe80::1%",
        ":::1",
        "1::2::3",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "12345::",
        "1:2:3",
        "1:",
        "[::1]",
        "::1.2.3.04",
        "1.2.3.4::",
    ] {
        assert!(ran(cidr::ip, &[Value::text(text)]).is_err(), "{text}");
        assert!(!truth(ip::is_ip, &[Value::text(text)]), "{text}");
        assert!(
            ran(ip::is_canonical, &[Value::text(text)]).is_err(),
            "{text}"
        );
    }
}

#[test]
fn ranges_keep_the_address_they_are_written_with() {
    for (text, form) in [
        ("10.1.2.3/8", "10.1.2.3/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::1/128", "2001:db8::1/128"),
    ] {
        assert_eq!(written(cidr::cidr, text).as_deref(), Some(form), "{text}");
    }
}

#[test]
fn what_is_no_range_is_refused() {
    for text in [
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "/8",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "10.0.0.0/33",
        "10.0.0.0/256",
        "10.0.0.0/8/8",
        "10.0.0/8",
        "::/129",
        "::ffff:1.2.3.4/96",
        "fe80::1%a/64",
        "10.0.0.0/8 ",
    ] {
        assert!(ran(cidr::cidr, &[Value::text(text)]).is_err(), "{text}");
        assert!(!truth(cidr::is_cidr, &[Value::text(text)]), "{text}");
    }
}

#[test]
fn a_range_holds_what_begins_with_its_bits() {
    for (outer, inner, holds) in [
        ("10.0.0.0/8", "10.255.255.255", true),
        ("10.9.9.9/8", "10.0.0.0", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("0.0.0.0/0", "::", false),
        ("::/0", "1.2.3.4", false),
        ("fe80::/10", "febf::1", true),
        ("fe80::/10", "fec0::1", false),
    ] {
        let outer = ran(cidr::cidr, &[Value::text(outer)]).unwrap();
        let args = [outer, Value::text(inner)];
        assert_eq!(truth(cidr::contains_ip, &args), holds, "{inner}");
    }
}

#[test]
fn a_range_holds_a_range_that_is_no_larger() {
    for (outer, inner, holds) in [
        ("10.0.0.0/8", "10.1.2.3/8", true),
        ("10.1.2.3/8", "10.0.0.0/8", true),
        ("10.0.0.0/8", "10.0.0.0/7", false),
        ("10.0.0.0/8", "10.0.0.0/32", true),
        ("0.0.0.0/0", "::/0", false),
    ] {
        let outer = ran(cidr::cidr, &[Value::text(outer)]).unwrap();
        let args = [outer, Value::text(inner)];
        assert_eq!(truth(cidr::contains_cidr, &args), holds, "{inner}");
    }
}

#[test]
fn a_text_that_is_no_address_is_in_no_range_but_an_error() {
    let outer = ran(cidr::cidr, &[Value::text("10.0.0.0/8")]).unwrap();
    for (run, text) in [
        (cidr::contains_ip as Run, "10.0.0"),
        (cidr::contains_cidr, "10.0.0.0"),
    ] {
        assert!(matches!(
            ran(run, &[outer.clone(), Value::text(text)]),
            Err(Failure::Wrong(_))
        ));
    }
}

#[test]
fn groups_of_the_link_are_told_from_other_groups() {
    for (text, group) in [
        ("ff02::1", true),
        ("ff12::1", true),
        ("ff01::1", false),
        ("ff05::2", false),
    ] {
        let address = ran(cidr::ip, &[Value::text(text)]).unwrap();
        assert_eq!(
            truth(ip::is_link_local_multicast, &[address]),
            group,
            "{text}"
        );
    }
}

#[test]
fn other_values_are_not_taken_for_addresses() {
    let range = ran(cidr::cidr, &[Value::text("10.0.0.0/8")]).unwrap();
    let address = ran(cidr::ip, &[Value::text("10.0.0.0")]).unwrap();
    assert_eq!(
        ran(ip::family, std::slice::from_ref(&range)).err(),
        Some(Failure::Unfit)
    );
    assert_eq!(
        ran(cidr::ip, std::slice::from_ref(&address)).err(),
        Some(Failure::Unfit)
    );
    let swapped = [address, range];
    assert_eq!(ran(cidr::contains_ip, &swapped).err(), Some(Failure::Unfit));
}
