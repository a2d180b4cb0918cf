import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addonFolder } from '../../src/worker/native-addon.ts';
import { NATIVE_EDITS } from '../../src/worker/native-edits.ts';
import { MICRO_BATCHES } from '../../src/worker/native-step.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-edits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
	execFileSync('git', [
		'clone',
		'--quiet',
		'--bare',
		join(addonFolder(), 'gitRelease.bundle'),
		join(folder, 'llama.cpp'),
	]);
});

/** A source as it is installed, with what a build changes in it. */
function edited(name: string): string {
	const [path, edit] = [...NATIVE_EDITS].find(([each]) => each.endsWith(name)) ?? [];
	if (path === undefined || edit === undefined) throw new Error(`${name} is not edited`);
	if (path.startsWith('addon')) return edit(readFileSync(join(addonFolder(), path), 'utf8'));
	const inRepository = `HEAD:${relative('llama.cpp', path).replaceAll('\\', '/')}`;
	return edit(execFileSync('git', ['show', inRepository], { cwd: join(folder, 'llama.cpp'), encoding: 'utf8' }));
}

describe('what a native build changes in what is installed', () => {
	it('declares and registers our functions once', () => {
		const addon = edited('addon.cpp');
		expect(addon.split('registerRetort(')).toHaveLength(3);
		expect(addon.indexOf('void registerRetort(')).toBeLessThan(addon.indexOf('registerRetort(env, exports);'));
	});

	it('makes a batch several micro-batches', () => {
		const context = edited('AddonContext.cpp');
		expect(context).toContain('context_params.n_batch = retortBatchSize(context_params.n_ubatch);');
		expect(context.split('retortBatchSize(')).toHaveLength(3);
		const step = readFileSync(new URL('../../native/step.cpp', import.meta.url), 'utf8');
		expect(step).toContain(`return ${MICRO_BATCHES} * microBatchSize;`);
	});

	it('multiplies with our kernels what ggml has repacked, and has two more formats repacked', () => {
		const repack = edited('repack.cpp');
		// They are given what ggml's own are given.
		const given = 'ne00, (float *) (dst_ptr) + src0_start, nb1 / nb0, src0_ptr + src0_start * nb01, src1_ptr, nrows';
		expect(repack.replaceAll(/\s+/g, ' ')).toContain(`gemm<BLOC_TYPE, INTER_SIZE, NB_COLS, PARAM_TYPE>(${given} - `);
		expect(repack).toContain(`NB_COLS>(${given}, ncols)) return;\n`);
		for (const type of ['q5_K', 'q6_K'])
			expect(repack).toMatch(new RegExp(`retort::hasKernels && .*\\) return &${type}_8x8_q8_K;`));
	});

	it('attends with ours before it asks ggml', () => {
		expect(edited('ops.cpp')).toContain(
			'if (!retort::attention(params, dst)) ggml_compute_forward_flash_attn_ext_f16(params, dst);',
		);
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

	it.each([...NATIVE_EDITS])('refuses %s of another shape', (path, edit) => {
		expect(() => edit('int main() {}')).toThrow(`${path.split(/[\\/]/).at(-1)} has another shape`);
	});
});
