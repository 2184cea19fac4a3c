// Everyday traffic: three creates, three reads and four updates in ten requests.
//
// Passes when 95 % of the requests took less than 500 ms and fewer than one in ten failed. Every write must be
// acknowledged from the cache.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

const baseUrl = __ENV.BASE_URL || 'http://lab42-api:8000';
const isShort = __ENV.LOAD_PROFILE === 'short';
const seeds = ['seed-001', 'seed-002', 'seed-003', 'seed-004', 'seed-005'];

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

// What this user has created; another user does not see it.
const own = [];

export default function () {
  const dice = Math.random();
  if (dice < 0.3) create();
  else if (dice < 0.6) read();
  else update();
  sleep(0.1);
}

function create() {
  const response = http.post(`${baseUrl}/products`, product('Load'), json('create'));
  const isAcknowledged = check(response, {
    'create answers 200': (r) => r.status === 200,
    'create names the product': (r) => r.status === 200 && Boolean(r.json('id')),
    'create is acknowledged from the cache': (r) => r.status === 200 && r.json('source') === 'cache',
  });
  if (isAcknowledged) own.push(response.json('id'));
  errors.add(response.status !== 200 && response.status !== 201);
}

function read() {
  const id = own.length > 0 && Math.random() < 0.7 ? anyOf(own) : anyOf(seeds);
  const response = http.get(`${baseUrl}/products/${id}`, { tags: { name: 'read' } });
  const isKnown = response.status === 200 || response.status === 404;
  check(response, { 'read answers 200 or 404': () => isKnown });
  errors.add(!isKnown);
}

function update() {
  const id = own.length > 0 ? anyOf(own) : anyOf(seeds);
  const response = http.put(`${baseUrl}/products/${id}`, product('Changed'), json('update'));
  const isKnown = response.status === 200 || response.status === 404;
  check(response, {
    'update answers 200 or 404': () => isKnown,
    'update is acknowledged from the cache': (r) => r.status !== 200 || r.json('source') === 'cache',
  });
  errors.add(!isKnown);
}

function product(name) {
  return JSON.stringify({
    name: `${name} ${__VU}-${__ITER}`,
    price: Math.round(Math.random() * 10000) / 100,
    quantity: Math.floor(Math.random() * 100),
  });
}

function json(name) {
  return { headers: { 'Content-Type': 'application/json' }, tags: { name } };
}

function anyOf(ids) {
  return ids[Math.floor(Math.random() * ids.length)];
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data, null, 2)}\n` };
}
