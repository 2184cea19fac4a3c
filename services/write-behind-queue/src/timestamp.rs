//! Points in time as text.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_A_DAY: u64 = 86_400;

/// `2024-05-01T12:00:00.123456+00:00`; a time before 1970 is its first instant.
pub fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (
        since.as_secs() / SECONDS_A_DAY,
        since.as_secs() % SECONDS_A_DAY,
    );
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+00:00")
}

/// `1714564800.123456`: Unix seconds to the microsecond, which come back from JSON digit by digit. A time before
/// 1970 is 0.
///
/// # Panics
/// Never: digits with a point between them are a number.
pub fn unix_seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let digits = format!("{}.{:06}", since.as_secs(), since.subsec_micros());
    digits.parse().expect("digits with a point between them")
}

/// Year, month and day, so many days after 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let february = if days_of(year) == 366 { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn days_of(year: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if is_leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[track_caller]
    fn check(seconds: u64, micros: u64, text: &str) {
        let since = Duration::from_secs(seconds) + Duration::from_micros(micros);
        assert_eq!(utc(UNIX_EPOCH + since), text);
    }

    #[test]
    fn times_have_six_digits_and_an_offset() {
        check(0, 0, "1970-01-01T00:00:00.000000+00:00");
        check(951_782_400, 1, "2000-02-29T00:00:00.000001+00:00");
        check(1_709_251_199, 999_999, "2024-02-29T23:59:59.999999+00:00");
        check(1_735_689_599, 0, "2024-12-31T23:59:59.000000+00:00");
        check(4_107_542_400, 0, "2100-03-01T00:00:00.000000+00:00");
    }

    #[test]
    fn seconds_come_back_from_json_digit_by_digit() {
        for micros in (0..1_000_000).step_by(997) {
            let time =
                UNIX_EPOCH + Duration::from_secs(1_764_140_000) + Duration::from_micros(micros);
            let text = serde_json::to_string(&unix_seconds(time)).unwrap();
            let again: f64 = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), text);
        }
    }
}
