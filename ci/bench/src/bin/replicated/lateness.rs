//! How much later than its delay a replica has what was written.

use std::fmt;
use std::time::{Duration, SystemTime};

use labctl_bench::{Failure, Server};
use serde_json::Value;

/// What was seen of one replica.
pub(crate) struct Lateness {
    delay: Duration,
    /// When the last write was that the replica is known to have.
    has: Option<SystemTime>,
    /// For each other state seen the time beyond the delay, in milliseconds, of the oldest write that is new in it.
    late_ms: Vec<f64>,
}

impl Lateness {
    pub(crate) fn behind(delay: Duration) -> Self {
        Self {
            delay,
            has: None,
            late_ms: Vec::new(),
        }
    }

    /// Looks at what the replica has now. With writes at every moment, the oldest that is new in it was made right after
    /// the newest that was seen before; it has come by now, or a little earlier. So nothing is later than is told here.
    pub(crate) fn look(&mut self, replica: &Server) -> Result<(), Failure> {
        let answer = replica.get("/version")?;
        let now = SystemTime::now();
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("no body")?;
        let body: Value = serde_json::from_str(body)?;
        let written = body["write_timestamp"].as_f64().ok_or("no time in it")?;
        // Before the first write it is 0.
        if written == 0.0 {
            return Ok(());
        }
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(written);
        if self.has == Some(written) {
            return Ok(());
        }
        if let Some(before) = self.has.replace(written) {
            let took = now.duration_since(before)?;
            let late = took.as_secs_f64() - self.delay.as_secs_f64();
            self.late_ms.push(late * 1000.0);
        }
        Ok(())
    }

    fn at(&self, percent: usize) -> f64 {
        let mut sorted = self.late_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let place = sorted.len() * percent / 100;
        let last = sorted.len().saturating_sub(1);
        sorted.get(place.min(last)).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "replica, {} ms    {} states, late by {:.0} ms, 99 of 100 by {:.0}, the worst by {:.0} (asked: 100)",
            self.delay.as_millis(),
            self.late_ms.len(),
            self.at(50),
            self.at(99),
            self.at(100)
        )
    }
}
