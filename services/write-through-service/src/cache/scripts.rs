//! What Redis must do in one step.
//!
//! Beside each copy lies the newest *version* of its item that Redis has heard of, and a copy of an older one
//! is refused: two writers may arrive in the wrong order, and a reader with a row from before a write. A
//! deleted item has the greatest version there is. A version outlives every request that was under way when
//! it was written.
//!
//! All copies belong to an *epoch*, a number that changes when they are all thrown away. What was sent before
//! that and arrives after it is refused as well.
//!
//! `INCRBY 0` reads a number without touching the server's hit and miss counters. The scripts run with the
//! same outcome twice, so they can be retried.

use service_kit::Script;

/// Keys: copy, version, epoch. Arguments: epoch, version, its expiry in seconds, the copy's, the copy.
/// Returns -1 for another epoch, 0 if a newer version is known, else 1.
const STORE: &str = r"
if redis.call('INCRBY', KEYS[3], 0) ~= tonumber(ARGV[1]) then
  return -1
end
if redis.call('INCRBY', KEYS[2], 0) > tonumber(ARGV[2]) then
  return 0
end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
redis.call('SET', KEYS[1], ARGV[5], 'EX', ARGV[4])
return 1
";

/// Keys: copy, version, epoch. Arguments: epoch, greatest version, its expiry in seconds.
/// Returns -1 for another epoch, else whether there was a copy.
const DROP: &str = r"
if redis.call('INCRBY', KEYS[3], 0) ~= tonumber(ARGV[1]) then
  return -1
end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
return redis.call('DEL', KEYS[1])
";

/// The scripts, hashed once.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) store: Script,
    pub(super) drop: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            store: Script::new(STORE),
            drop: Script::new(DROP),
        }
    }
}
