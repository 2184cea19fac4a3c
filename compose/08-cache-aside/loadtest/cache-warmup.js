// A cold cache warms up: ever more readers of the same five products.
//
// Passes when more than 70 % of the reads were hits and 95 % of them took less than 200 ms.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

const baseUrl = __ENV.BASE_URL || 'http://lab08-product-service:8000';
const isShort = __ENV.LOAD_PROFILE === 'short';

const cacheHitRate = new Rate('cache_hit_rate');

export const options = {
  stages: [
    { duration: isShort ? '1s' : '10s', target: 5 },
    { duration: isShort ? '2s' : '30s', target: 10 },
    { duration: isShort ? '1s' : '10s', target: 0 },
  ],
  thresholds: {
    cache_hit_rate: ['rate>0.7'],
    http_req_duration: ['p(95)<200'],
  },
};

export default function () {
  const id = `prod-00${(__VU % 5) + 1}`;
  const response = http.get(`${baseUrl}/products/${id}`, { tags: { name: 'read' } });
  if (check(response, { 'read answers 200': (r) => r.status === 200 })) {
    cacheHitRate.add(response.json('cache_status') === 'hit');
  }
  sleep(0.1);
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data, null, 2)}\n` };
}
