import { outputTokens, type RequestRecord } from './request-record.ts';
import type { RoundResult } from './run-plan.ts';
import { median, quantile, sum } from './statistics.ts';

export type Metric = { name: string; unit: string; better: 'higher' | 'lower' | 'neither'; value: number | null };

/** The figures of one round, in the order in which they are shown. Pure. */
export function summariseRound(round: RoundResult, options: { deadlineMs: number }): Metric[] {
	const { records } = round;
	const ended = records.filter((record) => record.error === null && !record.aborted);
	const seconds = (round.endMs - round.startMs) / 1000;
	const metrics: Metric[] = [];
	const add = (name: string, unit: string, better: Metric['better'], value: number | null) => {
		if (value !== null) metrics.push({ name, unit, better, value });
	};

	const output = sum(records.map(outputTokens));
	const prompt = sum(records.map((record) => record.promptTokens ?? 0));
	const cached = sum(records.map((record) => record.cachedTokens ?? 0));
	const first = records.map((record) => record.firstTokenMs ?? record.endMs);
	const prefillSeconds = (Math.max(...first, round.startMs) - round.startMs) / 1000;
	add('output', 'tok/s', 'higher', output / seconds);
	add('output a stream', 'tok/s', 'higher', median(ended.flatMap(streamRate)));
	add('prompt', 'tok/s', 'higher', prefillSeconds > 0 ? (prompt - cached) / prefillSeconds : null);
	add('prompt cached', 'share', 'higher', prompt > 0 ? cached / prompt : null);
	addQuantiles(metrics, 'first token', ended.flatMap(timeToFirstToken));
	const laterTurns = ended.filter((record) => record.turn > 0);
	add('first token, turn 2 on p50', 'ms', 'lower', median(laterTurns.flatMap(timeToFirstToken)));
	const thought = ended.filter((record) => record.firstAnswerMs !== record.firstTokenMs);
	addQuantiles(metrics, 'first answer token', thought.flatMap(timeToFirstAnswer));
	const decoding = records.filter((record) => record.label !== 'long');
	addQuantiles(metrics, 'inter-token', decoding.flatMap(gaps));
	const windows = records.filter((record) => record.label === 'long').map(prefillWindow);
	if (windows.length > 0)
		addQuantiles(
			metrics,
			'inter-token in prefill',
			decoding.flatMap((each) => gapsWithin(each, windows)),
		);
	addQuantiles(metrics, 'long first token', ended.filter((each) => each.label === 'long').flatMap(timeToFirstToken));
	addQuantiles(metrics, 'cancel to free', ended.filter((each) => each.followsAbort).flatMap(timeToFirstToken));
	const inTime = ended.filter((record) => record.endMs - record.startMs <= options.deadlineMs);
	add('goodput', 'req/s', 'higher', inTime.length / seconds);
	add('whole round', 's', 'lower', seconds);
	add('requests', '', 'neither', records.length);
	add('failed', '', 'lower', records.filter((record) => record.error !== null).length);
	add('generator CPU', 'share of a core', 'neither', round.generatorCpuMs / (seconds * 1000));
	return metrics;
}

function addQuantiles(metrics: Metric[], name: string, values: readonly number[]): void {
	for (const [label, share] of [
		['p50', 0.5],
		['p95', 0.95],
		['p99', 0.99],
	] as const) {
		const value = quantile(values, share);
		if (value !== null) metrics.push({ name: `${name} ${label}`, unit: 'ms', better: 'lower', value });
	}
}

function timeToFirstToken(record: RequestRecord): number[] {
	return record.firstTokenMs === null ? [] : [record.firstTokenMs - record.startMs];
}

function timeToFirstAnswer(record: RequestRecord): number[] {
	return record.firstAnswerMs === null ? [] : [record.firstAnswerMs - record.startMs];
}

function streamRate(record: RequestRecord): number[] {
	const last = record.deltaMs.at(-1);
	if (record.firstTokenMs === null || last === undefined || last <= record.firstTokenMs) return [];
	return [((outputTokens(record) - 1) * 1000) / (last - record.firstTokenMs)];
}

type Window = { fromMs: number; toMs: number };

function prefillWindow(record: RequestRecord): Window {
	return { fromMs: record.startMs, toMs: record.firstTokenMs ?? record.endMs };
}

function gaps(record: RequestRecord): number[] {
	return record.deltaMs.slice(1).map((at, index) => at - (record.deltaMs[index] ?? at));
}

/** Gaps of which some part falls into a window. */
function gapsWithin(record: RequestRecord, windows: readonly Window[]): number[] {
	return gaps(record).filter((gap, index) => {
		const to = record.deltaMs[index + 1] ?? 0;
		return windows.some((window) => to > window.fromMs && to - gap < window.toMs);
	});
}
