//! Arithmetic: wrapping 64-bit integers, exact decimals, and sequences.

use bigdecimal::num_bigint::{BigInt, Sign};

use super::argument::{any_arg, float_arg, int_arg};
use super::convert::{to_float, to_int};
use super::{Env, Failure, Function, Param, Result};
use crate::value::{List, ListType, Value, format_float, format_float_shortest};

const fn row(
    name: &'static str,
    params: &'static [Param],
    rest: Option<Param>,
    call: fn(&Env, &[Value]) -> Result,
) -> Function {
    Function { name, params, rest, call }
}

const ANY: Option<Param> = Some(Param::Any);

pub(super) const FUNCTIONS: &[Function] = &[
    row("add", &[], ANY, add),
    row("add1", &[Param::Any], None, add1),
    row("add1f", &[Param::Any], None, add1f),
    row("addf", &[], ANY, addf),
    row("biggest", &[Param::Any], ANY, max),
    row("ceil", &[Param::Any], None, ceil),
    row("div", &[Param::Any, Param::Any], None, div),
    row("divf", &[Param::Any], ANY, divf),
    row("floor", &[Param::Any], None, floor),
    row("max", &[Param::Any], ANY, max),
    row("maxf", &[Param::Any], ANY, maxf),
    row("min", &[Param::Any], ANY, min),
    row("minf", &[Param::Any], ANY, minf),
    row("mod", &[Param::Any, Param::Any], None, modulo),
    row("mul", &[Param::Any], ANY, mul),
    row("mulf", &[Param::Any], ANY, mulf),
    row("round", &[Param::Any, Param::Int], Some(Param::Float), round),
    row("seq", &[], Some(Param::Int), seq),
    row("sub", &[Param::Any, Param::Any], None, sub),
    row("subf", &[Param::Any], ANY, subf),
    row("until", &[Param::Int], None, until),
    row("untilStep", &[Param::Int, Param::Int, Param::Int], None, until_step),
];

fn add(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(args.iter().map(to_int).fold(0, i64::wrapping_add)))
}

fn add1(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(to_int(any_arg(args, 0)).wrapping_add(1)))
}

fn sub(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(to_int(any_arg(args, 0)).wrapping_sub(to_int(any_arg(args, 1)))))
}

fn mul(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(args.iter().map(to_int).fold(1, i64::wrapping_mul)))
}

/// Returns both operands of a division, the second of which must not be 0.
fn division(args: &[Value]) -> std::result::Result<(i64, i64), Failure> {
    match (to_int(any_arg(args, 0)), to_int(any_arg(args, 1))) {
        (_, 0) => Err("runtime error: integer divide by zero".into()),
        operands => Ok(operands),
    }
}

fn div(_: &Env, args: &[Value]) -> Result {
    let (a, b) = division(args)?;
    Ok(Value::Int64(a.wrapping_div(b)))
}

fn modulo(_: &Env, args: &[Value]) -> Result {
    let (a, b) = division(args)?;
    Ok(Value::Int64(a.wrapping_rem(b)))
}

fn max(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(args.iter().map(to_int).max().unwrap_or(0)))
}

fn min(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(args.iter().map(to_int).min().unwrap_or(0)))
}

/// Folds floats as Go's `math.Max` and `math.Min` do: NaN wins.
fn fold_floats(args: &[Value], pick: fn(f64, f64) -> f64) -> Result {
    let folded = args
        .iter()
        .map(to_float)
        .reduce(|a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { pick(a, b) });
    Ok(Value::Float(folded.unwrap_or(0.0)))
}

fn maxf(_: &Env, args: &[Value]) -> Result {
    fold_floats(args, f64::max)
}

fn minf(_: &Env, args: &[Value]) -> Result {
    fold_floats(args, f64::min)
}

fn ceil(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Float(to_float(any_arg(args, 0)).ceil()))
}

fn floor(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Float(to_float(any_arg(args, 0)).floor()))
}

fn round(_: &Env, args: &[Value]) -> Result {
    let places = int_arg(args, 1) as f64;
    let threshold = if args.len() > 2 { float_arg(args, 2) } else { 0.5 };
    let power = 10.0_f64.powf(places);
    let scaled = to_float(any_arg(args, 0)) * power;
    let whole = if scaled.fract() >= threshold { scaled.ceil() } else { scaled.floor() };
    Ok(Value::Float(whole / power))
}

