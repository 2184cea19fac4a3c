//! The API's side: cache and queue change together.

use std::num::NonZeroU64;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{Cmd, RedisResult};
use service_kit::{Arguments, RedisClient, RedisClientError, Script, traceparent};

use crate::keys::{self, CACHE_SECONDS, ORIGINS, PENDING, QUEUE, TAKEN, TOMBSTONE_SECONDS};

/// Keys: cache, queue, pending, origins. Arguments: id, product, entry, limit of the queue, origin or nothing.
const CREATE: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[2] then
  return {'queued', redis.call('LLEN', KEYS[2])}
end
local limit = tonumber(ARGV[4])
if limit > 0 and redis.call('LLEN', KEYS[2]) >= limit then
  return {'full', redis.call('LLEN', KEYS[2])}
end
redis.call('SET', KEYS[1], ARGV[2])
local waiting = redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[4], redis.sha1hex(ARGV[3]), ARGV[5])
end
return {'queued', waiting}
";

/// Keys: cache, queue, pending, marker, tombstone, origins, taken, place. Arguments: id, product, entry up to its count,
/// limit of the queue, window in milliseconds or 0, origin or nothing. An entry that is not at its place with the
/// marker's text waits no more, and is joined no more. Of updates that are joined the last one's origin stays.
const UPDATE: &str = r"
if redis.call('EXISTS', KEYS[5]) == 1 then
  return {'deleted', redis.call('LLEN', KEYS[2])}
end
if redis.call('GET', KEYS[1]) == ARGV[2] and redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then
  return {'queued', redis.call('LLEN', KEYS[2])}
end
local window = tonumber(ARGV[5])
local taken = 0
if window > 0 then
  local found = redis.call('MGET', KEYS[7], KEYS[4], KEYS[8])
  local waiting, place = found[2], found[3]
  taken = tonumber(found[1] or 0)
  local index = place and place - taken or -1
  if index >= 0 and waiting and redis.call('LINDEX', KEYS[2], index) == waiting then
    local count = tonumber(string.match(waiting, '(%d+)}$'))
    local entry = ARGV[3] .. string.format('%d', count + 1) .. '}'
    redis.call('SET', KEYS[1], ARGV[2])
    redis.call('LSET', KEYS[2], index, entry)
    if redis.call('EXISTS', KEYS[6]) == 1 then
      redis.call('HDEL', KEYS[6], redis.sha1hex(waiting))
    end
    if ARGV[6] ~= '' then
      redis.call('HSET', KEYS[6], redis.sha1hex(entry), ARGV[6])
    end
    redis.call('SET', KEYS[4], entry, 'PX', window)
    redis.call('PEXPIRE', KEYS[8], window)
    return {'coalesced', redis.call('LLEN', KEYS[2])}
  end
end
local limit = tonumber(ARGV[4])
if limit > 0 and redis.call('LLEN', KEYS[2]) >= limit then
  return {'full', redis.call('LLEN', KEYS[2])}
end
local entry = ARGV[3] .. '1}'
redis.call('SET', KEYS[1], ARGV[2])
local waiting = redis.call('RPUSH', KEYS[2], entry)
redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[6], redis.sha1hex(entry), ARGV[6])
end
if window > 0 then
  redis.call('SET', KEYS[4], entry, 'PX', window)
  redis.call('SET', KEYS[8], string.format('%d', taken + waiting - 1), 'PX', window)
end
return {'queued', waiting}
";

/// Keys: as for an update. Arguments: id, entry, limit of the queue, origin or nothing.
const DELETE: &str = r"
local deleted = redis.call('GET', KEYS[5])
if deleted then
  return {deleted == ARGV[2] and 'queued' or 'deleted', redis.call('LLEN', KEYS[2])}
end
local limit = tonumber(ARGV[3])
if limit > 0 and redis.call('LLEN', KEYS[2]) >= limit then
  return {'full', redis.call('LLEN', KEYS[2])}
end
redis.call('DEL', KEYS[1], KEYS[4], KEYS[8])
redis.call('SET', KEYS[5], ARGV[2])
local waiting = redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[6], redis.sha1hex(ARGV[2]), ARGV[4])
end
return {'queued', waiting}
";

