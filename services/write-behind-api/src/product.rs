//! A product as it is sent, and as it is answered.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use service_kit::{
    ApiError, JsonBody, Problem, ValidationError, item_fields, item_name, item_price, read_json,
    required_field,
};
use write_behind_queue::Product;

const MAX_BODY_BYTES: usize = 64 * 1024;

/// What a caller may set.
///
/// ```json
/// {"name": "Demo Widget", "price": 29.99, "quantity": 100}
/// ```
/// All three are required; unknown fields are ignored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProductInput {
    /// 1 to 255 characters.
    pub(crate) name: String,
    /// 0 to 99 999 999.99, rounded to two decimals.
    pub(crate) price: f64,
    /// From 0.
    pub(crate) quantity: i32,
}

/// The answer of every route that gives a product.
///
/// ```json
/// {"id": "…", "name": "…", "price": 29.99, "quantity": 100, "created_at": "…", "updated_at": "…", "source": "cache"}
/// ```
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    #[serde(flatten)]
    product: Product,
    source: Source,
}

/// Where a product comes from.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Cache,
    Database,
}

impl<S: Send + Sync> FromRequest<S> for ProductInput {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let JsonBody(body) = read_json(request, MAX_BODY_BYTES).await?;
        Self::from_json(body).map_err(ValidationError::into_response)
    }
}

impl ProductInput {
    fn from_json(body: Value) -> Result<Self, ValidationError> {
        let fields = item_fields(body)?;
        let mut problems = Vec::new();
        let mut keep = |problem: Box<Problem>| problems.push(*problem);
        let name = item_name(&fields).map_err(&mut keep).ok();
        let price = item_price(&fields).map_err(&mut keep).ok();
        let quantity = required_field(&fields, "quantity").and_then(check_quantity);
        let quantity = quantity.map_err(&mut keep).ok();
        match (name, price, quantity) {
            (Some(name), Some(price), Some(quantity)) => Ok(Self {
                name,
                price: (price * 100.0).round() / 100.0,
                quantity,
            }),
            _ => Err(ValidationError::new(problems)),
        }
    }

    /// The product with these values.
    pub(crate) fn into_product(
        self,
        id: String,
        created_at: String,
        updated_at: String,
    ) -> Product {
        Product {
            id,
            name: self.name,
            price: self.price,
            quantity: self.quantity,
            created_at,
            updated_at,
        }
    }
}

/// A number without a fraction, in the range of the column.
fn check_quantity(value: &Value) -> Result<i32, Box<Problem>> {
    let problem = |kind, msg: &str| Box::new(Problem::field("quantity", kind, msg, value.clone()));
    let number = value
        .as_f64()
        .ok_or_else(|| problem("int_type", "Input should be a valid integer"))?;
    if number.fract() != 0.0 {
        let msg = "Input should be a valid integer, got a number with a fractional part";
        return Err(problem("int_from_float", msg));
    }
    if number < 0.0 {
        let msg = "Input should be greater than or equal to 0";
        return Err(problem("greater_than_equal", msg));
    }
    if number > f64::from(i32::MAX) {
        let msg = format!("Input should be less than or equal to {}", i32::MAX);
        return Err(problem("less_than_equal", &msg));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and within the range"
    )]
    let quantity = number as i32;
    Ok(quantity)
}

/// Answers with a product.
pub(crate) fn answer(product: Product, source: Source) -> Json<Answer> {
    Json(Answer { product, source })
}

/// The answer for a product that is not there.
pub(crate) fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Product not found")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn quantity(value: &Value, expected: Result<i32, &str>) {
        let found = check_quantity(value).map_err(|problem| {
            let problem = serde_json::to_value(&problem).unwrap();
            problem["type"].as_str().unwrap().to_owned()
        });
        assert_eq!(found, expected.map_err(str::to_owned), "{value}");
    }

    #[test]
    fn a_quantity_is_a_whole_number_that_the_column_holds() {
        quantity(&json!(0), Ok(0));
        quantity(&json!(-0.0), Ok(0));
        quantity(&json!(5.0), Ok(5));
        quantity(&json!(2_147_483_647), Ok(i32::MAX));
        quantity(&json!(2_147_483_648_u64), Err("less_than_equal"));
        quantity(&json!(u64::MAX), Err("less_than_equal"));
        quantity(&json!(-1), Err("greater_than_equal"));
        quantity(&json!(1.5), Err("int_from_float"));
        quantity(&json!("1"), Err("int_type"));
        quantity(&json!(true), Err("int_type"));
        quantity(&json!(null), Err("int_type"));
    }

    #[test]
    fn a_price_is_rounded_before_anybody_sees_it() {
        let body = json!({"name": "n", "price": 75.999, "quantity": 1, "more": []});
        assert!((ProductInput::from_json(body).unwrap().price - 76.0).abs() < f64::EPSILON);
    }

    #[test]
    fn every_wrong_field_is_said_at_once() {
        let error = ProductInput::from_json(json!({})).unwrap_err();
        assert_eq!(error.problems().len(), 3);
    }
}
