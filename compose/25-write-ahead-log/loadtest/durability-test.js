// Writers at work, both stores crash under them, and every write that was acknowledged is looked for afterwards.
//
// Each writer has keys of its own, remembers those that were answered with 200, and reads them back when both stores
// are up again. Passes when the store with the log has all of them and there were some.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const stores = {
  wal: __ENV.WAL_URL || 'http://lab25-kv-store-wal:8000',
  nowal: __ENV.NOWAL_URL || 'http://lab25-kv-store-nowal:8000',
};
const isShort = __ENV.LOAD_PROFILE === 'short';
const writers = 5;
const writeSeconds = isShort ? 4 : 20;
const crashAfterSeconds = writeSeconds / 2;

// Seconds a store has for coming back.
const patience = 30;

const writesTotal = new Counter('writes_total');
const counters = {};
for (const store of Object.keys(stores)) {
  for (const what of ['acknowledged', 'kept', 'lost']) {
    counters[`${store}_${what}`] = new Counter(`${store}_${what}`);
  }
}

export const options = {
  // A container that comes back after a crash may have another address, even the other's: a connection made at that
  // moment would stay with the wrong one.
  dns: { ttl: '0' },
  noConnectionReuse: true,
  scenarios: {
    write: {
      executor: 'per-vu-iterations',
      exec: 'write',
      vus: writers,
      iterations: 1,
      maxDuration: `${writeSeconds + 3 * patience}s`,
    },
    crash: {
      executor: 'per-vu-iterations',
      exec: 'crash',
      vus: 1,
      iterations: 1,
      startTime: `${crashAfterSeconds}s`,
      maxDuration: `${patience}s`,
    },
  },
  thresholds: {
    wal_acknowledged: ['count>0'],
    wal_kept: ['count>0'],
    wal_lost: ['count==0'],
    checks: ['rate==1'],
  },
};

export function write() {
  const acknowledged = { wal: [], nowal: [] };
  const end = Date.now() + writeSeconds * 1000;
  for (let turn = 0; Date.now() < end; turn += 1) {
    const key = `durable-${__VU}-${turn}-${Date.now()}`;
    const body = JSON.stringify({ key, value: { writer: __VU, turn } });
    for (const store of Object.keys(stores)) {
      const response = http.post(`${stores[store]}/kv`, body, {
        headers: { 'Content-Type': 'application/json' },
        tags: { name: `write ${store}` },
        timeout: '5s',
      });
      writesTotal.add(1);
      if (response.status === 200 && isOf(store, response)) acknowledged[store].push(key);
    }
    sleep(0.02);
  }
  for (const store of Object.keys(stores)) lookFor(store, acknowledged[store]);
}

// Whether the store itself answered: for a moment after a crash its name may still lead to the other one.
function isOf(store, response) {
  return response.json('wal_enabled') === (store === 'wal');
}

function lookFor(store, keys) {
  check(store, { 'the store comes back': (name) => isUp(name) });
  const answer = http.get(`${stores[store]}/kv`, { tags: { name: `list ${store}` } });
  const data = answer.status === 200 ? answer.json('data') : {};
  const kept = keys.filter((key) => Object.hasOwn(data, key)).length;
  counters[`${store}_acknowledged`].add(keys.length);
  counters[`${store}_kept`].add(kept);
  counters[`${store}_lost`].add(keys.length - kept);
}

function isUp(store) {
  for (let tries = 0; tries < patience * 5; tries += 1) {
    const health = http.get(`${stores[store]}/health`, { tags: { name: 'health' }, timeout: '1s' });
    if (health.status === 200 && isOf(store, health)) return true;
    sleep(0.2);
  }
  return false;
}

export function crash() {
  for (const store of Object.keys(stores)) {
    const stats = http.get(`${stores[store]}/admin/stats`);
    const pressed = http.post(`${stores[store]}/admin/crash`);
    check(stats, { 'it holds something to lose': (r) => r.status === 200 && r.json('item_count') > 0 });
    check(pressed, { 'the crash is answered': (r) => r.status === 200 && r.json('status') === 'crashing' });
    sleep(0.5);
  }
}

export function handleSummary(data) {
  const count = (name) => data.metrics[name]?.values.count ?? 0;
  const said = Object.keys(stores).map(
    (store) =>
      `${store}: ${count(`${store}_acknowledged`)} acknowledged, ${count(`${store}_kept`)} kept, ${count(`${store}_lost`)} lost`,
  );
  return { stdout: `${said.join('\n')}\n${JSON.stringify(data, null, 2)}\n` };
}