/// Keys: cache, pending, tombstone. Arguments: id, what was found or nothing, product, seconds.
const FILL: &str = r"
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2]
    or redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1
    or redis.call('EXISTS', KEYS[3]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return 1
";

/// Keys: cache, pending, tombstone. Arguments: id, product, when it was updated, seconds. Of two rows the later wins,
/// in whatever order they arrive.
const STORE: &str = r"
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 or redis.call('EXISTS', KEYS[3]) == 1 then
  return 0
end
local ok, cached = pcall(cjson.decode, redis.call('GET', KEYS[1]) or '')
if ok and type(cached) == 'table' and type(cached.updated_at) == 'string' and cached.updated_at > ARGV[3] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[4])
return 1
";

/// Keys: cache, tombstone. Arguments: seconds.
const FORGET: &str = r"
redis.call('SET', KEYS[2], '', 'EX', ARGV[1])
return redis.call('DEL', KEYS[1])
";

/// A product and its tombstone.
type Found = [Option<Vec<u8>>; 2];

/// A handle on the cache and the queue, for who writes to both.
#[derive(Debug)]
pub struct Producer {
    redis: RedisClient<ConnectionManager>,
    scripts: Scripts,
    limit: Option<NonZeroU64>,
}

#[derive(Debug)]
struct Scripts {
    create: Script,
    update: Script,
    delete: Script,
    fill: Script,
    store: Script,
    forget: Script,
}

/// How long an update waits for others to join it; each that does begins it anew. `None`: they do not.
pub type Window = Option<Duration>;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It is the queue's last entry.
    Appended {
        /// Entries that wait.
        queue_size: u64,
    },
    /// It took the place of the product's update that waits.
    Coalesced {
        /// Entries that wait.
        queue_size: u64,
    },
    /// The product has been deleted; nothing changed.
    Deleted,
    /// The queue has reached its limit; nothing changed.
    Full,
}

/// What the cache knows of a product.
#[derive(Debug, PartialEq, Eq)]
pub struct Cached {
    /// The product's text, if there is one.
    pub value: Option<Vec<u8>>,
    /// Its delete has been acknowledged.
    pub is_deleted: bool,
    /// A write of it has not reached the database yet.
    pub is_pending: bool,
}

impl Producer {
    /// Connects in the background; an operation takes `patience` at most, and a queue of `limit` entries takes
    /// no more of them.
    ///
    /// # Errors
    /// `url` is not one of Redis.
    pub fn open(url: &str, patience: Duration, limit: Option<NonZeroU64>) -> RedisResult<Self> {
        Ok(Self {
            redis: RedisClient::open(url, patience)?,
            scripts: Scripts {
                create: Script::new(CREATE),
                update: Script::new(UPDATE),
                delete: Script::new(DELETE),
                fill: Script::new(FILL),
                store: Script::new(STORE),
                forget: Script::new(FORGET),
            },
            limit,
        })
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), RedisClientError> {
        self.redis.ping().await
    }

