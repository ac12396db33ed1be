//! Addresses and ranges of addresses, without zones and without IPv4 dressed as IPv6.

pub(in crate::cel) mod cidr;
pub(in crate::cel) mod ip;

use super::{Function, Literal, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &["ip(string) -> IP", "<CIDR>.ip() -> IP"],
        "The IP address that a text is, or that a range is written with.",
        cidr::ip,
    )
    .shown(&[
        ("ip('127.0.0.1') == ip('127.0.0.1')", "true"),
        ("ip('::1') == ip('0:0:0:0:0:0:0:1')", "true"),
        ("cidr('192.168.0.1/24').ip() == ip('192.168.0.1')", "true"),
        ("cidr('192.168.0.1/24').ip().family()", "4"),
        ("cidr('::1/128').ip() == ip('::1')", "true"),
        ("cidr('::1/128').ip().family()", "6"),
    ])
    .literal(Literal::Folded),
    function(
        &["isIP(string) -> bool"],
        "Whether a text is an IP address.",
        ip::is_ip,
    )
    .shown(&[
        ("isIP('127.0.0.1')", "true"),
        ("isIP('::1')", "true"),
        ("isIP('127.0.0.256')", "false"),
        ("isIP('127.0.0.01')", "false"),
        ("isIP('::ffff:1.2.3.4')", "false"),
        ("isIP('fe80::1%eth0')", "false"),
        ("isIP(':::1')", "false"),
    ]),
    function(
        &["ip.isCanonical(string) -> bool"],
        "Whether an IP address is written in the one form that all agree on.",
        ip::is_canonical,
    )
    .shown(&[
        ("ip.isCanonical('127.0.0.1')", "true"),
        ("ip.isCanonical('2001:db8::abcd')", "true"),
        ("ip.isCanonical('2001:DB8::ABCD')", "false"),
        ("ip.isCanonical('2001:db8::0:0:0:abcd')", "false"),
    ]),
    function(
        &["<IP>.family() -> int"],
        "The version of an IP address, 4 or 6.",
        ip::family,
    )
    .shown(&[("ip('127.0.0.1').family()", "4"), ("ip('::1').family()", "6")]),
    function(
        &["<IP>.isUnspecified() -> bool"],
        "Whether an IP address is the one of nobody, `0.0.0.0` or `::`.",
        ip::is_unspecified,
    )
    .shown(&[
        ("ip('0.0.0.0').isUnspecified()", "true"),
        ("ip('127.0.0.1').isUnspecified()", "false"),
        ("ip('::').isUnspecified()", "true"),
        ("ip('::1').isUnspecified()", "false"),
    ]),
    function(
        &["<IP>.isLoopback() -> bool"],
        "Whether an IP address is that of the machine itself, in `127.0.0.0/8` or `::1`.",
        ip::is_loopback,
    )
    .shown(&[
        ("ip('127.0.0.1').isLoopback()", "true"),
        ("ip('192.168.0.1').isLoopback()", "false"),
        ("ip('::1').isLoopback()", "true"),
        ("ip('2001:db8::abcd').isLoopback()", "false"),
    ]),
    function(
        &["<IP>.isLinkLocalMulticast() -> bool"],
        "Whether an IP address is that of a group on the link, in `224.0.0.0/24` or `ff02::/16`.",
        ip::is_link_local_multicast,
    )
    .shown(&[
        ("ip('224.0.0.1').isLinkLocalMulticast()", "true"),
        ("ip('224.0.1.1').isLinkLocalMulticast()", "false"),
        ("ip('ff02::1').isLinkLocalMulticast()", "true"),
        ("ip('fd00::1').isLinkLocalMulticast()", "false"),
    ]),
    function(
        &["<IP>.isLinkLocalUnicast() -> bool"],
        "Whether an IP address is that of one on the link, in `169.254.0.0/16` or `fe80::/10`.",
        ip::is_link_local_unicast,
    )
    .shown(&[
        ("ip('169.254.169.254').isLinkLocalUnicast()", "true"),
        ("ip('192.168.0.1').isLinkLocalUnicast()", "false"),
        ("ip('fe80::1').isLinkLocalUnicast()", "true"),
        ("ip('fd80::1').isLinkLocalUnicast()", "false"),
    ]),
    function(
        &["<IP>.isGlobalUnicast() -> bool"],
        "Whether an IP address is that of one anywhere: not unspecified, not of the machine, the link, a group or all. Private addresses count.",
        ip::is_global_unicast,
    )
    .shown(&[
        ("ip('192.168.0.1').isGlobalUnicast()", "true"),
        ("ip('255.255.255.255').isGlobalUnicast()", "false"),
        ("ip('2001:db8::abcd').isGlobalUnicast()", "true"),
        ("ip('ff00::1').isGlobalUnicast()", "false"),
    ]),
    function(
        &["cidr(string) -> CIDR"],
        "The range of IP addresses that a text is, as in `10.0.0.0/8`.",
        cidr::cidr,
    )
    .shown(&[
        ("cidr('192.168.0.0/16').prefixLength()", "16"),
        ("cidr('192.168.0.0/24') == cidr('192.168.0.0/24').masked()", "true"),
        ("cidr('192.168.0.1/24') == cidr('192.168.0.1/24').masked()", "false"),
    ])
    .literal(Literal::Folded),
    function(
        &["isCIDR(string) -> bool"],
        "Whether a text is a range of IP addresses.",
        cidr::is_cidr,
    )
    .shown(&[
        ("isCIDR('192.168.0.0/16')", "true"),
        ("isCIDR('::1/128')", "true"),
        ("isCIDR('192.168.0.0/33')", "false"),
        ("isCIDR('::1/129')", "false"),
    ]),
    function(
        &[
            "<CIDR>.containsIP(IP) -> bool",
            "<CIDR>.containsIP(string) -> bool",
        ],
        "Whether an IP address is in a range.",
        cidr::contains_ip,
    )
    .shown(&[
        ("cidr('192.168.0.0/24').containsIP(ip('192.168.0.1'))", "true"),
        ("cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))", "false"),
        ("cidr('192.168.0.0/24').containsIP('192.168.0.1')", "true"),
        ("cidr('192.168.0.0/24').containsIP('192.168.1.1')", "false"),
    ]),
    function(
        &[
            "<CIDR>.containsCIDR(CIDR) -> bool",
            "<CIDR>.containsCIDR(string) -> bool",
        ],
        "Whether all of another range is in a range.",
        cidr::contains_cidr,
    )
    .shown(&[
        ("cidr('192.168.0.0/16').containsCIDR(cidr('192.168.10.0/24'))", "true"),
        ("cidr('192.168.1.0/24').containsCIDR(cidr('192.168.2.0/24'))", "false"),
        ("cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')", "true"),
        ("cidr('192.168.1.0/24').containsCIDR('192.168.2.0/24')", "false"),
    ]),
    function(
        &["<CIDR>.masked() -> CIDR"],
        "A range written with its first address.",
        cidr::masked,
    )
    .shown(&[
        ("cidr('192.168.0.0/24').masked() == cidr('192.168.0.0/24')", "true"),
        ("cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')", "true"),
    ]),
    function(
        &["<CIDR>.prefixLength() -> int"],
        "How many bits all addresses of a range have in common.",
        cidr::prefix_length,
    )
    .shown(&[
        ("cidr('192.168.0.0/16').prefixLength()", "16"),
        ("cidr('::1/128').prefixLength()", "128"),
    ]),
];

#[cfg(test)]
mod tests;
