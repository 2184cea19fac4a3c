// The same writes to both stores, read back at once: what does the log cost?
//
// Passes when 95 % of the requests took less than 500 ms and fewer than one iteration in ten failed to write.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const walUrl = __ENV.WAL_URL || 'http://lab25-kv-store-wal:8000';
const nowalUrl = __ENV.NOWAL_URL || 'http://lab25-kv-store-nowal:8000';
const isShort = __ENV.LOAD_PROFILE === 'short';

const errors = new Rate('errors');
const walWriteLatency = new Trend('wal_write_latency', true);
const nowalWriteLatency = new Trend('nowal_write_latency', true);
const walOperations = new Counter('wal_operations');
const nowalOperations = new Counter('nowal_operations');

export const options = {
  // A container that comes back after a crash may have another address.
  dns: { ttl: '0' },
  stages: [
    { duration: isShort ? '1s' : '30s', target: 10 },
    { duration: isShort ? '3s' : '60s', target: 10 },
    { duration: isShort ? '1s' : '30s', target: 0 },
  ],
  thresholds: {
    http_req_duration: ['p(95)<500'],
    errors: ['rate<0.1'],
  },
};

export default function () {
  const key = `load-${__VU}-${__ITER}-${Date.now()}`;
  const body = JSON.stringify({ key, value: { user: __VU, turn: __ITER, note: 'written under load' } });
  const isLogged = write(walUrl, 'wal', key, body, walWriteLatency, walOperations);
  const isHeld = write(nowalUrl, 'nowal', key, body, nowalWriteLatency, nowalOperations);
  errors.add(!isLogged || !isHeld);
  read(walUrl, 'wal', key);
  read(nowalUrl, 'nowal', key);
  sleep(0.1);
}

function write(url, store, key, body, latency, operations) {
  const response = http.post(`${url}/kv`, body, {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: `write ${store}` },
  });
  latency.add(response.timings.duration);
  operations.add(1);
  check(response, {
    [`${store} write answers 200`]: (r) => r.status === 200,
    [`${store} write names its key`]: (r) => r.status === 200 && r.json('key') === key,
  });
  return response.status === 200;
}

function read(url, store, key) {
  const response = http.get(`${url}/kv/${key}`, { tags: { name: `read ${store}` } });
  check(response, { [`${store} read answers 200`]: (r) => r.status === 200 });
}

export function handleSummary(data) {
  const average = (name) => data.metrics[name]?.values.avg ?? 0;
  const withLog = average('wal_write_latency');
  const without = average('nowal_write_latency');
  const overhead = without > 0 ? (100 * (withLog - without)) / without : 0;
  const said = [
    `average write with the log:    ${withLog.toFixed(2)} ms`,
    `average write without:         ${without.toFixed(2)} ms`,
    `what the log costs:            ${(withLog - without).toFixed(2)} ms, ${overhead.toFixed(0)} %`,
  ];
  return { stdout: `${said.join('\n')}\n${JSON.stringify(data, null, 2)}\n` };
}
