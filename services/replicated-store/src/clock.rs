//! The time of day, as the wire has it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// Seconds since 1970, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Timestamp(pub(crate) f64);

impl Timestamp {
    pub(crate) fn now() -> Self {
        let passed = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = passed.unwrap_or_default().as_secs_f64();
        Self((seconds * 1e6).round() / 1e6)
    }

    /// Milliseconds from this to now, to two decimals; a clock that is ahead gives none.
    pub(crate) fn age_ms(self) -> f64 {
        rounded((Self::now().0 - self.0) * 1000.0).max(0.0)
    }
}

/// To two decimals.
pub(crate) fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 100.0).round() / 100.0
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(passed.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// A number that is the integer 0 where there is none.
#[expect(clippy::ref_option, reason = "what serde calls it with")]
pub(crate) fn or_zero<S: Serializer>(
    number: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => number.serialize(serializer),
        None => 0.serialize(serializer),
    }
}
