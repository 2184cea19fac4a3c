//! A limit on how many requests there are at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Far more than a burst of callers; each keeps some kilobytes of memory until its turn.
const MOST: usize = 10_000;

/// How many requests there are at this moment.
#[derive(Debug, Default)]
pub struct UnderWay(AtomicUsize);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Entered<'u>(&'u UnderWay);

impl UnderWay {
    /// One more, unless there are too many.
    pub fn enter(&self) -> Option<Entered<'_>> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let entered = Entered(self);
        (before < MOST).then_some(entered)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_is_refused_until_another_has_left() {
        let under_way = UnderWay::default();
        let mut entered: Vec<_> = (0..MOST).map(|_| under_way.enter().unwrap()).collect();
        assert!(under_way.enter().is_none());
        assert!(under_way.enter().is_none());
        entered.pop();
        assert!(under_way.enter().is_some());
    }
}
