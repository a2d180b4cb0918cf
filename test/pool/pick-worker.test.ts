import { describe, expect, it } from 'vitest';
import { AffinityTable } from '../../src/pool/affinity-table.ts';
import { type Candidate, pickWorker } from '../../src/pool/pick-worker.ts';
import { prefixKeys } from '../../src/pool/prefix-keys.ts';
import type { PromptPart } from '../../src/protocol/worker-api.ts';

function candidate(id: string, changes: Partial<Candidate> = {}): Candidate {
	return { id, isReady: true, slots: 4, busySlots: 0, knownShare: 0, ...changes };
}

describe('pickWorker', () => {
	it('picks nobody when nobody is ready or has a free slot', () => {
		expect(pickWorker([], 0)).toBe(null);
		expect(pickWorker([candidate('a', { isReady: false }), candidate('b', { busySlots: 4 })], 0)).toBe(null);
		expect(pickWorker([candidate('a', { slots: 0 })], 0)).toBe(null);
	});

	it('picks the least busy by share of its slots', () => {
		const candidates = [candidate('a', { busySlots: 2 }), candidate('b', { slots: 16, busySlots: 3 })];
		expect(pickWorker(candidates, 0)).toBe('b');
	});

	it('leaves the choice among equals to the number given', () => {
		const candidates = [candidate('a'), candidate('b'), candidate('c')];
		expect([0, 0.34, 0.999].map((random) => pickWorker(candidates, random))).toEqual(['a', 'b', 'c']);
	});

	it('prefers the one that knows the conversation', () => {
		const candidates = [candidate('a'), candidate('b', { busySlots: 1, knownShare: 0.9 })];
		expect(pickWorker(candidates, 0)).toBe('b');
	});

	it('does not send a conversation back to a much busier worker', () => {
		const candidates = [candidate('a'), candidate('b', { busySlots: 3, knownShare: 1 })];
		expect(pickWorker(candidates, 0)).toBe('a');
	});

	it('bears less for less: a shared preamble does not fill one worker while another is idle', () => {
		const candidates = [candidate('a'), candidate('b', { busySlots: 1, knownShare: 0.2 })];
		expect(pickWorker(candidates, 0)).toBe('a');
	});

	it('keeps conversations at their worker and the load even, in a simulation', () => {
		const table = new AffinityTable(10_000);
		const workers = ['a', 'b', 'c', 'd'].map((id) => ({ id, busy: 0, served: 0 }));
		// A small linear congruential generator: the same run every time.
		let seed = 1;
		const random = () => {
			seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
			return seed / 2 ** 31;
		};
		const conversations = Array.from({ length: 32 }, (_, index) => ({
			prompt: [
				{ text: 'system', special: false },
				{ text: `question ${index} `.repeat(20), special: false },
			] as PromptPart[],
			last: '',
		}));
		const running: { id: string; until: number }[] = [];
		let returns = 0;
		let turns = 0;
		for (let step = 0; step < 2000; step += 1) {
			for (const done of running.filter((entry) => entry.until <= step)) {
				const worker = workers.find((entry) => entry.id === done.id);
				if (worker !== undefined) worker.busy -= 1;
				running.splice(running.indexOf(done), 1);
			}
			const conversation = conversations[Math.floor(random() * conversations.length)];
			if (conversation === undefined) continue;
			const keys = prefixKeys({ prompt: conversation.prompt, cacheScope: 'k' });
			const known = table.lookup(keys);
			const candidates = workers.map(({ id, busy }) =>
				candidate(id, { busySlots: busy, knownShare: known.get(id) ?? 0 }),
			);
			const picked = workers.find((worker) => worker.id === pickWorker(candidates, random()));
			if (picked === undefined) continue;
			picked.busy += 1;
			picked.served += 1;
			running.push({ id: picked.id, until: step + 4 + Math.floor(random() * 8) });
			if (conversation.last !== '') turns += 1;
			if (conversation.last === picked.id) returns += 1;
			conversation.last = picked.id;
			table.remember(keys, picked.id);
			if (conversation.prompt.length > 20) conversation.prompt.splice(2);
			else conversation.prompt.push({ text: 'answer', special: false }, { text: `turn ${step}`, special: false });
		}
		// By chance it would be a quarter.
		expect(returns / turns).toBeGreaterThan(0.7);
		const served = workers.map((worker) => worker.served);
		expect(Math.max(...served) / Math.min(...served)).toBeLessThan(2);
	});
});
