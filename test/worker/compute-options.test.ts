import { describe, expect, it } from 'vitest';
import {
	chooseBatch,
	chooseThreads,
	headSizeOf,
	mapsFile,
	usesFlashAttention,
} from '../../src/worker/compute-options.ts';

describe('threads', () => {
	it('are all cores, and of many all but one', () => {
		expect(chooseThreads(1e9, 16)).toBe(15);
		expect(chooseThreads(1e9, 4)).toBe(4);
		expect(chooseThreads(1e9, 2)).toBe(2);
		expect(chooseThreads(1e9, 1)).toBe(1);
	});

	it('are one for a model of a few million parameters', () => {
		expect(chooseThreads(2e6, 16)).toBe(1);
	});
});

describe('a batch', () => {
	it('is larger on a GPU, and small for plain attention, whatever the configuration says', () => {
		expect(chooseBatch(null, { onCpu: true, flashAttention: null })).toBe(512);
		expect(chooseBatch(null, { onCpu: false, flashAttention: null })).toBe(1024);
		expect(chooseBatch(null, { onCpu: true, flashAttention: false })).toBe(64);
		expect(chooseBatch(2048, { onCpu: true, flashAttention: false })).toBe(64);
		expect(chooseBatch(32, { onCpu: true, flashAttention: false })).toBe(32);
		expect(chooseBatch(2048, { onCpu: false, flashAttention: null })).toBe(2048);
	});
});

describe('the file', () => {
	it('is read into memory on a CPU, unless that is short, and llama.cpp decides where a GPU computes', () => {
		expect(mapsFile({ onCpu: true, fileBytes: 8e9, availableBytes: 11e9 })).toBe(false);
		expect(mapsFile({ onCpu: true, fileBytes: 9e9, availableBytes: 11e9 })).toBe(true);
		expect(mapsFile({ onCpu: false, fileBytes: 9e9, availableBytes: 11e9 })).toBe('auto');
	});
});

describe('flash attention', () => {
	it('is off for small heads on a CPU, and llama.cpp decides about all others', () => {
		const model = { onCpu: true, headSize: 32, isOurs: false };
		expect(usesFlashAttention(model)).toBe(false);
		expect(usesFlashAttention({ ...model, onCpu: false })).toBeNull();
		expect(usesFlashAttention({ ...model, headSize: 64 })).toBeNull();
		expect(usesFlashAttention({ ...model, headSize: null })).toBeNull();
		expect(usesFlashAttention({ ...model, isOurs: true })).toBe(true);
		expect(usesFlashAttention({ ...model, headSize: 48, isOurs: true })).toBe(false);
	});

	it('takes the size of a head from what a gguf says of it', () => {
		expect(headSizeOf({ embedding_length: 192, attention: { head_count: 6 } })).toBe(32);
		expect(headSizeOf({ embedding_length: 1024, attention: { head_count: 16, key_length: 128 } })).toBe(128);
		expect(headSizeOf({ embedding_length: 1024, attention: { head_count: [8, 16] } })).toBeNull();
		expect(headSizeOf({})).toBeNull();
	});
});
