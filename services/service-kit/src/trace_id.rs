//! The id that ties a request's log lines to its caller's trace.

use std::fmt;

use axum::http::HeaderMap;

use crate::traces::current_trace_id;

/// 128 bits, shown as 32 hexadecimal digits; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(u128);

impl TraceId {
    /// None for zero, which is no id.
    pub(crate) fn new(bytes: [u8; 16]) -> Option<Self> {
        let mut id = 0;
        for byte in bytes {
            id = id << 8 | u128::from(byte);
        }
        (id != 0).then_some(Self(id))
    }

    /// The trace id of the span around the request, else that of the caller's `traceparent` header, else a random one.
    ///
    /// Source: <https://www.w3.org/TR/trace-context/#traceparent-header>
    pub fn of_request(headers: &HeaderMap) -> Self {
        let of_caller = || Self::from_traceparent(headers.get("traceparent")?.as_bytes());
        current_trace_id()
            .or_else(of_caller)
            .unwrap_or_else(|| Self(fastrand::u128(1..)))
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>`, lower case; later versions may add fields.
    fn from_traceparent(header: &[u8]) -> Option<Self> {
        let header = std::str::from_utf8(header).ok()?;
        let mut fields = header.split('-');
        let version = hex(fields.next()?, 2)?;
        let trace_id = hex(fields.next()?, 32)?;
        let parent_id = hex(fields.next()?, 16)?;
        hex(fields.next()?, 2)?;
        let has_more = fields.next().is_some();
        let is_valid = version != 0xff && trace_id != 0 && parent_id != 0;
        (is_valid && !(version == 0 && has_more)).then_some(Self(trace_id))
    }
}

fn hex(field: &str, digits: usize) -> Option<u128> {
    let is_lower_hex = field
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (field.len() == digits && is_lower_hex)
        .then(|| u128::from_str_radix(field, 16).ok())
        .flatten()
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";

    #[track_caller]
    fn check(header: &str, is_valid: bool) {
        let id = TraceId::from_traceparent(header.as_bytes()).map(|id| id.to_string());
        assert_eq!(id.as_deref(), is_valid.then_some(ID), "{header}");
    }

    #[test]
    fn the_callers_trace_id_is_kept_if_the_header_is_valid() {
        check(&format!("00-{ID}-b7ad6b7169203331-01"), true);
        check(&format!("01-{ID}-b7ad6b7169203331-01-more"), true);
        check(&format!("00-{ID}-b7ad6b7169203331-01-more"), false);
        check(&format!("ff-{ID}-b7ad6b7169203331-01"), false);
        check(&format!("00-{ID}-0000000000000000-01"), false);
        check(
            &format!("00-{}-b7ad6b7169203331-01", ID.to_uppercase()),
            false,
        );
        check(&format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), false);
        check(&format!("00-{ID}"), false);
        check("", false);
    }

    #[test]
    fn without_a_header_every_request_gets_its_own_32_digits() {
        let (one, other) = (HeaderMap::new(), HeaderMap::new());
        let (one, other) = (TraceId::of_request(&one), TraceId::of_request(&other));
        assert_ne!(one, other);
        assert_eq!(one.to_string().len(), 32);
    }
}
