//! What a caller may send for an item of a catalogue, and what is wrong with what they sent.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::{JsonBody, Problem, ValidationError, read_json};

const MAX_BODY_BYTES: usize = 64 * 1024;
const MAX_NAME_CHARACTERS: usize = 255;
const MAX_DESCRIPTION_CHARACTERS: usize = 10_000;
/// The greatest number of a `decimal(10,2)`.
const MAX_PRICE: f64 = 99_999_999.99;

/// An item's changeable fields, valid for a table with the columns `name varchar(255)`, `description text` and
/// `price decimal(10,2)`.
///
/// ```json
/// {"name": "Wireless Mouse", "description": null, "price": 29.99}
/// ```
/// `description` may be left out; unknown fields are ignored.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemInput {
    /// 1 to 255 characters.
    pub name: String,
    /// At most 10 000 characters.
    pub description: Option<String>,
    /// 0 to 99 999 999.99, not yet rounded.
    pub price: f64,
}

impl<S: Send + Sync> FromRequest<S> for ItemInput {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let JsonBody(body) = read_json(request, MAX_BODY_BYTES).await?;
        Self::from_json(body).map_err(ValidationError::into_response)
    }
}

impl ItemInput {
    /// The parameters of a statement with the item's id as `$1` and these fields behind it.
    #[cfg(feature = "postgres")]
    pub fn parameters<'p>(
        &'p self,
        id: &'p &str,
    ) -> [&'p (dyn tokio_postgres::types::ToSql + Sync); 4] {
        [id, &self.name, &self.description, &self.price]
    }

    fn from_json(body: Value) -> Result<Self, ValidationError> {
        let fields = item_fields(body)?;
        let mut problems = Vec::new();
        let name = item_name(&fields);
        let description = check_description(fields.get("description"));
        let price = item_price(&fields);
        let mut keep = |problem: Box<Problem>| problems.push(*problem);
        let name = name.map_err(&mut keep).ok();
        let description = description.map_err(&mut keep).ok();
        let price = price.map_err(&mut keep).ok();
        match (name, description, price) {
            (Some(name), Some(description), Some(price)) => Ok(Self {
                name,
                description,
                price,
            }),
            _ => Err(ValidationError::new(problems)),
        }
    }
}

/// The fields of an item.
///
/// # Errors
/// The body is something else.
pub fn item_fields(body: Value) -> Result<Map<String, Value>, ValidationError> {
    let Value::Object(fields) = body else {
        let msg = "Input should be a JSON object";
        return Err(Problem::body("model_attributes_type", msg, body).into());
    };
    Ok(fields)
}

/// The field `name`, for a `varchar(255)`.
///
/// # Errors
/// Not there, no text, empty, too long or with a NUL.
pub fn item_name(fields: &Map<String, Value>) -> Result<String, Box<Problem>> {
    required_field(fields, "name").and_then(check_name)
}

/// The field `price`, for a `decimal(10,2)`; not yet rounded.
///
/// # Errors
/// Not there, no number or out of range.
pub fn item_price(fields: &Map<String, Value>) -> Result<f64, Box<Problem>> {
    required_field(fields, "price").and_then(check_price)
}

/// A field that must be there.
///
/// # Errors
/// It is not.
pub fn required_field<'f>(
    fields: &'f Map<String, Value>,
    name: &str,
) -> Result<&'f Value, Box<Problem>> {
    fields.get(name).ok_or_else(|| {
        let input = Value::Object(fields.clone());
        Box::new(Problem::field(name, "missing", "Field required", input))
    })
}

fn check_name(value: &Value) -> Result<String, Box<Problem>> {
    let problem = |kind, msg: &str| Box::new(Problem::field("name", kind, msg, value.clone()));
    let name = value
        .as_str()
        .ok_or_else(|| problem("string_type", "Input should be a valid string"))?;
    check_text("name", name, MAX_NAME_CHARACTERS)?;
    if name.is_empty() {
        return Err(problem(
            "string_too_short",
            "String should have at least 1 character",
        ));
    }
    Ok(name.to_owned())
}

fn check_description(value: Option<&Value>) -> Result<Option<String>, Box<Problem>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            check_text("description", text, MAX_DESCRIPTION_CHARACTERS)?;
            Ok(Some(text.clone()))
        }
        Some(other) => Err(Box::new(Problem::field(
            "description",
            "string_type",
            "Input should be a valid string",
            other.clone(),
        ))),
    }
}

