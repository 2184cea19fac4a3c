// Writes to the primary and reads from the replicas at once: how many reads are stale, and for how long?
//
// Nearly all reads right after a write are stale, and that is right: the delay is what the lab is about. So the share
// is reported, and what must hold is that every write is answered and that every window ends within five seconds.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const primary = __ENV.PRIMARY_URL || 'http://lab14-primary:8000';
const replicas = [
  __ENV.REPLICA1_URL || 'http://lab14-replica1:8001',
  __ENV.REPLICA2_URL || 'http://lab14-replica2:8002',
];
const duration = __ENV.LOAD_PROFILE === 'short' ? '5s' : '2m';
const patienceMs = 5000;

const staleReads = new Counter('stale_reads');
const freshReads = new Counter('fresh_reads');
const staleReadRate = new Rate('stale_read_rate');
const staleAfterWrite = new Rate('stale_after_write');
const window = new Trend('consistency_window_ms');
const writeLatency = new Trend('write_latency_ms');
const readLatency = new Trend('read_latency_ms');

export const options = {
  scenarios: {
    write_then_read: {
      executor: 'constant-arrival-rate',
      exec: 'writeThenRead',
      rate: 5,
      timeUnit: '1s',
      duration,
      preAllocatedVUs: 10,
      maxVUs: 20,
    },
    read_only: { executor: 'constant-vus', exec: 'readOnly', vus: 5, duration },
  },
  thresholds: {
    http_req_duration: ['p(95)<3000'],
    http_req_failed: ['rate==0'],
    consistency_window_ms: [`max<${patienceMs}`],
    stale_after_write: ['rate>0.9'],
  },
};

export function writeThenRead() {
  const body = JSON.stringify({ key: `load-${__VU}-${__ITER}`, value: `written by ${__VU}` });
  const answer = http.post(`${primary}/data`, body, { headers: { 'Content-Type': 'application/json' } });
  writeLatency.add(answer.timings.duration);
  const isWritten = check(answer, {
    'write status is 200': (r) => r.status === 200,
    'write has version': (r) => r.status === 200 && r.json('version') > 0,
  });
  if (!isWritten) return;
  const written = answer.json('version');
  const started = Date.now();
  const stale = replicas.filter((replica) => count(versionOf(replica) < written));
  replicas.forEach((replica) => staleAfterWrite.add(stale.includes(replica)));
  if (stale.length > 0) {
    while (Date.now() - started < patienceMs && replicas.some((replica) => versionOf(replica) < written)) sleep(0.05);
    window.add(Date.now() - started);
  }
  sleep(0.1);
}

export function readOnly() {
  const current = versionOf(primary);
  replicas.forEach((replica) => count(versionOf(replica) < current));
  sleep(0.5);
}

function versionOf(node) {
  const answer = http.get(`${node}/version`);
  readLatency.add(answer.timings.duration);
  return answer.status === 200 ? answer.json('version') : -1;
}

function count(isStale) {
  (isStale ? staleReads : freshReads).add(1);
  staleReadRate.add(isStale);
  return isStale;
}

export function handleSummary(data) {
  const values = (name) => data.metrics[name]?.values ?? {};
  const percent = (rate) => `${(100 * (rate ?? 0)).toFixed(1)} %`;
  const ms = (name) => `${(values('consistency_window_ms')[name] ?? 0).toFixed(0)} ms`;
  const said = [
    `stale right after the write:  ${percent(values('stale_after_write').rate)}`,
    `stale of all reads:           ${percent(values('stale_read_rate').rate)}`,
    `window p50 / p95 / max:       ${ms('p(50)')} / ${ms('p(95)')} / ${ms('max')}`,
  ];
  return { stdout: `${said.join('\n')}\n${JSON.stringify(data, null, 2)}\n` };
}
