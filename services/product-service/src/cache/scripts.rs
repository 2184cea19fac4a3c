//! What Redis must do in one step.
//!
//! Every product has a *generation* beside its cache key. A reader notes it before it reads the database
//! and its fill counts only if the generation is still the same; a write bumps it as it drops the key. So
//! a row that was read before the write cannot get into the cache after it.
//!
//! `INCRBY 0` reads a generation without touching the server's hit and miss counters. A generation that
//! is not there begins at a random number, so one that was lost, with Redis or by its expiry, is never
//! taken for the one that was noted. The scripts run with the same outcome twice, so they can be retried.

use redis::{Cmd, ToRedisArgs};

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

/// A script and the hash by which Redis knows it, once it has seen its text.
#[derive(Debug)]
pub(super) struct Script(redis::Script, &'static str);

/// What a script is run with.
#[derive(Debug)]
pub(super) struct Arguments {
    key_count: usize,
    packed: Vec<Vec<u8>>,
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

impl Script {
    fn new(text: &'static str) -> Self {
        Self(redis::Script::new(text), text)
    }

    pub(super) fn by_hash(&self, arguments: &Arguments) -> Cmd {
        arguments.after("EVALSHA", self.0.get_hash())
    }

    pub(super) fn by_text(&self, arguments: &Arguments) -> Cmd {
        arguments.after("EVAL", self.1)
    }
}

impl Arguments {
    pub(super) fn new<const N: usize>(keys: [String; N]) -> Self {
        Self {
            key_count: N,
            packed: keys.into_iter().map(String::into_bytes).collect(),
        }
    }

    pub(super) fn add(&mut self, argument: impl ToRedisArgs) {
        argument.write_redis_args(&mut self.packed);
    }

    fn after(&self, verb: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(verb);
        command.arg(script).arg(self.key_count).arg(&self.packed);
        command
    }
}
