import { describe, expect, it } from 'vitest';
import { AffinityTable } from '../../src/pool/affinity-table.ts';
import { type Candidate, pickWorker } from '../../src/pool/pick-worker.ts';
import { prefixKeys } from '../../src/pool/prefix-keys.ts';
import type { PromptPart } from '../../src/protocol/worker-api.ts';

function candidate(id: string, changes: Partial<Candidate> = {}): Candidate {
	return {
		id,
		isReady: true,
		slots: 4,
		busySlots: 0,
		knownShare: 0,
		pendingPromptTokens: 0,
		prefillMsPerToken: null,
		...changes,
	};
}

describe('pickWorker', () => {
	it('picks nobody when nobody is ready or has a free slot', () => {
		expect(pickWorker([], 100, [0, 0])).toBe(null);
		expect(pickWorker([candidate('a', { isReady: false }), candidate('b', { busySlots: 4 })], 100, [0, 0])).toBe(null);
		expect(pickWorker([candidate('a', { slots: 0 })], 100, [0, 0])).toBe(null);
	});

	it('picks the least busy by share of its slots', () => {
		const candidates = [candidate('a', { busySlots: 2 }), candidate('b', { slots: 16, busySlots: 3 })];
		expect(pickWorker(candidates, 100, [0, 0])).toBe('b');
	});

	it('looks at two that are drawn, never at the same one twice', () => {
		const candidates = ['a', 'b', 'c'].map((id, index) => candidate(id, { pendingPromptTokens: 300 - 100 * index }));
		const draws = [0, 0.34, 0.99];
		const picked = draws.flatMap((first) => draws.map((second) => pickWorker(candidates, 100, [first, second])));
		// The worst of three wins no pair; the best wins every pair that it is in.
		expect(picked).toEqual(['b', 'b', 'c', 'c', 'c', 'b', 'c', 'c', 'c']);
	});

	it('sends a prompt where its first token comes sooner: less to evaluate before it, or a faster worker', () => {
		const waiting = candidate('a', { pendingPromptTokens: 5000 });
		const other = candidate('b', { busySlots: 2, pendingPromptTokens: 100 });
		expect(pickWorker([waiting, other], 100, [0, 0])).toBe('b');
		const slow = candidate('a', { prefillMsPerToken: 10 });
		const fast = candidate('b', { prefillMsPerToken: 1, pendingPromptTokens: 300 });
		expect(pickWorker([slow, fast], 100, [0, 0])).toBe('b');
		expect(pickWorker([slow, candidate('new')], 100, [0, 0])).toBe('a');
	});

	it.each([1, 2, 16, 256])('places on %i workers without leaving one out', (count) => {
		const candidates = Array.from({ length: count }, (_, index) => candidate(`w${index}`, { busySlots: 4 }));
		for (const [index, free] of candidates.entries()) {
			const one = candidates.map((other) => (other === free ? { ...free, busySlots: 3 } : other));
			expect(pickWorker(one, 100, [index / count, 0.5])).toBe(free.id);
		}
	});

	it('prefers the one that knows the conversation', () => {
		const candidates = [candidate('a'), candidate('b', { busySlots: 1, knownShare: 0.9 })];
		expect(pickWorker(candidates, 100, [0, 0])).toBe('b');
	});

	it('does not send a conversation back to a much busier worker', () => {
		const candidates = [candidate('a'), candidate('b', { busySlots: 3, knownShare: 1 })];
		expect(pickWorker(candidates, 100, [0, 0])).toBe('a');
	});

	it('bears less for less: a shared preamble does not fill one worker while another is idle', () => {
		const candidates = [candidate('a'), candidate('b', { busySlots: 1, knownShare: 0.2 })];
		expect(pickWorker(candidates, 100, [0, 0])).toBe('a');
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
			const picked = workers.find((worker) => worker.id === pickWorker(candidates, 100, [random(), random()]));
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