/// A decimal number `digits * 10^-scale`, as exact as its digits.
struct Decimal {
    digits: BigInt,
    scale: i64,
}

/// Places behind the point that a quotient keeps.
const QUOTIENT_PLACES: i64 = 16;

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

impl Decimal {
    /// Takes the shortest decimal that reads back as the float.
    fn from_float(x: f64) -> std::result::Result<Decimal, Failure> {
        if !x.is_finite() {
            return Err(format!("Cannot create a Decimal from {}", format_float(x)).into());
        }
        let text = format_float_shortest(x);
        let scale = text.find('.').map_or(0, |at| (text.len() - at - 1) as i64);
        let digits: String = text.chars().filter(|c| *c != '.').collect();
        let digits = digits.parse().unwrap_or_default();
        Ok(Decimal { digits, scale })
    }

    fn to_float(&self) -> f64 {
        format!("{}e{}", self.digits, -self.scale).parse().unwrap_or(0.0)
    }

    /// Brings both numbers to one scale.
    fn aligned(&self, other: &Decimal) -> (BigInt, BigInt, i64) {
        let scale = self.scale.max(other.scale);
        (
            &self.digits * power_of_ten(scale - self.scale),
            &other.digits * power_of_ten(scale - other.scale),
            scale,
        )
    }

    fn add(&self, other: &Decimal) -> Decimal {
        let (a, b, scale) = self.aligned(other);
        Decimal { digits: a + b, scale }
    }

    fn sub(&self, other: &Decimal) -> Decimal {
        let (a, b, scale) = self.aligned(other);
        Decimal { digits: a - b, scale }
    }

    fn mul(&self, other: &Decimal) -> Decimal {
        Decimal { digits: &self.digits * &other.digits, scale: self.scale + other.scale }
    }

    /// Divides, rounding half away from zero at [`QUOTIENT_PLACES`]. `None` for a zero divisor.
    fn div(&self, other: &Decimal) -> Option<Decimal> {
        if other.digits.sign() == Sign::NoSign {
            return None;
        }
        let (a, b, _) = self.aligned(other);
        let negative = (a.sign() == Sign::Minus) != (b.sign() == Sign::Minus);
        let (a, b) = (a.magnitude() * power_of_ten(QUOTIENT_PLACES).magnitude(), b.magnitude());
        let (mut quotient, rest) = (&a / b, &a % b);
        if rest * 2_u32 >= *b {
            quotient += 1_u32;
        }
        let sign = if negative { Sign::Minus } else { Sign::Plus };
        Some(Decimal { digits: BigInt::from_biguint(sign, quotient), scale: QUOTIENT_PLACES })
    }
}

fn fold_decimals(
    start: &Value,
    rest: &[Value],
    step: impl Fn(&Decimal, &Decimal) -> std::result::Result<Decimal, Failure>,
) -> Result {
    let mut sum = Decimal::from_float(to_float(start))?;
    for value in rest {
        sum = step(&sum, &Decimal::from_float(to_float(value))?)?;
    }
    Ok(Value::Float(sum.to_float()))
}

fn addf(_: &Env, args: &[Value]) -> Result {
    fold_decimals(&Value::Int(0), args, |a, b| Ok(a.add(b)))
}

fn add1f(_: &Env, args: &[Value]) -> Result {
    fold_decimals(&Value::Int(1), args, |a, b| Ok(b.add(a)))
}

fn subf(_: &Env, args: &[Value]) -> Result {
    fold_decimals(any_arg(args, 0), args.get(1..).unwrap_or_default(), |a, b| Ok(a.sub(b)))
}

fn mulf(_: &Env, args: &[Value]) -> Result {
    fold_decimals(any_arg(args, 0), args.get(1..).unwrap_or_default(), |a, b| Ok(a.mul(b)))
}

fn divf(_: &Env, args: &[Value]) -> Result {
    fold_decimals(any_arg(args, 0), args.get(1..).unwrap_or_default(), |a, b| {
        a.div(b).ok_or_else(|| "decimal division by 0".into())
    })
}

