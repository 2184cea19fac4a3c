//! The contents: keys and values in the order of their insertion, with a snapshot that costs nothing.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use imbl::{HashMap, OrdMap};
use serde_json::value::RawValue;

/// Keys and values. A key that is updated keeps its place; one that was removed and is set again goes to the end.
///
/// Persistent: a clone takes the same time whatever the size, and shares what neither side changes afterwards. So a
/// checkpoint or a listing reads its own clone while writers go on.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// A map and not a set, as only a map gives back the key it holds.
    by_key: HashMap<ByKey, ()>,
    by_position: OrdMap<u64, Arc<Entry>>,
    next_position: u64,
}

/// One key and its value.
#[derive(Debug)]
pub struct Entry {
    position: u64,
    key: Box<str>,
    value: Box<RawValue>,
}

#[derive(Debug, Clone)]
struct ByKey(Arc<Entry>);

impl Map {
    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Arc<Entry>> {
        let (ByKey(entry), ()) = self.by_key.get_key_value(key)?;
        Some(entry)
    }

    /// Whether there is such a key.
    pub fn contains(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// Gives `key` this value.
    pub fn set(&mut self, key: Box<str>, value: Box<RawValue>) -> Arc<Entry> {
        let position = match self.get(&key) {
            Some(entry) => entry.position,
            None => self.next_position,
        };
        self.next_position = self.next_position.max(position + 1);
        let entry = Arc::new(Entry {
            position,
            key,
            value,
        });
        self.by_key.insert(ByKey(Arc::clone(&entry)), ());
        self.by_position.insert(position, Arc::clone(&entry));
        entry
    }

    /// Takes `key` away, if it is there.
    pub fn remove(&mut self, key: &str) {
        if let Some((ByKey(entry), ())) = self.by_key.remove_with_key(key) {
            self.by_position.remove(&entry.position);
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.by_position.values().map(|entry| &**entry)
    }

    /// The entries in order from a place on, see [`Entry::position`].
    pub fn from_position(&self, position: u64) -> impl Iterator<Item = &Entry> {
        self.by_position
            .range(position..)
            .map(|(_, entry)| &**entry)
    }
}

impl Entry {
    /// The place in the order of insertion; rises from entry to entry, with gaps.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value's JSON text.
    pub fn value(&self) -> &RawValue {
        &self.value
    }
}

impl Borrow<str> for ByKey {
    fn borrow(&self) -> &str {
        &self.0.key
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for ByKey {}

impl Hash for ByKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(map: &mut Map, key: &str, value: &str) {
        let value = RawValue::from_string(value.to_owned()).unwrap();
        map.set(key.into(), value);
    }

    #[track_caller]
    fn check(map: &Map, expected: &str) {
        let shown: Vec<_> = map
            .iter()
            .map(|entry| format!("{}={}", entry.key(), entry.value()))
            .collect();
        assert_eq!(shown.join(" "), expected);
        assert_eq!((map.len(), map.is_empty()), (shown.len(), shown.is_empty()));
        for entry in map.iter() {
            let found = map.get(entry.key()).unwrap();
            assert!(std::ptr::eq(&raw const **found, entry), "{}", entry.key());
        }
    }

    #[test]
    fn an_update_keeps_its_place_and_a_key_set_again_goes_to_the_end() {
        let mut map = Map::default();
        check(&map, "");
        for (key, value) in [("a", "1"), ("b", "2"), ("c", "3"), ("b", "[4]")] {
            set(&mut map, key, value);
        }
        check(&map, "a=1 b=[4] c=3");
        map.remove("a");
        map.remove("missing");
        assert!(!map.contains("a") && map.get("a").is_none());
        set(&mut map, "a", "null");
        check(&map, "b=[4] c=3 a=null");
    }

    #[test]
    fn a_clone_stays_as_it_was() {
        let mut map = Map::default();
        (0..1000).for_each(|n| set(&mut map, &n.to_string(), "1"));
        let snapshot = map.clone();
        (0..1000).for_each(|n| set(&mut map, &n.to_string(), "2"));
        (0..1000)
            .step_by(2)
            .for_each(|n| map.remove(&n.to_string()));
        assert!(snapshot.iter().all(|entry| entry.value().get() == "1"));
        let keys: Vec<_> = snapshot.iter().map(Entry::key).collect();
        assert_eq!(keys, (0..1000).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!((snapshot.len(), map.len()), (1000, 500));
    }

    #[test]
    fn a_listing_goes_on_where_it_stopped() {
        let mut map = Map::default();
        (0..5).for_each(|n| set(&mut map, &n.to_string(), "1"));
        map.remove("2");
        let second = map.iter().nth(1).unwrap().position();
        let rest: Vec<_> = map.from_position(second + 1).map(Entry::key).collect();
        assert_eq!(rest, ["3", "4"]);
    }
}
