// Everyday traffic: nine reads to one update, spread over the five products.
//
// Passes when 95 % of the requests took less than 500 ms and fewer than one in ten failed.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

const baseUrl = __ENV.BASE_URL || 'http://lab08-product-service:8000';
const isShort = __ENV.LOAD_PROFILE === 'short';

const errors = new Rate('errors');

export const options = {
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
  const url = `${baseUrl}/products/prod-00${1 + Math.floor(Math.random() * 5)}`;
  const response = Math.random() < 0.9 ? read(url) : update(url);
  errors.add(response.status !== 200);
  sleep(0.3);
}

function read(url) {
  const response = http.get(url, { tags: { name: 'read' } });
  check(response, {
    'read answers 200': (r) => r.status === 200,
    'read names the product': (r) => Boolean(r.json('id')),
    'read says where it came from': (r) => Boolean(r.json('cache_status')),
  });
  return response;
}

function update(url) {
  const product = {
    name: `Product ${__VU}-${__ITER}`,
    description: 'Renamed by the mixed load',
    price: Math.round(Math.random() * 10000) / 100,
  };
  const response = http.put(url, JSON.stringify(product), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: 'update' },
  });
  check(response, {
    'update answers 200': (r) => r.status === 200,
    'update drops the cached copy': (r) => r.json('cache_status') === 'invalidated',
  });
  return response;
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data, null, 2)}\n` };
}
