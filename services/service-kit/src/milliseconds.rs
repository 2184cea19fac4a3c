//! Times as log lines say them.

use std::time::Duration;

/// Rounded to two decimals.
pub fn milliseconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 100_000.0).round() / 100.0
}
