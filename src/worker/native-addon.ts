import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configError } from '../errors.ts';

export type NativeGpu = 'cpu' | 'cuda';

/** node-llama-cpp's folder of llama.cpp: sources, and the binaries that were built on this machine. */
export function addonFolder(): string {
	return join(dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))), '..', 'llama');
}

/** Where node-llama-cpp looks for a binary of this machine's own before it takes a prebuilt one. */
export function nativeBinaryFolder(gpu: NativeGpu, root = addonFolder()): string {
	const platform = process.platform === 'darwin' ? 'mac' : process.platform === 'win32' ? 'win' : process.platform;
	return join(root, 'localBuilds', [platform, process.arch, ...(gpu === 'cpu' ? [] : [gpu])].join('-'));
}

export function hasNativeBinary(gpu: NativeGpu, root = addonFolder()): boolean {
	return existsSync(join(nativeBinaryFolder(gpu, root), 'buildDone.status'));
}

/**
 * What node-llama-cpp wants to read beside a binary of its own. It tries a binary out in a process of its own, at each
 * start, unless it was built on this very system.
 */
export function binaryMetadata(gpu: NativeGpu, release: { repo: string; tag: string }, osRelease: string): object {
	const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
	return {
		buildOptions: {
			customCmakeOptions: {},
			progressLogs: false,
			platform: process.platform,
			platformInfo: { name: field('NAME'), version: field('VERSION_ID') },
			arch: process.arch,
			gpu: gpu === 'cpu' ? false : gpu,
			llamaCpp: { repo: release.repo, release: release.tag },
		},
	};
}

/** The release of llama.cpp that node-llama-cpp carries. */
export function bundledRelease(root = addonFolder()): { repo: string; tag: string } {
	const info: unknown = JSON.parse(readFileSync(join(root, 'llama.cpp.info.json'), 'utf8'));
	if (typeof info !== 'object' || info === null || !('tag' in info) || !('llamaCppGithubRepo' in info))
		throw configError(`${root}: llama.cpp.info.json does not name the release`);
	return { repo: String(info.llamaCppGithubRepo), tag: String(info.tag) };
}
