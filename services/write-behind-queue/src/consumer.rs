//! The worker's side: entries are claimed, then settled; in between they stay in Redis.
//!
//! One worker at a time is the owner. To everybody else, and to all after a wipe, Redis says so.

use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{Cmd, RedisResult};
use service_kit::{Arguments, RedisClient, RedisClientError, Script};

use crate::keys::{
    CACHE_PREFIX, CACHE_SECONDS, DEAD_LETTERS, ORIGINS, OWNER, PENDING, PROCESSING, QUEUE, TAKEN,
    TOMBSTONE_PREFIX, TOMBSTONE_SECONDS,
};

/// Keys: owner, queue, processing, origins, taken. Arguments: the new owner. What another one had claimed waits again.
const TAKE_OVER: &str = r"
redis.call('SET', KEYS[1], ARGV[1])
local count = 0
while redis.call('LMOVE', KEYS[3], KEYS[2], 'RIGHT', 'LEFT') do
  count = count + 1
end
if count > 0 then
  redis.call('DECRBY', KEYS[5], count)
end
return count
";

/// The same for what the owner itself has claimed.
const HAND_BACK: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local count = 0
while redis.call('LMOVE', KEYS[3], KEYS[2], 'RIGHT', 'LEFT') do
  count = count + 1
end
if count > 0 then
  redis.call('DECRBY', KEYS[5], count)
end
return count
";

/// Keys: as before. Arguments: owner, entries it has, entries to claim at most. Entries that are claimed already, and
/// that it does not have, come first: they are those of a claim whose answer was lost.
const CLAIM: &str = r"
local has = tonumber(ARGV[2])
local claimed = redis.call('LLEN', KEYS[3])
if redis.call('GET', KEYS[1]) ~= ARGV[1] or claimed < has then
  return false
end
local waiting = redis.call('LLEN', KEYS[2])
local count = math.min(waiting, has + tonumber(ARGV[3]) - claimed)
for _ = 1, count do
  redis.call('LMOVE', KEYS[2], KEYS[3], 'LEFT', 'RIGHT')
end
if count > 0 then
  redis.call('INCRBY', KEYS[5], count)
end
local texts = redis.call('LRANGE', KEYS[3], has, -1)
local origins = {}
local are_known = redis.call('EXISTS', KEYS[4]) == 1
for i, text in ipairs(texts) do
  origins[i] = are_known and redis.call('HGET', KEYS[4], redis.sha1hex(text)) or ''
end
return {waiting, texts, origins}
";

/// Keys: owner, processing, pending, dead letters, origins. Arguments: owner, prefix of cached products, their seconds,
/// prefix of tombstones, their seconds, then for each entry its text, its id or nothing, and its dead letter
/// or nothing. An entry goes only once its dead letter is kept. With the last of a product's writes its cache entry
/// and its tombstone begin to expire. The entries are mostly those that were claimed first, in their order.
const SETTLE: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return false
end
local settled = 0
local are_known = redis.call('EXISTS', KEYS[5]) == 1
for i = 6, #ARGV, 3 do
  local text, id, letter = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local is_first = redis.call('LINDEX', KEYS[2], 0) == text
  if is_first or redis.call('LPOS', KEYS[2], text) then
    if letter ~= '' then
      redis.call('RPUSH', KEYS[4], letter)
    end
    if is_first then
      redis.call('LPOP', KEYS[2])
    else
      redis.call('LREM', KEYS[2], 1, text)
    end
    settled = settled + 1
    if are_known then
      redis.call('HDEL', KEYS[5], redis.sha1hex(text))
    end
    if id ~= '' and redis.call('HINCRBY', KEYS[3], id, -1) <= 0 then
      redis.call('HDEL', KEYS[3], id)
      redis.call('EXPIRE', ARGV[2] .. id, ARGV[3])
      redis.call('EXPIRE', ARGV[4] .. id, ARGV[5])
    end
  end
end
return settled
";