/// Counts from `start` by `step` up or down to but not including `end`.
fn count(start: i64, end: i64, step: i64) -> std::result::Result<Vec<i64>, Failure> {
    if step == 0 || (end < start) != (step < 0) {
        return Ok(Vec::new());
    }
    if end.abs_diff(start) / step.unsigned_abs() > MAX_NUMBERS {
        return Err(Failure::from(format!("a list of more than {MAX_NUMBERS} numbers")));
    }
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(n) = next {
        if step > 0 && n >= end || step < 0 && n <= end {
            break;
        }
        numbers.push(n);
        next = n.checked_add(step);
    }
    Ok(numbers)
}

/// How many numbers a list of them may have.
const MAX_NUMBERS: u64 = 4_000_000;

fn int_list(numbers: &[i64]) -> Value {
    Value::List(List::typed(ListType::Ints, numbers.iter().map(|n| Value::Int(*n)).collect()))
}

fn until(_: &Env, args: &[Value]) -> Result {
    let end = int_arg(args, 0);
    Ok(int_list(&count(0, end, if end < 0 { -1 } else { 1 })?))
}

fn until_step(_: &Env, args: &[Value]) -> Result {
    Ok(int_list(&count(int_arg(args, 0), int_arg(args, 1), int_arg(args, 2))?))
}

fn seq(_: &Env, args: &[Value]) -> Result {
    let toward = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let numbers = match args.len() {
        1 => {
            let end = int_arg(args, 0);
            let step = toward(1, end);
            count(1, end.saturating_add(step), step)?
        }
        2 => {
            let (start, end) = (int_arg(args, 0), int_arg(args, 1));
            let step = toward(start, end);
            count(start, end.saturating_add(step), step)?
        }
        3 => {
            let (start, step, end) = (int_arg(args, 0), int_arg(args, 1), int_arg(args, 2));
            count(start, end.saturating_add(toward(start, end)), step)?
        }
        _ => Vec::new(),
    };
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    Ok(Value::str(words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ add }} {{ add 1 "2" 3.9 }} {{ add1 1 }} {{ sub 5 7 }} {{ mul 2 3 4 }} {{ div -7 2 }} {{ mod -7 2 }} {{ max 1 5 3 }} {{ min 1 -5 3 }} {{ biggest 1 2 }} {{ add 9223372036854775807 1 }}"#,
                "0 6 2 -2 24 -3 -1 5 -5 2 -9223372036854775808",
            ),
            ("{{ div 1 0 }}", "error: div: runtime error: integer divide by zero"),
            ("{{ mod 1 0 }}", "error: mod: runtime error: integer divide by zero"),
            (
                "{{ addf 0.1 0.2 }} {{ subf 0.3 0.1 }} {{ mulf 1.1 1.1 }} {{ divf 1 3 }} {{ divf 2 3 }} {{ divf 1 30000 }} {{ divf -2 3 }} {{ add1f 0.1 }}",
                "0.3 0.2 1.21 0.3333333333333333 0.6666666666666667 3.33333333333e-05 -0.6666666666666667 1.1",
            ),
            ("{{ divf 1 0 }}", "error: divf: decimal division by 0"),
            (r#"{{ addf (float64 "nan") 1 }}"#, "error: addf: Cannot create a Decimal from NaN"),
            (
                "{{ round 2.5 0 }} {{ round -2.4 0 }} {{ round 1.005 2 }} {{ round 123.456 -1 }} {{ round 1.2 0 0.2 }} {{ floor -1.5 }} {{ ceil 1.2 }} {{ maxf 1 2.5 }} {{ minf 1 2.5 }}",
                "3 -3 1 120 1 -2 2 2.5 1",
            ),
            (
                "{{ until 3 }} {{ until -3 }} {{ untilStep 0 10 3 }} {{ untilStep 5 0 -2 }} {{ untilStep 0 5 0 }}",
                "[0 1 2] [0 -1 -2] [0 3 6 9] [5 3 1] []",
            ),
            (
                "{{ seq 3 }}|{{ seq 0 }}|{{ seq 2 4 }}|{{ seq 4 2 }}|{{ seq 1 2 6 }}|{{ seq 6 -2 1 }}|{{ seq 6 2 1 }}|{{ seq 1 2 3 4 }}|{{ seq }}",
                "1 2 3|1 0|2 3 4|4 3 2|1 3 5|6 4 2|||",
            ),
        ]);
    }
}
