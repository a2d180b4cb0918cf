import { describe, expect, it } from 'vitest';
import { type BannerModel, formatBanner } from '../../src/cli/banner.ts';

const model: BannerModel = {
	name: "it's",
	aliases: ['fast'],
	workers: 1,
	reasoning: 'optional',
	info: {
		protocolVersion: 1,
		versions: { retort: '0.1.0', nodeLlamaCpp: '3.22.1', llamaCpp: 'v0.5.0', backend: 'cuda' },
		model: {
			name: 'm',
			fingerprint: 'f',
			architecture: 'qwen2',
			parameters: 7.6e9,
			fileBytes: 1,
			trainContextTokens: 1,
			vocabularySize: 1,
		},
		chatTemplate: null,
		tokens: { bos: null, eos: null, special: [] },
		contextTokens: 8192,
		slots: 4,
		threads: 8,
	},
};
const facts = { version: '0.1.0', url: 'http://127.0.0.1:8080', models: [model], keyCount: 0, isLoopback: true };

describe('formatBanner', () => {
	it('says what is served, where, how much of it, and to whom', () => {
		const text = formatBanner(facts);
		expect(text).toContain('retort 0.1.0  (llama.cpp v0.5.0, cuda)');
		expect(text).toContain('http://127.0.0.1:8080/v1');
		expect(text).toContain(
			"it's, fast: 7.6B parameters, 1 worker x 4 slots x 8192 tokens, 8 threads, reasons when asked",
		);
		expect(text).toContain('open to this machine only');
		expect(formatBanner({ ...facts, isLoopback: false })).toContain('OPEN TO THE NETWORK');
		expect(formatBanner({ ...facts, models: [{ ...model, reasoning: null }] })).toContain('template cannot be used');
	});

	it('leaves out what an engine elsewhere does not tell', () => {
		const { info } = model;
		const silent = { ...info.model, parameters: 0 };
		const versions = { retort: '-', nodeLlamaCpp: '-', llamaCpp: '-', backend: 'vllm' };
		const elsewhere = { ...model, info: { ...info, threads: 0, model: silent, versions } };
		const text = formatBanner({ ...facts, models: [elsewhere] });
		expect(text).toContain('retort 0.1.0  (vllm)');
		expect(text).toContain("it's, fast: 1 worker x 4 slots x 8192 tokens, reasons when asked");
	});

	it('ends with a line that a shell takes, quotes in names and all', () => {
		expect(formatBanner(facts).trim().split('\n').at(-1)).toContain(`-d '{"model":"it'\\''s","stream":true`);
	});

	it('asks for the key where one is needed, and shows none', () => {
		const text = formatBanner({ ...facts, keyCount: 2 });
		expect(text).toContain('2 API keys in force');
		expect(text).toContain('-H "authorization: Bearer $RETORT_KEY"');
	});
});
