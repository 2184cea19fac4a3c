//! What Redis must do in one step.
//!
//! Every product has a *generation* beside its cache key. A reader notes it before it reads the database
//! and its fill counts only if the generation is still the same; a write bumps it as it drops the key. So
//! a row that was read before the write cannot get into the cache after it.
//!
//! `INCRBY 0` reads a generation without touching the server's hit and miss counters. A generation that
//! is not there begins at a random number, so one that was lost, with Redis or by its expiry, is never
//! taken for the one that was noted. The scripts run with the same outcome twice, so they can be retried.

use service_kit::Script;

/// Keys: generation. Arguments: a random number from 1, expiry in seconds. Returns the generation.
const NOTE: &str = r"
local generation = redis.call('INCRBY', KEYS[1], 0)
if generation == 0 then
  generation = redis.call('INCRBY', KEYS[1], ARGV[1])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return generation
";

/// Keys: product, generation. Arguments: the noted generation, time to live in seconds, value.
/// Returns whether the value was stored.
const FILL: &str = r"
local generation = redis.call('INCRBY', KEYS[2], 0)
if generation == 0 then
  redis.call('DEL', KEYS[2])
end
if generation ~= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[2])
return 1
";

/// Keys: product, generation. Arguments: expiry of the generation in seconds.
/// Returns whether the product was cached.
const INVALIDATE: &str = r"
redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
";

/// The scripts, hashed once.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) note: Script,
    pub(super) fill: Script,
    pub(super) invalidate: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            note: Script::new(NOTE),
            fill: Script::new(FILL),
            invalidate: Script::new(INVALIDATE),
        }
    }
}