    /// What the cache knows of a product.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn look_up(&self, id: &str) -> Result<Cached, RedisClientError> {
        let mut pipe = redis::pipe();
        pipe.atomic()
            .mget(&[keys::cache(id), keys::tombstone(id)])
            .hexists(PENDING, id);
        let (found, is_pending): (Found, bool) = self.redis.query_all(&pipe).await?;
        let [value, deleted] = found;
        Ok(Cached {
            value,
            is_deleted: deleted.is_some(),
            is_pending,
        })
    }

    /// Caches a new `product` and queues the `entry` that inserts it.
    ///
    /// # Errors
    /// Redis does not answer; it may have happened.
    pub async fn create(
        &self,
        id: &str,
        product: &str,
        entry: &str,
    ) -> Result<Enqueued, RedisClientError> {
        let keys = [
            keys::cache(id),
            QUEUE.to_owned(),
            PENDING.to_owned(),
            ORIGINS.to_owned(),
        ];
        let mut arguments = Arguments::new(keys);
        arguments.add(id);
        arguments.add(product);
        arguments.add(entry);
        arguments.add(self.limit());
        arguments.add(origin());
        self.enqueue(&self.scripts.create, &arguments).await
    }

    /// Caches the changed `product` and queues the `entry` that updates it, in place of the update of this
    /// product that waits, if `window` has not passed since.
    ///
    /// # Errors
    /// Redis does not answer; it may have happened.
    pub async fn update(
        &self,
        id: &str,
        product: &str,
        entry: &str,
        window: Window,
    ) -> Result<Enqueued, RedisClientError> {
        // The script knows the count, and the count ends the text.
        let up_to_count = entry.trim_end_matches(|c: char| c == '}' || c.is_ascii_digit());
        let mut arguments = Arguments::new(all_keys(id));
        arguments.add(id);
        arguments.add(product);
        arguments.add(up_to_count);
        arguments.add(self.limit());
        let millis = window.map_or(0, |window| window.as_millis());
        arguments.add(u64::try_from(millis).unwrap_or(u64::MAX));
        arguments.add(origin());
        self.enqueue(&self.scripts.update, &arguments).await
    }

    /// Drops a product from the cache and queues the `entry` that deletes it.
    ///
    /// # Errors
    /// Redis does not answer; it may have happened.
    pub async fn delete(&self, id: &str, entry: &str) -> Result<Enqueued, RedisClientError> {
        let mut arguments = Arguments::new(all_keys(id));
        arguments.add(id);
        arguments.add(entry);
        arguments.add(self.limit());
        arguments.add(origin());
        self.enqueue(&self.scripts.delete, &arguments).await
    }

    /// Caches a `product` read from the database, unless there is something newer than what was `found`; says
    /// whether it did.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn fill(
        &self,
        id: &str,
        found: Option<&[u8]>,
        product: &str,
    ) -> Result<bool, RedisClientError> {
        let keys = [keys::cache(id), PENDING.to_owned(), keys::tombstone(id)];
        let mut arguments = Arguments::new(keys);
        arguments.add(id);
        arguments.add(found.unwrap_or_default());
        arguments.add(product);
        arguments.add(CACHE_SECONDS);
        self.redis.run(&self.scripts.fill, &arguments).await
    }

    /// Caches a `product` that was written to the database and not queued, unless there is something newer; says
    /// whether it did.
    ///
    /// # Errors
    /// Redis does not answer; the copy may be the one from before.
    pub async fn store(
        &self,
        id: &str,
        product: &str,
        updated_at: &str,
    ) -> Result<bool, RedisClientError> {
        let keys = [keys::cache(id), PENDING.to_owned(), keys::tombstone(id)];
        let mut arguments = Arguments::new(keys);
        arguments.add(id);
        arguments.add(product);
        arguments.add(updated_at);
        arguments.add(CACHE_SECONDS);
        self.redis.run(&self.scripts.store, &arguments).await
    }

    /// Drops a product from the cache that was deleted from the database, and keeps late readers and writers from
    /// putting it back; says whether it was there.
    ///
    /// # Errors
    /// Redis does not answer; the copy may be there still.
    pub async fn forget(&self, id: &str) -> Result<bool, RedisClientError> {
        let mut arguments = Arguments::new([keys::cache(id), keys::tombstone(id)]);
        arguments.add(TOMBSTONE_SECONDS);
        self.redis.run(&self.scripts.forget, &arguments).await
    }

    /// Entries that wait.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn queue_size(&self) -> Result<u64, RedisClientError> {
        self.redis.query(&Cmd::llen(QUEUE)).await
    }

    /// Entries that wait, and the texts of the oldest `count` of them.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn oldest(&self, count: u32) -> Result<(u64, Vec<Vec<u8>>), RedisClientError> {
        let mut both = redis::pipe();
        let last = isize::try_from(count).unwrap_or(isize::MAX) - 1;
        both.atomic().llen(QUEUE).lrange(QUEUE, 0, last);
        self.redis.query_all(&both).await
    }

    async fn enqueue(
        &self,
        script: &Script,
        arguments: &Arguments,
    ) -> Result<Enqueued, RedisClientError> {
        let (what, queue_size): (String, u64) = self.redis.run(script, arguments).await?;
        Ok(match what.as_str() {
            "coalesced" => Enqueued::Coalesced { queue_size },
            "deleted" => Enqueued::Deleted,
            "full" => Enqueued::Full,
            _ => Enqueued::Appended { queue_size },
        })
    }

    fn limit(&self) -> u64 {
        self.limit.map_or(0, NonZeroU64::get)
    }
}

/// The current span, as the worker's will link to it; nothing where there is none.
fn origin() -> String {
    traceparent().unwrap_or_default()
}

fn all_keys(id: &str) -> [String; 8] {
    [
        keys::cache(id),
        QUEUE.to_owned(),
        PENDING.to_owned(),
        keys::marker(id),
        keys::tombstone(id),
        ORIGINS.to_owned(),
        TAKEN.to_owned(),
        keys::place(id),
    ]
}