/// A handle on the queue, for who drains it.
#[derive(Debug)]
pub struct Consumer {
    redis: RedisClient<ConnectionManager>,
    owner: String,
    take_over: Script,
    hand_back: Script,
    claim: Script,
    settle: Script,
}

/// What a claim gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Claim {
    /// Entries that waited before it.
    pub queue_size: u64,
    /// The texts claimed, oldest first.
    pub texts: Vec<Vec<u8>>,
    /// For each, the `traceparent` of the span that queued it; empty where there was none.
    pub origins: Vec<String>,
}

/// An entry that is done with.
#[derive(Debug)]
pub struct Settled<'e> {
    /// As it stood in the queue.
    pub text: &'e [u8],
    /// Its product, if it has one.
    pub id: Option<&'e str>,
    /// What to keep of it, if it was given up.
    pub dead_letter: Option<String>,
}

impl Consumer {
    /// Connects in the background. `owner` must be a name that no other consumer has.
    ///
    /// # Errors
    /// `url` is not one of Redis.
    pub fn open(url: &str, patience: Duration, owner: String) -> RedisResult<Self> {
        Ok(Self {
            redis: RedisClient::open(url, patience)?,
            owner,
            take_over: Script::new(TAKE_OVER),
            hand_back: Script::new(HAND_BACK),
            claim: Script::new(CLAIM),
            settle: Script::new(SETTLE),
        })
    }

    /// Becomes the owner; what was claimed waits again, at the head and in its order. Gives how many entries
    /// that were.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn take_over(&self) -> Result<u64, RedisClientError> {
        self.redis.run(&self.take_over, &self.lists()).await
    }

    /// Puts what is claimed back at the head of the queue, in its order; gives how many entries that were.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn hand_back(&self) -> Result<u64, RedisClientError> {
        self.redis.run(&self.hand_back, &self.lists()).await
    }

    /// Claims up to `count` entries after the `has` that are claimed and not settled yet; `None` for who is not the
    /// owner, or does not have so many.
    ///
    /// # Errors
    /// Redis does not answer; the entries are claimed all the same, and the next claim has them.
    pub async fn claim(&self, has: usize, count: usize) -> Result<Option<Claim>, RedisClientError> {
        let mut arguments = self.lists();
        arguments.add(has);
        arguments.add(count);
        let claimed: Option<(u64, Vec<Vec<u8>>, Vec<String>)> =
            self.redis.run(&self.claim, &arguments).await?;
        Ok(claimed.map(|(queue_size, texts, origins)| Claim {
            queue_size,
            texts,
            origins,
        }))
    }

    /// Removes claimed entries for good, keeping the dead letters of those that were given up; gives how many
    /// there still were. `None` for who is not the owner.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn settle(&self, entries: &[Settled<'_>]) -> Result<Option<u64>, RedisClientError> {
        let keys = [OWNER, PROCESSING, PENDING, DEAD_LETTERS, ORIGINS].map(str::to_owned);
        let mut arguments = Arguments::new(keys);
        arguments.add(self.owner.as_str());
        arguments.add(CACHE_PREFIX);
        arguments.add(CACHE_SECONDS);
        arguments.add(TOMBSTONE_PREFIX);
        arguments.add(TOMBSTONE_SECONDS);
        for entry in entries {
            arguments.add(entry.text);
            arguments.add(entry.id.unwrap_or_default());
            arguments.add(entry.dead_letter.as_deref().unwrap_or_default());
        }
        self.redis.run(&self.settle, &arguments).await
    }

    /// Entries that wait.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn queue_size(&self) -> Result<u64, RedisClientError> {
        self.redis.query(&Cmd::llen(QUEUE)).await
    }

    fn lists(&self) -> Arguments {
        let keys = [OWNER, QUEUE, PROCESSING, ORIGINS, TAKEN];
        let mut arguments = Arguments::new(keys.map(str::to_owned));
        arguments.add(self.owner.as_str());
        arguments
    }
}
