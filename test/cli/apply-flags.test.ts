import { describe, expect, it } from 'vitest';
import { applyFlags } from '../../src/cli/apply-flags.ts';
import type { ServeFlags } from '../../src/cli/serve-flags.ts';
import { defaultConfig, parseConfig } from '../../src/config/load-config.ts';

const team = parseConfig(
	'server: {port: 9000}\nmodels: {a: {source: a.gguf, slots: 2}, b: {source: b.gguf}}\n',
	'team.yaml',
);
const apply = (flags: ServeFlags, config = team) => applyFlags(config, flags, [], '/embedded.gguf');

describe('applyFlags', () => {
	it('serves the embedded model when nothing is named', () => {
		const { models } = apply({}, defaultConfig());
		expect(Object.keys(models)).toEqual(['pocket-reasoner']);
		expect(models['pocket-reasoner']?.source).toBe('/embedded.gguf');
	});

	it('keeps what the configuration says where no flag does', () => {
		expect(apply({})).toEqual(team);
	});

	it('lets flags win', () => {
		const config = apply({
			port: 1,
			host: '::1',
			insecure: true,
			slots: 7,
			context: 128,
			threads: 3,
			gpuLayers: 'max',
			workers: 2,
			logLevel: 'warn',
		});
		expect(config.server).toMatchObject({ port: 1, host: '::1', insecure: true });
		expect(config.logging.level).toBe('warn');
		const model = { slots: 7, contextTokens: 128, threads: 3, gpuLayers: 'max', workers: 2 };
		expect(config.models).toMatchObject({ a: { source: 'a.gguf', ...model }, b: { source: 'b.gguf', ...model } });
	});

	it.each([
		['./DeepSeek-R1.Q4_K_M.gguf', 'DeepSeek-R1.Q4_K_M'],
		['/m/big-00001-of-00003.gguf', 'big'],
		['hf:u/DeepSeek-R1-Distill-Qwen-7B-GGUF:Q4_K_M', 'DeepSeek-R1-Distill-Qwen-7B'],
		['hf:u/r/folder/file.gguf', 'file'],
	])('serves --model %s in place of the configured ones, as %s', (model, name) => {
		expect(Object.keys(apply({ model }).models)).toEqual([name]);
		expect(Object.keys(apply({ model, name: 'mine' }).models)).toEqual(['mine']);
	});

	it('adds the keys of the key file', () => {
		const key = { id: 'alice', sha256: 'a'.repeat(64), admin: false };
		expect(applyFlags(defaultConfig(), {}, [key], '/m.gguf').keys).toEqual([key]);
	});

	it('refuses a name or a draft model without a model', () => {
		expect(() => apply({ name: 'x' })).toThrow(/--name names the model of --model/);
		expect(() => apply({ draftModel: 'small.gguf' })).toThrow(/--draft-model drafts for the model of --model/);
		expect(() => apply({ model: '/' })).toThrow(/names no file/);
	});
});
