import { readFileSync } from 'node:fs';
import type { Metric } from 'prom-client';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { createMetrics } from '../../src/gateway/metrics.ts';

const dashboardSchema = z.object({
	templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.unknown() })) }),
	panels: z.array(
		z.object({
			title: z.string(),
			type: z.string(),
			targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
		}),
	),
});
const text = readFileSync(new URL('../../config/grafana/retort.json', import.meta.url), 'utf8');
const { panels, templating } = dashboardSchema.parse(JSON.parse(text));
/** What Prometheus adds to every series, and to a histogram's. */
const SCRAPED = ['job', 'instance', 'le'];

function registered() {
	const { registry, watchPool } = createMetrics();
	watchPool(() => ({ workers: [], queueLength: 0, waiting: {} }), configSchema.parse({}).metrics);
	return registry;
}

/** The metric behind a series' name, and whether it is a histogram's series. */
function metricOf(series: string) {
	const registry = registered();
	const base = series.replace(/_(bucket|sum|count)$/, '');
	const metric = registry.getSingleMetric(series) ?? registry.getSingleMetric(base);
	return metric === undefined ? null : { metric, isBucket: series.endsWith('_bucket') };
}

/** prom-client keeps them on every metric, and tells it in no type. */
const labelsOf = (metric: Metric) => z.object({ labelNames: z.array(z.string()) }).parse(metric).labelNames;

test.each(panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target }))))(
	'the dashboard asks for what there is: $title: $expr',
	({ expr, legendFormat }) => {
		const series = [...expr.matchAll(/\b((?:retort|process|vllm)[\w:]+)/g)].map(([, name = '']) => name);
		expect(series.length).toBeGreaterThan(0);
		for (const name of series) {
			const found = metricOf(name);
			expect([name, found === null]).toEqual([name, false]);
			if (found === null) continue;
			expect(found.isBucket).toBe(found.metric instanceof Object && 'buckets' in found.metric);
			const known = [...labelsOf(found.metric), ...SCRAPED];
			const asked = [
				...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/)),
				...[...expr.matchAll(/[{,]\s*(\w+)\s*=~?"/g)].map(([, label = '']) => label),
				...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
			];
			expect(asked.filter((label) => !known.includes(label))).toEqual([]);
		}
	},
);

test('the dashboard has a panel for all that the house promises, and only variables that it defines', () => {
	const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
	for (const what of ['requests', 'first_token', 'inter_token', 'queue', 'slots_busy', 'cached', 'state', 'reasoning'])
		expect(asked).toContain(what);
	const defined = [...templating.list.map(({ name }) => name), '__rate_interval', '__all'];
	const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
	expect(used.filter((name) => !defined.includes(name))).toEqual([]);
});
