// Five users change one product as fast as they can. Far fewer rows are written than updates acknowledged: those that
// wait for the worker become one.
//
// Passes when fewer than one in twenty failed.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

const baseUrl = __ENV.BASE_URL || 'http://lab42-api:8000';
const url = `${baseUrl}/products/seed-001`;

const errors = new Rate('errors');

export const options = {
  vus: 5,
  duration: __ENV.LOAD_PROFILE === 'short' ? '4s' : '30s',
  thresholds: { errors: ['rate<0.05'] },
};

export default function () {
  const quantity = Math.floor(Math.random() * 1000);
  const product = { name: `Widget A, counted ${__VU}-${__ITER}`, price: 19.99, quantity };
  const response = http.put(url, JSON.stringify(product), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: 'update' },
  });
  check(response, { 'update answers 200': (r) => r.status === 200 });
  errors.add(response.status !== 200);
  sleep(0.01);
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data, null, 2)}\n` };
}
