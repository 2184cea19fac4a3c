//! All keys, in the order of their insertion.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::map::Map;
use crate::state::AppState;

/// A listing is sent in parts of about this size, so that a long one is never whole in memory.
const PART_BYTES: usize = 64 << 10;

/// GET `/kv`
pub(crate) async fn list(State(state): State<AppState>) -> Response {
    let mut parts = Parts::new(state.store.snapshot(), PART_BYTES);
    let first = parts.next().unwrap_or_default();
    let body = if parts.is_done {
        Body::from(first)
    } else {
        Body::from_stream(stream::iter(
            [first]
                .into_iter()
                .chain(parts)
                .map(Ok::<_, std::io::Error>),
        ))
    };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The listing `{"data":{…},"count":N}` of a snapshot, part by part.
#[derive(Debug)]
struct Parts {
    contents: Map,
    part_bytes: usize,
    next_position: u64,
    has_begun: bool,
    is_done: bool,
}

impl Parts {
    fn new(contents: Map, part_bytes: usize) -> Self {
        Self {
            contents,
            part_bytes,
            next_position: 0,
            has_begun: false,
            is_done: false,
        }
    }
}

impl Iterator for Parts {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.is_done {
            return None;
        }
        let mut text = Vec::with_capacity(1024);
        if !self.has_begun {
            text.extend_from_slice(br#"{"data":{"#);
        }
        for entry in self.contents.from_position(self.next_position) {
            if std::mem::replace(&mut self.has_begun, true) {
                text.push(b',');
            }
            serde_json::to_writer(&mut text, entry.key()).expect("a key is a JSON string");
            text.push(b':');
            text.extend_from_slice(entry.value().get().as_bytes());
            self.next_position = entry.position() + 1;
            if text.len() >= self.part_bytes {
                return Some(text.into());
            }
        }
        self.is_done = true;
        text.extend_from_slice(format!(r#"}},"count":{}}}"#, self.contents.len()).as_bytes());
        Some(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn parts_of_any_size_are_one_listing() {
        let mut contents = Map::default();
        let empty: Vec<Bytes> = Parts::new(contents.clone(), 1).collect();
        assert_eq!(empty.concat(), br#"{"data":{},"count":0}"#);
        for key in ["b", "\"", "ü"] {
            contents.set(key.into(), RawValue::NULL.to_owned());
        }
        let whole = r#"{"data":{"b":null,"\"":null,"ü":null},"count":3}"#;
        for (part_bytes, parts) in [(1, 4), (30, 2), (1000, 1)] {
            let found: Vec<Bytes> = Parts::new(contents.clone(), part_bytes).collect();
            assert_eq!((found.len(), found.concat()), (parts, whole.into()));
        }
    }
}
