//! The query parameters that lists share.

use axum::extract::Query;
use serde_json::json;

use crate::{Problem, ValidationError};

const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 1000;

/// Every parameter of a query, repeated ones too.
pub type Parameters = Query<Vec<(String, String)>>;

/// `limit`: how many rows to list, 0 to 1000, 10 if it is not given.
///
/// # Errors
/// Not an integer, or out of range.
pub fn limit(parameters: &[(String, String)]) -> Result<i64, ValidationError> {
    let Some(text) = last_parameter(parameters, "limit") else {
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

/// The value of the parameter `name`, the last where it is repeated.
pub fn last_parameter<'p>(parameters: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let mut named = parameters.iter().rev().filter(|(key, _)| key == name);
    named.next().map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<i64>) {
        let parameters = [("limit".to_owned(), value.to_owned())];
        assert_eq!(limit(&parameters).ok(), expected, "{value}");
    }

    #[test]
    fn limits_from_0_to_1000_are_accepted() {
        assert_eq!(limit(&[]).unwrap(), 10);
        check("0", Some(0));
        check("1000", Some(1000));
        for wrong in [
            "1001",
            "-1",
            "",
            "ten",
            "1.5",
            "99999999999999999999",
            "-99999999999999999999",
        ] {
            check(wrong, None);
        }
    }
}
