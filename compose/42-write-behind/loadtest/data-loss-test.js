// Creates products for as long as you need to break something, and counts afterwards what is gone.
//
// The products that are counted are created before the load: k6 shares nothing between users, so nobody else could
// say what they were called. There is no threshold on the loss: the number is the result.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Rate } from 'k6/metrics';

const baseUrl = __ENV.BASE_URL || 'http://lab42-api:8000';
const isShort = __ENV.LOAD_PROFILE === 'short';
const counted = 50;

const errors = new Rate('errors');
const kept = new Counter('products_kept');
const lost = new Counter('products_lost');

export const options = {
  scenarios: {
    at_risk: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { duration: isShort ? '1s' : '20s', target: 5 },
        { duration: isShort ? '2s' : '30s', target: 5 },
        { duration: isShort ? '1s' : '10s', target: 0 },
      ],
    },
  },
  thresholds: { errors: ['rate<0.2'] },
};

export function setup() {
  console.log('stop the worker:  docker compose stop lab42-worker');
  console.log('wipe the cache:   docker exec lab42-redis redis-cli FLUSHALL');
  console.log('start the worker: docker compose start lab42-worker');
  const ids = [];
  for (let n = 0; n < counted; n += 1) {
    const response = create(`Counted-${n}`);
    if (response.status === 200) ids.push(response.json('id'));
  }
  return ids;
}

export default function () {
  const response = create(`AtRisk-${__VU}-${__ITER}`);
  check(response, { 'create answers 200': (r) => r.status === 200 });
  errors.add(response.status !== 200);
  sleep(0.2);
}

export function teardown(ids) {
  sleep(isShort ? 1 : 5);
  const isThere = (id) => http.get(`${baseUrl}/products/${id}`, { tags: { name: 'read' } }).status === 200;
  const found = ids.filter(isThere).length;
  // A counter that nobody added to is not in the summary, so both get something.
  kept.add(found);
  lost.add(ids.length - found);
  console.log(`${found} of ${ids.length} counted products are there`);
}

function create(name) {
  const product = { name, price: 99.99, quantity: 1 };
  return http.post(`${baseUrl}/products`, JSON.stringify(product), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: 'create' },
  });
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data, null, 2)}\n` };
}
