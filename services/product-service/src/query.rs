//! The query parameter of the stale-read simulation.

use serde_json::{Value, json};
use service_kit::{Problem, ValidationError, last_parameter, price_in_range};

/// `new_price`: required, with the range of a product's price.
///
/// # Errors
/// Missing, not a number, or out of range.
pub(crate) fn new_price(parameters: &[(String, String)]) -> Result<f64, ValidationError> {
    let Some(text) = last_parameter(parameters, "new_price") else {
        return Err(Problem::query("new_price", "missing", "Field required", Value::Null).into());
    };
    let problem = |kind, msg: &str| Problem::query("new_price", kind, msg, json!(text));
    let Ok(price) = text.trim().parse::<f64>() else {
        let msg = "Input should be a valid number, unable to parse string as a number";
        return Err(problem("float_parsing", msg).into());
    };
    price_in_range(price, problem).map_err(|problem| (*problem).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<f64>) {
        let parameters = [("new_price".to_owned(), value.to_owned())];
        assert_eq!(new_price(&parameters).ok(), expected, "{value}");
    }

    #[test]
    fn prices_must_be_finite_and_in_range() {
        assert!(new_price(&[]).is_err());
        check("999.99", Some(999.99));
        check("0", Some(0.0));
        for wrong in ["", "x", "nan", "inf", "-1", "1e8", "1e999"] {
            check(wrong, None);
        }
    }
}
