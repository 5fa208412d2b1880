//! Random texts and numbers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::argument::{int_arg, str_arg};
use super::{Failure, Function, Param, Result};
use crate::value::Value;

/// A row with the given parameters.
macro_rules! row {
    ($name:literal, [$($param:ident),*], $call:expr) => {
        Function { name: $name, params: &[$(Param::$param),*], rest: None, call: $call }
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    row!("randAlpha", [Int], |_, args| random_text(args, u8::is_ascii_alphabetic)),
    row!("randAlphaNum", [Int], |_, args| random_text(args, u8::is_ascii_alphanumeric)),
    row!("randNumeric", [Int], |_, args| random_text(args, u8::is_ascii_digit)),
    row!("randAscii", [Int], |_, args| random_text(args, |b| (b' '..=b'~').contains(b))),
    row!("randBytes", [Int], |_, args| {
        let count = usize::try_from(int_arg(args, 0)).ok().filter(|count| *count <= MAX_COUNT);
        let count = count.ok_or("runtime error: makeslice: len out of range")?;
        Ok(Value::from(STANDARD.encode(random_bytes(count)?)))
    }),
    row!("randInt", [Int, Int], |_, args| {
        let low = int_arg(args, 0);
        let range = u64::try_from(int_arg(args, 1).wrapping_sub(low)).unwrap_or(0);
        Ok(Value::Int(low.wrapping_add(below(range)? as i64)))
    }),
    row!("shuffle", [Str], |_, args| {
        let text = str_arg(args, 0).to_str_lossy();
        let mut chars: Vec<char> = text.chars().collect();
        for i in (1..chars.len()).rev() {
            chars.swap(i, below(i as u64 + 1)? as usize);
        }
        Ok(Value::from(chars.into_iter().collect::<String>()))
    }),
    row!("uuidv4", [], |_, _| uuid()),
];

/// More random characters or bytes than this are refused, as memory is finite.
const MAX_COUNT: usize = 1 << 30;

/// Returns random bytes from the system.
pub(super) fn random_bytes(count: usize) -> std::result::Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).map_err(|e| Failure::Message(e.to_string()))?;
    Ok(bytes)
}

/// Returns a number below `limit`, each equally likely.
fn below(limit: u64) -> std::result::Result<u64, Failure> {
    if limit == 0 {
        return Err(Failure::from("invalid argument to Intn"));
    }
    // Numbers above the last multiple of the limit would favour small results.
    let end = u64::MAX - u64::MAX % limit;
    loop {
        let n = getrandom::u64().map_err(|e| Failure::Message(e.to_string()))?;
        if n < end {
            return Ok(n % limit);
        }
    }
}

/// Makes a text of as many characters as the first argument says; none when it is negative.
fn random_text(args: &[Value], allowed: impl Fn(&u8) -> bool) -> Result {
    let count = usize::try_from(int_arg(args, 0)).unwrap_or(0);
    if count > MAX_COUNT {
        return Err(Failure::from("runtime error: makeslice: len out of range"));
    }
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        let bytes = random_bytes((count - out.len()).clamp(16, 1 << 16))?;
        let wanted = count - out.len();
        out.extend(bytes.into_iter().map(|byte| byte & 0x7f).filter(&allowed).take(wanted));
    }
    Ok(Value::str(out))
}

fn uuid() -> Result {
    let mut bytes = random_bytes(16)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut out = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.extend(
            [byte >> 4, byte & 15]
                .map(|d| char::from_digit(u32::from(d), 16))
                .into_iter()
                .flatten(),
        );
    }
    Ok(Value::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::function::{Env, find};

    fn text(name: &str, args: &[Value]) -> String {
        (find(name).unwrap().call)(&Env::new(), args).unwrap().as_string().unwrap().to_string()
    }

    #[test]
    fn texts_have_length_and_alphabet() {
        type Test = fn(&u8) -> bool;
        let cases: [(&str, Test); 4] = [
            ("randAlpha", u8::is_ascii_alphabetic),
            ("randAlphaNum", u8::is_ascii_alphanumeric),
            ("randNumeric", u8::is_ascii_digit),
            ("randAscii", |b| b.is_ascii_graphic() || *b == b' '),
        ];
        for (name, allowed) in cases {
            let made = text(name, &[Value::Int(500)]);
            assert!(made.len() == 500 && made.bytes().all(|b| allowed(&b)), "{name}: {made}");
            assert_eq!(text(name, &[Value::Int(-1)]), "");
        }
        assert_eq!(text("randBytes", &[Value::Int(4)]).len(), 8);
    }

    #[test]
    fn uuids_have_their_form() {
        let made = text("uuidv4", &[]);
        let lengths: Vec<usize> = made.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&made[14..15], "4");
        assert!(matches!(&made[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn numbers_stay_in_range() {
        for _ in 0..100 {
            let made =
                (find("randInt").unwrap().call)(&Env::new(), &[Value::Int(-2), Value::Int(2)]);
            assert!(matches!(made, Ok(Value::Int(-2..=1))));
        }
        let empty = (find("randInt").unwrap().call)(&Env::new(), &[Value::Int(5), Value::Int(5)]);
        assert_eq!(empty.unwrap_err(), Failure::from("invalid argument to Intn"));
    }
}