fn check_text(field: &str, text: &str, max_characters: usize) -> Result<(), Box<Problem>> {
    let problem = |kind, msg: String| Box::new(Problem::field(field, kind, msg, text.into()));
    if text.contains('\0') {
        return Err(problem(
            "value_error",
            "String should not contain NUL".to_owned(),
        ));
    }
    if text.chars().count() > max_characters {
        let msg = format!("String should have at most {max_characters} characters");
        return Err(problem("string_too_long", msg));
    }
    Ok(())
}

fn check_price(value: &Value) -> Result<f64, Box<Problem>> {
    let problem = |kind, msg: &str| Problem::field("price", kind, msg, value.clone());
    match value.as_f64() {
        Some(price) => price_in_range(price, problem),
        None => Err(Box::new(problem(
            "float_type",
            "Input should be a valid number",
        ))),
    }
}

/// A price that the column can hold, or what `problem` makes of it.
///
/// # Errors
/// Not finite, below 0 or above 99 999 999.99.
pub fn price_in_range(
    price: f64,
    problem: impl FnOnce(&'static str, &str) -> Problem,
) -> Result<f64, Box<Problem>> {
    if !price.is_finite() {
        return Err(Box::new(problem(
            "finite_number",
            "Input should be a finite number",
        )));
    }
    if price < 0.0 {
        let msg = "Input should be greater than or equal to 0";
        return Err(Box::new(problem("greater_than_equal", msg)));
    }
    if price > MAX_PRICE {
        let msg = format!("Input should be less than or equal to {MAX_PRICE}");
        return Err(Box::new(problem("less_than_equal", &msg)));
    }
    Ok(price.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn accepted(body: Value) -> ItemInput {
        ItemInput::from_json(body).unwrap()
    }

    /// The `loc` and `type` of each problem.
    #[track_caller]
    fn refused(body: &Value, expected: &[(&str, &str)]) {
        let error = ItemInput::from_json(body.clone()).unwrap_err();
        let problems = serde_json::to_value(error.problems()).unwrap();
        let found: Vec<_> = problems
            .as_array()
            .unwrap()
            .iter()
            .map(|problem| {
                let place = problem["loc"]
                    .as_array()
                    .unwrap()
                    .last()
                    .unwrap()
                    .as_str()
                    .unwrap();
                (
                    place.to_owned(),
                    problem["type"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn limits_are_inclusive_and_unknown_fields_ignored() {
        let input = accepted(json!({"name": "é".repeat(255), "price": 0, "more": [1]}));
        assert_eq!((input.description, input.price), (None, 0.0));
        let input = accepted(
            json!({"name": "n", "description": "d".repeat(10_000), "price": 99_999_999.99}),
        );
        assert!(input.price > 99_999_999.98);
        assert!(
            accepted(json!({"name": "n", "price": -0.0}))
                .price
                .is_sign_positive()
        );
    }

    #[test]
    fn every_wrong_field_is_said_at_once() {
        refused(&json!({}), &[("name", "missing"), ("price", "missing")]);
        refused(
            &json!({"name": 1, "description": 2, "price": "3"}),
            &[
                ("name", "string_type"),
                ("description", "string_type"),
                ("price", "float_type"),
            ],
        );
        refused(
            &json!({"name": null, "price": null}),
            &[("name", "string_type"), ("price", "float_type")],
        );
    }

    #[test]
    fn what_the_table_cannot_hold_is_refused() {
        refused(
            &json!({"name": "", "price": 1}),
            &[("name", "string_too_short")],
        );
        refused(
            &json!({"name": "é".repeat(256), "price": 1}),
            &[("name", "string_too_long")],
        );
        refused(
            &json!({"name": "a\0b", "price": 1}),
            &[("name", "value_error")],
        );
        refused(
            &json!({"name": "n", "description": "\0", "price": 1}),
            &[("description", "value_error")],
        );
        refused(
            &json!({"name": "n", "description": "d".repeat(10_001), "price": 1}),
            &[("description", "string_too_long")],
        );
        refused(
            &json!({"name": "n", "price": -0.01}),
            &[("price", "greater_than_equal")],
        );
        refused(
            &json!({"name": "n", "price": 1e8}),
            &[("price", "less_than_equal")],
        );
        refused(
            &json!({"name": "n", "price": true}),
            &[("price", "float_type")],
        );
        refused(&json!([1]), &[("body", "model_attributes_type")]);
        refused(&json!(null), &[("body", "model_attributes_type")]);
    }
}
