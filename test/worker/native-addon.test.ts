import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
	addonFolder,
	binaryMetadata,
	bundledRelease,
	hasNativeBinary,
	nativeBinaryFolder,
	registerStep,
	widenBatch,
} from '../../src/worker/native-addon.ts';
import { MICRO_BATCHES } from '../../src/worker/native-step.ts';

const root = mkdtempSync(join(tmpdir(), 'retort-native-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('our function in the addon', () => {
	it('is declared and registered once in the addon that is installed', () => {
		const patched = registerStep(readFileSync(join(addonFolder(), 'addon', 'addon.cpp'), 'utf8'));
		expect(patched.split('registerRetort(')).toHaveLength(3);
		expect(patched.indexOf('void registerRetort(')).toBeLessThan(patched.indexOf('registerRetort(env, exports);'));
	});

	it('makes a batch several micro-batches in the addon that is installed', () => {
		const patched = widenBatch(readFileSync(join(addonFolder(), 'addon', 'AddonContext.cpp'), 'utf8'));
		expect(patched).toContain('context_params.n_batch = retortBatchSize(context_params.n_ubatch);');
		expect(patched.split('retortBatchSize(')).toHaveLength(3);
		const step = readFileSync(new URL('../../native/step.cpp', import.meta.url), 'utf8');
		expect(step).toContain(`return ${MICRO_BATCHES} * microBatchSize;`);
	});

	it('uses members that the installed addon has', () => {
		const header = (name: string) => readFileSync(join(addonFolder(), 'addon', name), 'utf8');
		for (const member of [
			'llama_batch batch',
			'bool has_batch',
			'int32_t batch_n_tokens',
			'sharedSamplerData',
			'context_params',
		])
			expect(header('AddonContext.h')).toContain(member);
		for (const member of [
			'rebuildChainIfNeeded',
			'sampleAndReleaseLock',
			'acceptToken',
			'tokenBiasSampler_biases',
			'topKSampler_topK',
		])
			expect(header('AddonSampler.h')).toContain(member);
	});

	it('is refused by an addon of another shape', () => {
		expect(() => registerStep('int main() {}')).toThrow(/addon.cpp has another shape/);
		expect(() => widenBatch('int main() {}')).toThrow(/AddonContext.cpp has another shape/);
	});
});

describe('a native binary', () => {
	it('counts once its build has ended, for what it was built for', () => {
		expect(hasNativeBinary('cpu', root)).toBe(false);
		mkdirSync(nativeBinaryFolder('cpu', root), { recursive: true });
		expect(hasNativeBinary('cpu', root)).toBe(false);
		writeFileSync(join(nativeBinaryFolder('cpu', root), 'buildDone.status'), '');
		expect(hasNativeBinary('cpu', root)).toBe(true);
		expect(hasNativeBinary('cuda', root)).toBe(false);
	});

	it('says which system it was built on, so that it is not tried out at each start', () => {
		const metadata = binaryMetadata('cpu', { repo: 'a/b', tag: 'v1' }, 'PRETTY_NAME="X 1"\nNAME="X"\nVERSION_ID=12\n');
		expect(metadata).toMatchObject({
			buildOptions: {
				platformInfo: { name: 'X', version: '12' },
				gpu: false,
				llamaCpp: { repo: 'a/b', release: 'v1' },
			},
		});
	});

	it('is of the release that node-llama-cpp carries', () => {
		expect(bundledRelease().tag).toMatch(/^v?\w/);
		writeFileSync(join(root, 'llama.cpp.info.json'), '{}');
		expect(() => bundledRelease(root)).toThrow(/does not name the release/);
	});
});
