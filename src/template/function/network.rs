//! The one function that may ask the network.

use std::net::ToSocketAddrs as _;

use super::argument::str_arg;
use super::{Env, Function, Param, Result};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[Function {
    name: "getHostByName",
    params: &[Param::Str],
    rest: None,
    call: get_host_by_name,
}];

/// Returns an address of a host, or nothing unless `--enable-dns` allows to ask.
fn get_host_by_name(env: &Env, args: &[Value]) -> Result {
    if !env.enable_dns {
        return Ok(Value::str(""));
    }
    let name = str_arg(args, 0).to_str_lossy();
    let address = (name.as_ref(), 0).to_socket_addrs().ok().and_then(|mut found| found.next());
    match address {
        Some(address) => Ok(Value::str(address.ip().to_string())),
        // Helm picks one of the addresses at random and fails so when there is none.
        None => Err("invalid argument to Intn".into()),
    }
}
