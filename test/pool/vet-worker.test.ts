import { describe, expect, it } from 'vitest';
import { vetWorker } from '../../src/pool/vet-worker.ts';
import { fakeInfo } from '../support/fake-worker.ts';

const { model } = fakeInfo();

describe('vetWorker', () => {
	it('takes a worker with the same model and template, whatever its slots and context', () => {
		expect(vetWorker(fakeInfo({ slots: 64, contextTokens: 512 }), fakeInfo())).toBeNull();
	});

	it.each([
		[{ model: { ...model, fingerprint: 'e'.repeat(64) } }, /another model \(fingerprint\): it has eeeeeeeeeeee/],
		[{ model: { ...model, fingerprint: '', vocabularySize: 7 } }, /another vocabulary: it has 7, the pool 1000/],
		[{ model: { ...model, fingerprint: '', parameters: 7 } }, /another model \(parameters\)/],
		[{ chatTemplate: 'theirs' }, /another chat template/],
	])('refuses %j', (changes, reason) => {
		expect(vetWorker(fakeInfo(changes), fakeInfo({ chatTemplate: 'ours' }))).toMatch(reason);
	});

	it('holds nothing against an engine that does not tell', () => {
		const silent = { ...model, fingerprint: '', vocabularySize: 0, parameters: 0 };
		expect(vetWorker(fakeInfo({ model: silent }), fakeInfo({ chatTemplate: 'ours' }))).toBeNull();
	});
});
