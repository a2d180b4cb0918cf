import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The metrics of one registry as they cross to another process. */
export type MetricsValues = MetricObjectWithValues<MetricValue<string>>[];

/** The metrics of all processes as one text: values of equal labels are added. */
export function gatherMetrics(all: readonly MetricsValues[]): Promise<string> {
	return AggregatorRegistry.aggregate([...all]).metrics();
}
