import { describe, expect, it } from 'vitest';
import { AffinityTable } from '../../src/pool/affinity-table.ts';
import { prefixKeys } from '../../src/pool/prefix-keys.ts';
import type { PromptPart } from '../../src/protocol/worker-api.ts';

const text = (value: string, special = false): PromptPart => ({ text: value, special });
const keys = (prompt: PromptPart[], cacheScope = 'key') => prefixKeys({ prompt, cacheScope });

describe('AffinityTable and prefixKeys', () => {
	it('finds the worker of the turn before, and how much of the prompt it knows', () => {
		const table = new AffinityTable(100);
		const first = [text('aaaa'), text('<U>', true), text('question'), text('<A>', true)];
		table.remember(keys(first), 'w1');
		const next = [...first.slice(0, 3), text('<A>', true), text('answer'), text('more')];
		const share = table.lookup(keys(next)).get('w1') ?? 0;
		expect(share).toBeCloseTo(18 / 28);
	});

	it('knows each worker by the longest prefix that it saw', () => {
		const table = new AffinityTable(100);
		table.remember(keys([text('a'), text('b'), text('c')]), 'w1');
		table.remember(keys([text('a')]), 'w2');
		const shares = table.lookup(keys([text('a'), text('b'), text('c'), text('d')]));
		expect([shares.get('w1'), shares.get('w2')]).toEqual([0.75, 0.25]);
	});

	it('does not match across cache scopes, kinds of text, or other cuts of the same text', () => {
		const table = new AffinityTable(100);
		table.remember(keys([text('ab')]), 'w1');
		expect(table.lookup(keys([text('ab')], 'other')).size).toBe(0);
		expect(table.lookup(keys([text('ab', true)])).size).toBe(0);
		expect(table.lookup(keys([text('a'), text('b')])).size).toBe(0);
		expect(table.lookup(keys([text('ab')])).size).toBe(1);
	});

	it('takes token prompts', () => {
		const table = new AffinityTable(100);
		table.remember(keys([{ tokens: [1, 2] }]), 'w1');
		expect(table.lookup(keys([{ tokens: [1, 2] }, { tokens: [3] }])).get('w1')).toBeCloseTo(2 / 3);
		expect(table.lookup(keys([{ tokens: [12] }])).size).toBe(0);
	});

	it('hashes a long history at its ends only', () => {
		expect(keys(Array.from({ length: 2000 }, (_, index) => text(`m${index}`)))).toHaveLength(18);
		expect(keys([])).toEqual([]);
	});

	it('forgets the least recently used', () => {
		const table = new AffinityTable(2);
		for (const name of ['a', 'b']) table.remember(keys([text(name)]), name);
		table.remember(keys([text('a')]), 'a');
		table.remember(keys([text('c')]), 'c');
		expect(['a', 'b', 'c'].map((name) => table.lookup(keys([text(name)])).size)).toEqual([1, 0, 1]);
	});
});
