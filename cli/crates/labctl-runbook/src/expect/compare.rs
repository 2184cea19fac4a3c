//! Values compared by value.

use std::cmp::Ordering;

use serde_json::{Number, Value as Json};

use super::claim::Comparison;

impl Comparison {
    /// Whether it is about more and less.
    pub(super) fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Whether it holds of two things in this order.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The order of two values; for those without one, `Equal` or `Less`. `None`: they cannot be compared. `is_text`: the
/// value is printed text, which is a number where a number is wanted and it reads as one.
pub(super) fn compare(
    value: &Json,
    wanted: &Json,
    is_text: bool,
    tolerance: Option<f64>,
) -> Option<Ordering> {
    match (value, wanted) {
        (Json::Number(value), Json::Number(wanted)) => order(value, wanted, tolerance),
        (Json::String(text), Json::Number(wanted)) if is_text => {
            let value = serde_json::from_str(text.trim())
                .ok()
                .or_else(|| Number::from_f64(number(text)?))?;
            order(&value, wanted, tolerance)
        }
        (Json::Number(_), _) | (_, Json::Number(_)) => None,
        (value, wanted) if std::mem::discriminant(value) != std::mem::discriminant(wanted) => None,
        (value, wanted) => Some(if is_equal(value, wanted) {
            Ordering::Equal
        } else {
            Ordering::Less
        }),
    }
}

/// Whether two values are the same: numbers by value, objects whatever the order of their members.
pub(super) fn is_equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => order(a, b, None) == Some(Ordering::Equal),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| is_equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A finite number that the whole text is.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse()
        .ok()
        .filter(|number: &f64| is_plain && number.is_finite())
}

fn order(a: &Number, b: &Number, tolerance: Option<f64>) -> Option<Ordering> {
    let (x, y) = (a.as_f64()?, b.as_f64()?);
    if let Some(tolerance) = tolerance {
        // A last bit of slack, so that 29.99 is within 0.01 of 30.00.
        let slack = f64::EPSILON * x.abs().max(y.abs()).max(1.0) * 4.0;
        return if (x - y).abs() <= tolerance + slack {
            Some(Ordering::Equal)
        } else {
            x.partial_cmp(&y)
        };
    }
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => x.partial_cmp(&y),
    }
}

/// Whole numbers are compared exactly: a double cannot tell the largest ones apart.
fn integer(number: &Number) -> Option<i128> {
    if let Some(integer) = number.as_i64() {
        return Some(integer.into());
    }
    if let Some(integer) = number.as_u64() {
        return Some(integer.into());
    }
    let double = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
    (double.fract() == 0.0 && double.abs() < 1e30).then_some(double as i128)
}
