// Ten times over: read, change the price, read again. Does the second read know?
//
// Counts fresh_reads and stale_reads. There is no threshold: the numbers are the result.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const baseUrl = __ENV.BASE_URL || 'http://lab08-product-service:8000';
const url = `${baseUrl}/products/prod-001`;
const isShort = __ENV.LOAD_PROFILE === 'short';
const breath = isShort ? 0.05 : 0.5;

const freshReads = new Counter('fresh_reads');
const staleReads = new Counter('stale_reads');

export const options = { vus: 1, iterations: 10 };

export default function () {
  const before = http.get(url, { tags: { name: 'read before' } });
  check(before, { 'first read answers 200': (r) => r.status === 200 });
  sleep(breath);

  const price = Math.round(Math.random() * 100000) / 100;
  const product = { name: 'Wireless Mouse', description: 'On sale, price may vary', price };
  const updated = http.put(url, JSON.stringify(product), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: 'update' },
  });
  check(updated, { 'update answers 200': (r) => r.status === 200 });
  sleep(breath);

  const after = http.get(url, { tags: { name: 'read after' } });
  check(after, { 'second read answers 200': (r) => r.status === 200 });
  const isFresh = after.status === 200 && Math.abs(after.json('price') - price) < 0.01;
  // A counter that nobody added to is not in the summary, so both get something.
  freshReads.add(isFresh ? 1 : 0);
  staleReads.add(isFresh ? 0 : 1);
  sleep(2 * breath);
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data, null, 2)}\n` };
}
