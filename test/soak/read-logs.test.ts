import { expect, test } from 'vitest';
import { readLogs } from '../../scripts/soak/read-logs.ts';
import { within } from '../../scripts/soak/within.ts';
import type { LogLine } from '../support/retort-server.ts';

const started = (id: string) => ({ level: 'info', msg: 'generation started', completionId: id });
const ended = (id: string, outcome: string, code?: string) => ({
	level: 'info',
	msg: 'generation ended',
	time: 60_000,
	completionId: id,
	requestId: `http-${id}`,
	outcome,
	...(code === undefined ? {} : { code }),
});
const moved = (id: string, time = 59_000) => {
	return { level: 'warn', msg: 'running the request elsewhere', time, requestId: id, workerId: 'one' };
};
const died = (workerId: string, time: number) => ({ level: 'warn', msg: 'worker died', time, workerId });

test('a generation may fail that lost two workers, or found nobody to carry on', () => {
	const failed = ended('a', 'failed', 'worker_crashed');
	const generationsOf = (...logs: LogLine[]) => readLogs([started('a'), ...logs, failed], true).generations;
	const twoLost = { 'failed worker_crashed two workers lost': 1 };
	const nobody = { 'failed worker_crashed nobody to carry on': 1 };
	expect(generationsOf(died('one', 59_010), moved('a'), died('two', 59_990))).toEqual(twoLost);
	expect(generationsOf(died('one', 50_010), moved('a', 50_000), died('one', 59_990))).toEqual(twoLost);
	expect(generationsOf(died('one', 59_010), moved('a'))).toEqual(nobody);
});

test.each([
	['fails without having been moved', [started('a'), ended('a', 'failed', 'worker_crashed')]],
	['fails by an error of the gateway', [started('a'), moved('a'), ended('a', 'failed', 'internal_error')]],
	['never ends', [started('a')]],
	['ends twice', [started('a'), ended('a', 'completed'), ended('a', 'completed')]],
])('a generation that %s is a violation', (_, logs) => {
	expect(readLogs(logs, true).violations).toHaveLength(1);
});

test('what runs is no violation before the end', () => {
	expect(readLogs([started('a')], false).violations).toEqual([]);
});

test('what does not end in its time is said by name', async () => {
	await expect(within('a request', 1, new Promise(() => {}))).rejects.toThrow('a request did not end');
	await expect(within('a request', 60_000, Promise.resolve(1))).resolves.toBe(1);
});
