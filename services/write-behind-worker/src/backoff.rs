//! Pauses between attempts at a store that is not there.

use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(10);

/// Each pause is twice the one before, up to ten seconds.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration) -> Self {
        let first = first.min(LONGEST);
        Self { first, next: first }
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }

    /// After a success.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(500));
        let pauses = std::array::from_fn(|_| backoff.pause().as_millis());
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.pause().as_millis(), 500);
        assert_eq!(Backoff::new(Duration::from_mins(1)).pause(), LONGEST);
    }
}
