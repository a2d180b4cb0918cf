import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { overloaded } from '../../../src/errors.ts';
import { peerPair } from '../../support/peers.ts';

describe('Peer', () => {
	it('answers calls, in whatever order they end, and passes notes in theirs', async () => {
		const { left, right } = peerPair();
		let release = () => {};
		right.onCall('slow', () => new Promise<string>((resolve) => (release = () => resolve('late'))));
		right.onCall('quick', (value) => ({ got: value }));
		const notes: unknown[] = [];
		right.onNote('said', (value) => notes.push(value));
		const slow = left.call('slow', null, z.string());
		for (const value of [1, 2, 3]) left.note('said', value);
		expect(await left.call('quick', [1], z.object({ got: z.array(z.number()) }))).toEqual({ got: [1] });
		expect(notes).toEqual([1, 2, 3]);
		release();
		expect(await slow).toBe('late');
	});

	it('carries an error with all that an answer is made of, and nothing of one that was not foreseen', async () => {
		const { left, right } = peerPair();
		right.onCall('busy', () => {
			throw overloaded('The queue is full.', 7);
		});
		right.onCall('broken', () => {
			throw new TypeError('a secret');
		});
		await expect(left.call('busy', null, z.null())).rejects.toMatchObject({
			name: 'RetortError',
			message: 'The queue is full.',
			status: 503,
			code: 'overloaded',
			retryAfterSeconds: 7,
			shouldRetry: null,
		});
		await expect(left.call('broken', null, z.null())).rejects.toMatchObject({
			code: 'internal_error',
			message: expect.not.stringContaining('secret'),
		});
		await expect(left.call('unheard', null, z.null())).rejects.toMatchObject({ code: 'internal_error' });
	});

	it('fails what waits when the other end has gone, and whatever is asked afterwards', async () => {
		const { left, right } = peerPair();
		right.onCall('never', () => new Promise(() => {}));
		const waiting = left.call('never', null, z.null());
		left.close();
		await expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
		await expect(left.call('never', null, z.null())).rejects.toMatchObject({ code: 'shutting_down' });
	});

	it('leaves alone what is no message of its own', () => {
		const { left } = peerPair();
		for (const message of [null, 'x', { cmd: 'NODE_CLUSTER' }, { kind: 'answer', id: 99, value: 1 }, { kind: 'note' }])
			expect(() => left.receive(message)).not.toThrow();
	});
});
