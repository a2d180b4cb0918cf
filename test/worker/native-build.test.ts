import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { hasNativeBinary, nativeBinaryFolder } from '../../src/worker/native-addon.ts';
import { buildNative, missingTools, removeNative, tryOut } from '../../src/worker/native-build.ts';
import { STEP_VERSION } from '../../src/worker/native-step.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-build-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const CMAKE = `cmake_minimum_required(VERSION 3.19)
project(llama-addon C CXX)
include_directories(\${CMAKE_JS_INC})
add_library(llama-addon SHARED addon/addon.cpp addon/retort/step.cpp)
set_target_properties(llama-addon PROPERTIES PREFIX "" SUFFIX ".node")
`;
const ADDON = `#if 0
Napi::Object registerCallback(
    AddonSampler::init(exports);
#endif
`;
const ADDON_CONTEXT = `#include "AddonContext.h"
// context_params.n_ubatch = context_params.n_batch;
`;
const REPACK = `#include "repack.h"
        // If there are more than three rows in src1, use gemm; otherwise, use gemv.
    } else if (cur->type == GGML_TYPE_Q5_K) {
    } else if (cur->type == GGML_TYPE_Q6_K) {
`;
const OPS = `#include "ops.h"
                ggml_compute_forward_flash_attn_ext_f16(params, dst);
`;
const step = (version: number, error: string) => `#include <cmath>
#include <cstdlib>
#include <node_api.h>
static napi_value checkKernels(napi_env env, napi_callback_info) {
    napi_value error;
    napi_create_double(env, ${error}, &error);
    return error;
}
NAPI_MODULE_INIT() {
    napi_value version, check;
    napi_create_int32(env, ${version}, &version);
    napi_set_named_property(env, exports, "retortStepVersion", version);
    napi_create_function(env, "retortCheckKernels", NAPI_AUTO_LENGTH, checkKernels, nullptr, &check);
    napi_set_named_property(env, exports, "retortCheckKernels", check);
    return exports;
}
`;

/** node-llama-cpp's llama folder with an addon of a few lines: the whole way of a build, in seconds. */
function smallAddon(name: string, options: { cmake?: string; stepVersion?: number; kernelError?: string } = {}) {
	const root = join(folder, name);
	for (const part of ['addon', 'cmake', 'profiles', 'patches', 'repository'])
		mkdirSync(join(root, part), { recursive: true });
	writeFileSync(join(root, 'package.json'), '{}');
	writeFileSync(join(root, 'llama.cpp.info.json'), '{"tag":"v9","llamaCppGithubRepo":"a/b"}');
	writeFileSync(join(root, 'CMakeLists.txt'), options.cmake ?? CMAKE);
	writeFileSync(join(root, 'addon', 'addon.cpp'), ADDON);
	writeFileSync(join(root, 'addon', 'AddonContext.cpp'), ADDON_CONTEXT);
	const nativeFolder = join(root, 'native');
	mkdirSync(nativeFolder);
	writeFileSync(join(nativeFolder, 'step.cpp'), step(options.stepVersion ?? STEP_VERSION, options.kernelError ?? '0'));
	symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(root, 'node_modules'));
	const git = (...args: string[]) => execFileSync('git', args, { cwd: join(root, 'repository') });
	const ggml = join(root, 'repository', 'ggml', 'src', 'ggml-cpu');
	mkdirSync(ggml, { recursive: true });
	writeFileSync(join(ggml, 'repack.cpp'), REPACK);
	writeFileSync(join(ggml, 'ops.cpp'), OPS);
	git('init', '--quiet');
	git('add', '--all');
	git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--message', 'x');
	git('bundle', 'create', '--quiet', join(root, 'gitRelease.bundle'), 'HEAD');
	const notes: string[] = [];
	return {
		root,
		notes,
		build: () =>
			buildNative({
				gpu: 'cpu',
				jobs: 1,
				workFolder: join(root, 'work'),
				nativeFolder,
				root,
				note: (line) => notes.push(line),
			}),
	};
}

const cannotBuild = missingTools('cpu').length > 0;

describe.skipIf(cannotBuild)('a native build', () => {
	it('puts the binary where node-llama-cpp looks first, and cleans up', async () => {
		const { root, notes, build } = smallAddon('whole');
		expect(await build()).toBe(nativeBinaryFolder('cpu', root));
		expect(hasNativeBinary('cpu', root)).toBe(true);
		const release = join(nativeBinaryFolder('cpu', root), 'Release');
		expect(existsSync(join(release, 'llama-addon.node'))).toBe(true);
		expect(JSON.parse(readFileSync(join(release, '_nlcBuildMetadata.json'), 'utf8'))).toHaveProperty('buildOptions');
		expect(existsSync(join(root, 'work'))).toBe(false);
		expect(notes.some((note) => note.includes('v9'))).toBe(true);
		expect(removeNative('cpu', root)).toBe(true);
		expect(removeNative('cpu', root)).toBe(false);
	});

	it('ends with what the compiler said, and leaves the binary that was there', async () => {
		const { root, build } = smallAddon('broken', { cmake: 'message(FATAL_ERROR "no such thing")' });
		mkdirSync(nativeBinaryFolder('cpu', root), { recursive: true });
		writeFileSync(join(nativeBinaryFolder('cpu', root), 'buildDone.status'), '');
		await expect(build()).rejects.toMatchObject({
			code: 'config_error',
			message: expect.stringContaining('no such thing'),
		});
		expect(hasNativeBinary('cpu', root)).toBe(true);
	});

	it('refuses a binary that does not hold our function', async () => {
		const { root, build } = smallAddon('other', { stepVersion: STEP_VERSION + 1 });
		await expect(build()).rejects.toThrow('the new binary cannot be used: it does not hold our steps');
		expect(hasNativeBinary('cpu', root)).toBe(false);
	});

	it.each(['0.01', 'NAN'])('refuses a binary that miscalculates on this processor: %s', async (kernelError) => {
		const { root, build } = smallAddon(`wrong-${kernelError}`, { kernelError });
		await expect(build()).rejects.toThrow(/cannot be used: it miscalculates on this processor/);
		expect(hasNativeBinary('cpu', root)).toBe(false);
	});
});

describe.skipIf(cannotBuild)('a binary with instructions that this processor lacks', () => {
	it('ends the process that tries it out, and no other', async () => {
		const { root, build } = smallAddon('dying', { kernelError: '(abort(), 0.0)' });
		await expect(build()).rejects.toThrow('the new binary cannot be used: it ended with SIGABRT');
		expect(hasNativeBinary('cpu', root)).toBe(false);
	});
});

describe.runIf(hasNativeBinary('cpu'))('the native binary of this machine', () => {
	it('calculates as plain weights and a cache of 32 bits do', () => {
		expect(() => tryOut(join(nativeBinaryFolder('cpu'), 'Release', 'llama-addon.node'))).not.toThrow();
	});
});

describe('a machine without a compiler', () => {
	it('is told what is missing', async () => {
		vi.stubEnv('PATH', '/nowhere');
		expect(missingTools('cuda')).toEqual(['cmake', 'a C++ compiler', 'git', 'nvcc']);
		const options = {
			gpu: 'cpu' as const,
			jobs: 1,
			workFolder: folder,
			nativeFolder: '',
			root: folder,
			note: () => {},
		};
		await expect(buildNative(options)).rejects.toThrow('cannot build: cmake, a C++ compiler, git not found');
	});
});
