//! IP addresses.

use std::net::{IpAddr, Ipv4Addr};

use super::super::opaque::Opaque;
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::value::Value;

/// Reads an address.
pub(super) fn read(text: &str, budget: &mut Budget) -> Result<IpAddr, Failure> {
    budget.charge_text(text.len())?;
    parse(text)
}

/// Reads an address. An octet has no zero in front, and an address no zone.
fn parse(text: &str) -> Result<IpAddr, Failure> {
    match text.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => Err(wrong(format!(
            "{text:?} is an IPv4 address dressed as IPv6; write the IPv4 address"
        ))),
        Ok(address) => Ok(address),
        Err(_) => Err(wrong(format!(
            "{text:?} is no IP address, such as 10.0.0.1 or 2001:db8::1"
        ))),
    }
}

/// The address that a value is.
fn address(args: &[Value<'_>]) -> Result<IpAddr, Failure> {
    let [Value::Opaque(opaque)] = args else {
        return Err(Failure::Unfit);
    };
    of(opaque)
}

/// The address that a value of a library is.
pub(super) fn of(opaque: &Opaque) -> Result<IpAddr, Failure> {
    match opaque {
        Opaque::Ip(address) => Ok(*address),
        _ => Err(Failure::Unfit),
    }
}

pub(super) fn is_ip<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text)] => {
            budget.charge_text(text.len())?;
            Ok(Value::Bool(parse(text).is_ok()))
        }
        _ => Err(Failure::Unfit),
    }
}

pub(super) fn is_canonical<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text)] => {
            let canonical = read(text, budget)?.to_string();
            Ok(Value::Bool(canonical == **text))
        }
        _ => Err(Failure::Unfit),
    }
}

pub(super) fn family<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    budget.charge(1)?;
    let version = if address(args)?.is_ipv4() { 4 } else { 6 };
    Ok(Value::Int(version))
}

/// Answers a question about an address.
fn asked<'a>(args: &[Value<'a>], budget: &mut Budget, is: fn(&IpAddr) -> bool) -> Answer<'a> {
    budget.charge(1)?;
    Ok(Value::Bool(is(&address(args)?)))
}

pub(super) fn is_unspecified<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    asked(args, budget, IpAddr::is_unspecified)
}

pub(super) fn is_loopback<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    asked(args, budget, IpAddr::is_loopback)
}

pub(super) fn is_link_local_multicast<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    asked(args, budget, |address| match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    })
}

pub(super) fn is_link_local_unicast<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    asked(args, budget, on_link)
}

pub(super) fn is_global_unicast<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    asked(args, budget, |address| {
        let of_all = *address == IpAddr::V4(Ipv4Addr::BROADCAST);
        let of_some = address.is_multicast() || of_all;
        !(of_some || address.is_unspecified() || address.is_loopback() || on_link(address))
    })
}

fn on_link(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}
