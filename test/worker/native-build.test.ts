import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { hasNativeBinary, nativeBinaryFolder } from '../../src/worker/native-addon.ts';
import { buildNative, missingTools, removeNative } from '../../src/worker/native-build.ts';
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
const step = (version: number) => `#include <node_api.h>
NAPI_MODULE_INIT() {
    napi_value version;
    napi_create_int32(env, ${version}, &version);
    napi_set_named_property(env, exports, "retortStepVersion", version);
    return exports;
}
`;

/** node-llama-cpp's llama folder with an addon of a few lines: the whole way of a build, in seconds. */
function smallAddon(name: string, options: { cmake?: string; stepVersion?: number } = {}) {
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
	writeFileSync(join(nativeFolder, 'step.cpp'), step(options.stepVersion ?? STEP_VERSION));
	symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(root, 'node_modules'));
	const git = (...args: string[]) => execFileSync('git', args, { cwd: join(root, 'repository') });
	git('init', '--quiet');
	git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--allow-empty', '--message', 'x');
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
		const { root, build } = smallAddon('other', { stepVersion: 7 });
		await expect(build()).rejects.toThrow(/does not load/);
		expect(hasNativeBinary('cpu', root)).toBe(false);
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
