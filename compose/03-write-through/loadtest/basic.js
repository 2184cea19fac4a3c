// Everyday traffic: seven reads, two creates and one update in ten requests.
//
// Passes when 95 % of the requests took less than 500 ms and fewer than one in ten failed.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

const baseUrl = __ENV.BASE_URL || 'http://api:8000';
const isShort = __ENV.LOAD_PROFILE === 'short';

const errors = new Rate('errors');

export const options = {
  scenarios: {
    everyday: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { duration: isShort ? '1s' : '30s', target: 10 },
        { duration: isShort ? '3s' : '60s', target: 10 },
        { duration: isShort ? '1s' : '30s', target: 0 },
      ],
      gracefulRampDown: '10s',
    },
  },
  thresholds: {
    http_req_duration: ['p(95)<500'],
    errors: ['rate<0.1'],
  },
};

// Five items that everybody knows.
export function setup() {
  const ids = [];
  for (let n = 0; n < 5; n += 1) {
    const response = post('set-up', { name: `Known ${n}`, description: 'For the load', price: 10 + n });
    if (response.status === 200 || response.status === 201) ids.push(response.json('id'));
  }
  return ids;
}

export default function (ids) {
  const dice = Math.random();
  if (dice < 0.7) read(ids);
  else if (dice < 0.9) create();
  else update(ids);
  sleep(0.1 + Math.random() * 0.2);
}

function read(ids) {
  if (ids.length === 0) {
    errors.add(http.get(`${baseUrl}/items`, { tags: { name: 'list' } }).status !== 200);
    return;
  }
  const id = anyOf(ids);
  const response = http.get(`${baseUrl}/items/${id}`, { tags: { name: 'read' } });
  check(response, { 'read answers 200': (r) => r.status === 200 });
  if (response.status === 200) {
    check(response, { 'read is of the item asked for': (r) => r.json('id') === id });
  }
  errors.add(response.status !== 200 && response.status !== 404);
}

function create() {
  const response = post('create', { name: `Item ${__VU}-${__ITER}`, description: 'Made by the load', price: price() });
  const isCreated = response.status === 200 || response.status === 201;
  check(response, {
    'create answers 200 or 201': () => isCreated,
    'create names the item': (r) => isCreated && Boolean(r.json('id')),
  });
  errors.add(!isCreated);
}

function update(ids) {
  if (ids.length === 0) return;
  const item = { name: `Changed ${__VU}-${__ITER}`, description: 'Changed by the load', price: price() };
  const response = http.put(`${baseUrl}/items/${anyOf(ids)}`, JSON.stringify(item), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: 'update' },
  });
  const isKnown = response.status === 200 || response.status === 404;
  check(response, { 'update answers 200 or 404': () => isKnown });
  errors.add(!isKnown);
}

function post(name, item) {
  return http.post(`${baseUrl}/items`, JSON.stringify(item), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name },
  });
}

function anyOf(ids) {
  return ids[Math.floor(Math.random() * ids.length)];
}

function price() {
  return Math.round(Math.random() * 10000) / 100;
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data, null, 2)}\n` };
}
