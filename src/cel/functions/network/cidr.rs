//! Ranges of IP addresses.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::super::opaque::Opaque;
use super::ip as address;
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::value::Value;

/// A range, written with one of its addresses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cidr(IpNet);

impl Cidr {
    /// As it is written.
    pub(in crate::cel::functions) fn text(self) -> String {
        self.0.to_string()
    }
}

/// Reads a range.
fn read(text: &str, budget: &mut Budget) -> Result<Cidr, Failure> {
    budget.charge_text(text.len())?;
    let no_range = || {
        wrong(format!(
            "{text:?} is no range of IP addresses, such as 10.0.0.0/8 or 2001:db8::/32"
        ))
    };
    let (first, bits) = text.rsplit_once('/').ok_or_else(no_range)?;
    let bits = length(bits).ok_or_else(no_range)?;
    let first = address::read(first, budget)?;
    IpNet::new(first, bits).map(Cidr).map_err(|_| no_range())
}

/// Reads how many bits a range has in common. A zero in front is none.
fn length(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    let plain = digits && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// The range that a value is.
fn range(opaque: &Opaque) -> Result<IpNet, Failure> {
    match opaque {
        Opaque::Cidr(Cidr(range)) => Ok(*range),
        _ => Err(Failure::Unfit),
    }
}

/// The range that a function is called on.
fn own(args: &[Value<'_>]) -> Result<IpNet, Failure> {
    match args {
        [Value::Opaque(opaque), ..] => range(opaque),
        _ => Err(Failure::Unfit),
    }
}

fn address_value<'a>(address: IpAddr) -> Value<'a> {
    Value::Opaque(Arc::new(Opaque::Ip(address)))
}

fn range_value<'a>(range: Cidr) -> Value<'a> {
    Value::Opaque(Arc::new(Opaque::Cidr(range)))
}

pub(super) fn ip<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text)] => address::read(text, budget).map(address_value),
        [Value::Opaque(opaque)] => {
            budget.charge(1)?;
            Ok(address_value(range(opaque)?.addr()))
        }
        _ => Err(Failure::Unfit),
    }
}

pub(super) fn cidr<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text)] => read(text, budget).map(range_value),
        _ => Err(Failure::Unfit),
    }
}

pub(super) fn is_cidr<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text)] = args else {
        return Err(Failure::Unfit);
    };
    match read(text, budget) {
        Err(Failure::Exhausted) => Err(Failure::Exhausted),
        read => Ok(Value::Bool(read.is_ok())),
    }
}

pub(super) fn contains_ip<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    budget.charge(1)?;
    let inner = match args {
        [_, Value::String(text)] => address::read(text, budget)?,
        [_, Value::Opaque(inner)] => address::of(inner)?,
        _ => return Err(Failure::Unfit),
    };
    Ok(Value::Bool(own(args)?.contains(&inner)))
}

pub(super) fn contains_cidr<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    budget.charge(1)?;
    let inner = match args {
        [_, Value::String(text)] => read(text, budget)?.0,
        [_, Value::Opaque(inner)] => range(inner)?,
        _ => return Err(Failure::Unfit),
    };
    Ok(Value::Bool(own(args)?.contains(&inner)))
}

pub(super) fn masked<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    budget.charge(1)?;
    match args {
        [_] => Ok(range_value(Cidr(own(args)?.trunc()))),
        _ => Err(Failure::Unfit),
    }
}

pub(super) fn prefix_length<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    budget.charge(1)?;
    match args {
        [_] => Ok(Value::Int(own(args)?.prefix_len().into())),
        _ => Err(Failure::Unfit),
    }
}
