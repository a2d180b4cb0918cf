import { expect, test } from 'vitest';
import { Recording } from '../../src/gateway/recording.ts';

const nobodyLeaves = new AbortController().signal;

async function all(frames: AsyncIterable<string>): Promise<string[]> {
	const list: string[] = [];
	for await (const frame of frames) list.push(frame);
	return list;
}

test('every reader gets the whole, whenever it comes', async () => {
	const recording = new Recording();
	const early = all(recording.read(nobodyLeaves));
	recording.push('a');
	const middle = all(recording.read(nobodyLeaves));
	recording.push('b');
	recording.end(null);
	const late = all(recording.read(nobodyLeaves));
	expect(await Promise.all([early, middle, late])).toEqual([
		['a', 'b'],
		['a', 'b'],
		['a', 'b'],
	]);
});

test('a failure comes behind the last frame, to every reader', async () => {
	const recording = new Recording();
	const reader = recording.read(nobodyLeaves);
	recording.push('a');
	recording.end(new Error('broken'));
	expect(await reader.next()).toEqual({ done: false, value: 'a' });
	await expect(reader.next()).rejects.toThrow('broken');
	await expect(all(recording.read(nobodyLeaves))).rejects.toThrow('broken');
});

test('a reader that leaves while it waits is let go, the others are not', async () => {
	const recording = new Recording();
	const leaver = new AbortController();
	const left = all(recording.read(leaver.signal));
	const stays = all(recording.read(nobodyLeaves));
	leaver.abort();
	expect(await left).toEqual([]);
	recording.push('a');
	recording.end(null);
	expect(await stays).toEqual(['a']);
});
