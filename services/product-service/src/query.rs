//! The query parameters of the list and of the stale-read simulation.

use axum::extract::Query;
use serde_json::{Value, json};
use service_kit::{Problem, ValidationError};

use crate::input::price_in_range;

const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 1000;

/// Every parameter of a query, repeated ones too.
pub(crate) type Parameters = Query<Vec<(String, String)>>;

/// `limit`: how many products to list, 0 to 1000, 10 if it is not given.
///
/// # Errors
/// Not an integer, or out of range.
pub(crate) fn limit(parameters: &[(String, String)]) -> Result<i64, ValidationError> {
    let Some(text) = last(parameters, "limit") else {
        return Ok(DEFAULT_LIMIT);
    };
    let problem = |kind, msg: &str| Problem::query("limit", kind, msg, json!(text));
    let limit = match text.trim().parse::<i64>() {
        Ok(limit) => limit,
        Err(error) => match error.kind() {
            std::num::IntErrorKind::PosOverflow => i64::MAX,
            std::num::IntErrorKind::NegOverflow => i64::MIN,
            _ => {
                let msg = "Input should be a valid integer, unable to parse string as an integer";
                return Err(problem("int_parsing", msg).into());
            }
        },
    };
    if limit < 0 {
        let msg = "Input should be greater than or equal to 0";
        return Err(problem("greater_than_equal", msg).into());
    }
    if limit > MAX_LIMIT {
        let msg = format!("Input should be less than or equal to {MAX_LIMIT}");
        return Err(problem("less_than_equal", &msg).into());
    }
    Ok(limit)
}

/// `new_price`: required, with the range of a product's price.
///
/// # Errors
/// Missing, not a number, or out of range.
pub(crate) fn new_price(parameters: &[(String, String)]) -> Result<f64, ValidationError> {
    let Some(text) = last(parameters, "new_price") else {
        return Err(Problem::query("new_price", "missing", "Field required", Value::Null).into());
    };
    let problem = |kind, msg: &str| Problem::query("new_price", kind, msg, json!(text));
    let Ok(price) = text.trim().parse::<f64>() else {
        let msg = "Input should be a valid number, unable to parse string as a number";
        return Err(problem("float_parsing", msg).into());
    };
    price_in_range(price, problem).map_err(|problem| (*problem).into())
}

fn last<'p>(parameters: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let mut named = parameters.iter().rev().filter(|(key, _)| key == name);
    named.next().map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(value: &str) -> Vec<(String, String)> {
        let names = ["limit", "new_price"];
        names.map(|name| (name.to_owned(), value.to_owned())).into()
    }

    #[track_caller]
    fn check_limit(value: &str, expected: Option<i64>) {
        assert_eq!(limit(&parameters(value)).ok(), expected, "{value}");
    }

    #[track_caller]
    fn check_price(value: &str, expected: Option<f64>) {
        assert_eq!(new_price(&parameters(value)).ok(), expected, "{value}");
    }

    #[test]
    fn limits_from_0_to_1000_are_accepted() {
        assert_eq!(limit(&[]).unwrap(), 10);
        check_limit("0", Some(0));
        check_limit("1000", Some(1000));
        for wrong in [
            "1001",
            "-1",
            "",
            "ten",
            "1.5",
            "99999999999999999999",
            "-99999999999999999999",
        ] {
            check_limit(wrong, None);
        }
    }

    #[test]
    fn prices_must_be_finite_and_in_range() {
        assert!(new_price(&[]).is_err());
        check_price("999.99", Some(999.99));
        check_price("0", Some(0.0));
        for wrong in ["", "x", "nan", "inf", "-1", "1e8", "1e999"] {
            check_price(wrong, None);
        }
    }
}
