//! What Redis must do in one step.

use redis::{Cmd, ToRedisArgs};

/// A Lua script and the hash by which Redis knows it, once it has seen its text.
#[derive(Debug)]
pub struct Script {
    hashed: redis::Script,
    text: &'static str,
}

/// What a script is run with: its keys, then its arguments.
#[derive(Debug)]
pub struct Arguments {
    key_count: usize,
    packed: Vec<Vec<u8>>,
}

impl Script {
    /// Hashes `text`; to be done once, not for each run.
    pub fn new(text: &'static str) -> Self {
        Self {
            hashed: redis::Script::new(text),
            text,
        }
    }

    pub(super) fn by_hash(&self, arguments: &Arguments) -> Cmd {
        arguments.after("EVALSHA", self.hashed.get_hash())
    }

    pub(super) fn by_text(&self, arguments: &Arguments) -> Cmd {
        arguments.after("EVAL", self.text)
    }
}

impl Arguments {
    /// The script's `KEYS`.
    pub fn new<const N: usize>(keys: [String; N]) -> Self {
        Self {
            key_count: N,
            packed: keys.into_iter().map(String::into_bytes).collect(),
        }
    }

    /// The next of the script's `ARGV`.
    pub fn add(&mut self, argument: impl ToRedisArgs) {
        argument.write_redis_args(&mut self.packed);
    }

    fn after(&self, verb: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(verb);
        command.arg(script).arg(self.key_count).arg(&self.packed);
        command
    }
}
