import { expect, it } from 'vitest';
import { createMetrics } from '../../../src/gateway/metrics.ts';
import { gatherMetrics } from '../../../src/gateway/processes/gather-metrics.ts';

it('adds the metrics of several processes, label by label', async () => {
	const all = [createMetrics(), createMetrics(), createMetrics()];
	const request = { route: '/v1/models', status: 200, model: '', seconds: 0.02, isRetry: false };
	for (const metrics of all) metrics.requestEnded(request);
	all[0]?.requestEnded({ ...request, status: 401 });
	all[1]?.tokenGaps('fake')(0.03);
	const values = await Promise.all(all.map(({ registry }) => registry.getMetricsAsJSON()));
	const text = await gatherMetrics(JSON.parse(JSON.stringify(values))); // as they come out of a pipe
	expect(text).toContain('retort_requests_total{route="/v1/models",status="200",model=""} 3');
	expect(text).toContain('retort_requests_total{route="/v1/models",status="401",model=""} 1');
	expect(text).toContain('retort_request_seconds_bucket{le="0.025",route="/v1/models"} 4');
	expect(text).toContain('retort_inter_token_seconds_count{model="fake"} 1');
	expect(text.match(/^# TYPE retort_requests_total /gm)).toHaveLength(1);
});
