import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
	addKernels,
	addonFolder,
	binaryMetadata,
	bundledRelease,
	hasNativeBinary,
	nativeBinaryFolder,
	REPACK_SOURCE,
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

	it('multiplies with our kernels in the release that is installed', () => {
		const repository = join(root, 'llama.cpp');
		execFileSync('git', ['clone', '--quiet', '--bare', join(addonFolder(), 'gitRelease.bundle'), repository]);
		const path = `HEAD:${relative('llama.cpp', REPACK_SOURCE).replaceAll('\\', '/')}`;
		const patched = addKernels(execFileSync('git', ['show', path], { cwd: repository, encoding: 'utf8' }));
		// They are given what ggml's own are given.
		const given = 'ne00, (float *) (dst_ptr) + src0_start, nb1 / nb0, src0_ptr + src0_start * nb01, src1_ptr, nrows';
		expect(patched.replaceAll(/\s+/g, ' ')).toContain(`gemm<BLOC_TYPE, INTER_SIZE, NB_COLS, PARAM_TYPE>(${given} - `);
		expect(patched).toContain(`NB_COLS>(${given}, ncols)) return;\n`);
		for (const type of ['q5_K', 'q6_K'])
			expect(patched).toMatch(new RegExp(`retort::hasKernels && .*\\) return &${type}_8x8_q8_K;`));
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
		expect(() => addKernels('int main() {}')).toThrow(/repack.cpp has another shape/);
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
