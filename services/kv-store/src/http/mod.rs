//! One file for each route.

pub(crate) mod checkpoint;
pub(crate) mod clear;
pub(crate) mod crash;
pub(crate) mod delete;
pub(crate) mod health;
mod input;
mod key;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod read;
pub(crate) mod set;
pub(crate) mod stats;

pub(crate) use key::empty_key;

use axum::http::StatusCode;
use service_kit::ApiError;

use crate::store::WriteRefused;

fn refused(reason: WriteRefused) -> ApiError {
    let unavailable = |message| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message);
    match reason {
        WriteRefused::NoSpace => unavailable("No space left for the log: nothing was written"),
        WriteRefused::Failed => unavailable("The log cannot be written: nothing was changed"),
        WriteRefused::Stopped => unavailable("No writes are taken until a restart"),
        WriteRefused::TooLarge => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "Key and value are too large")
        }
    }
}
