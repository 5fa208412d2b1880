use crate::template::gotmpl::number::Number;
use crate::value::{Kind, Object, Str, Value};

/// Returns the value of a number literal without a type to guide it; `None` if it overflows.
pub(super) fn ideal_constant(number: &Number, text: &[u8]) -> Option<Value> {
    if let Some((real, imaginary)) = number.complex {
        return Some(Value::object(Complex { real, imaginary }));
    }
    let is_hex = text.len() > 2
        && text[0] == b'0'
        && matches!(text[1], b'x' | b'X')
        && !text.iter().any(|b| matches!(b, b'p' | b'P'));
    let looks_float = text.iter().any(|b| matches!(b, b'.' | b'e' | b'E' | b'p' | b'P'));
    if looks_float
        && !is_hex
        && text.first() != Some(&b'\'')
        && let Some(float) = number.float
    {
        return Some(Value::Float(float));
    }
    number.int.map(Value::Int)
}

/// A `complex128`, which only a literal such as `1i` can make.
#[derive(Debug)]
struct Complex {
    real: f64,
    imaginary: f64,
}

impl Object for Complex {
    fn type_name(&self) -> &'static str {
        "complex128"
    }

    fn kind(&self) -> Kind {
        Kind::Complex128
    }

    fn to_text(&self) -> Option<Str> {
        let imaginary = crate::value::format_float(self.imaginary);
        let sign = if imaginary.starts_with(['+', '-']) { "" } else { "+" };
        Some(format!("({}{sign}{imaginary}i)", crate::value::format_float(self.real)).into())
    }

    fn is_falsy(&self) -> bool {
        self.real == 0.0 && self.imaginary == 0.0
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
