import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import {
	chmodSync,
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { configError } from '../errors.ts';
import { addonFolder, binaryMetadata, bundledRelease, type NativeGpu, nativeBinaryFolder } from './native-addon.ts';
import { NATIVE_EDITS } from './native-edits.ts';
import { KERNEL_ERROR, STEP_VERSION } from './native-step.ts';

export type NativeBuildOptions = {
	gpu: NativeGpu;
	jobs: number;
	/** Sources and objects; what is there of an interrupted build is used. Emptied when the build has ended well. */
	workFolder: string;
	/** Our `native/`. */
	nativeFolder: string;
	/** node-llama-cpp's llama folder. */
	root?: string;
	note: (line: string) => void;
};

/**
 * Compiles node-llama-cpp's bundled source for this machine, with our `native/` in it, tries the binary out and puts it
 * where node-llama-cpp looks first. Works without a network. Throws config_error, and leaves what was there, when a tool
 * is missing or a step fails. Resolves to the folder of the binary.
 */
export async function buildNative(options: NativeBuildOptions): Promise<string> {
	const { gpu, note, root = addonFolder() } = options;
	const missing = missingTools(gpu);
	if (missing.length > 0)
		throw configError(`cannot build: ${missing.join(', ')} not found (Debian: apt-get install cmake g++ git)`);
	const release = bundledRelease(root);
	const source = join(options.workFolder, 'source');
	const objects = join(options.workFolder, 'build');
	note(`source of llama.cpp ${release.tag} in ${source}`);
	await prepareSource(source, root, options.nativeFolder);
	note(`configuring for ${gpu === 'cpu' ? 'this CPU' : 'this CPU and its CUDA devices'}`);
	await run('cmake', ['-S', source, '-B', objects, ...cmakeFlags(gpu, root)], {}, note);
	const minutes = gpu === 'cpu' ? 'some minutes' : 'about twenty minutes';
	note(`compiling with ${options.jobs} ${options.jobs === 1 ? 'job' : 'jobs'}: ${minutes} on two cores`);
	await run('cmake', ['--build', objects, '--target', 'llama-addon', '--parallel', String(options.jobs)], {}, note);
	const binary = findBinary(objects);
	tryOut(binary);
	const folder = nativeBinaryFolder(gpu, root);
	install(binary, folder, binaryMetadata(gpu, release, readOsRelease()));
	rmSync(options.workFolder, { recursive: true, force: true });
	return folder;
}

/** Back to the prebuilt binary; false when there was no other. */
export function removeNative(gpu: NativeGpu, root = addonFolder()): boolean {
	const folder = nativeBinaryFolder(gpu, root);
	if (!existsSync(folder)) return false;
	rmSync(folder, { recursive: true, force: true });
	return true;
}

export function missingTools(gpu: NativeGpu): string[] {
	const has = (command: string) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
	return [
		...(has('cmake') ? [] : ['cmake']),
		...(has('c++') || has('g++') || has('clang++') ? [] : ['a C++ compiler']),
		...(has('git') ? [] : ['git']),
		...(gpu === 'cpu' || has('nvcc') ? [] : ['nvcc']),
	];
}

function cmakeFlags(gpu: NativeGpu, root: string): string[] {
	const require = createRequire(join(root, 'package.json'));
	const headers = join(dirname(require.resolve('node-api-headers')), 'include');
	const platform = `${process.platform}-${process.arch}`;
	const values: Record<string, string> = {
		CMAKE_BUILD_TYPE: 'Release',
		CMAKE_JS_INC: headers,
		NLC_CURRENT_PLATFORM: platform,
		NLC_TARGET_PLATFORM: platform,
		GGML_NATIVE: 'ON',
		// One file: nothing beside it that could be of another build.
		BUILD_SHARED_LIBS: 'OFF',
		LLAMA_OPENSSL: 'OFF',
		FETCHCONTENT_FULLY_DISCONNECTED: 'ON',
		...(gpu === 'cuda' ? { GGML_CUDA: 'ON', CMAKE_CUDA_ARCHITECTURES: 'native' } : {}),
	};
	const hasNinja = spawnSync('ninja', ['--version'], { stdio: 'ignore' }).status === 0;
	return [...(hasNinja ? ['-G', 'Ninja'] : []), ...Object.entries(values).map(([key, value]) => `-D${key}=${value}`)];
}

async function prepareSource(source: string, root: string, nativeFolder: string): Promise<void> {
	// An interrupted build of another version would leave what this one does not know.
	const done = join(source, `prepared-${STEP_VERSION}`);
	if (!existsSync(done)) {
		rmSync(source, { recursive: true, force: true });
		mkdirSync(source, { recursive: true });
		for (const part of ['CMakeLists.txt', 'package.json', 'addon', 'cmake', 'profiles'])
			cpSync(join(root, part), join(source, part), { recursive: true });
		// CMakeLists.txt asks node where node-addon-api is.
		symlinkSync(modulesFolder(root), join(source, 'node_modules'));
		const repository = join(source, 'llama.cpp');
		await run('git', ['clone', '--quiet', join(root, 'gitRelease.bundle'), repository], {});
		const patches = readdirSync(join(root, 'patches')).filter((name) => name.endsWith('.diff'));
		for (const patch of patches) await run('git', ['apply', join(root, 'patches', patch)], { cwd: repository });
		for (const [path, edit] of NATIVE_EDITS) {
			const file = join(source, path);
			writeFileSync(file, edit(readFileSync(file, 'utf8')));
		}
		writeFileSync(done, '');
	}
	cpSync(nativeFolder, join(source, 'addon', 'retort'), { recursive: true });
}

/** The node_modules that node-addon-api is found in, seen from node-llama-cpp. */
function modulesFolder(root: string): string {
	const require = createRequire(join(root, 'package.json'));
	return resolve(dirname(require.resolve('node-addon-api/package.json')), '..');
}

function findBinary(objects: string): string {
	const path = readdirSync(objects, { recursive: true, encoding: 'utf8' }).find((name) =>
		name.endsWith('llama-addon.node'),
	);
	if (path === undefined) throw configError(`the build ended without llama-addon.node in ${objects}`);
	return join(objects, path);
}

/** Throws config_error when it cannot be used. In a process of its own: a binary that does not fit this machine ends the one that loads it. */
export function tryOut(binary: string): void {
	const script = `
		const m = { exports: {} };
		process.dlopen(m, process.argv[1]);
		const { retortStepVersion, retortCheckKernels } = m.exports;
		if (retortStepVersion !== ${STEP_VERSION}) throw 'it does not hold our steps';
		const error = retortCheckKernels();
		if (!(error < ${KERNEL_ERROR})) throw 'it miscalculates on this processor: relative error ' + error;`;
	const guarded = `try { ${script} } catch (error) { process.stdout.write(String(error.message ?? error)) }`;
	const { status, signal, stdout } = spawnSync(process.execPath, ['-e', guarded, binary], { encoding: 'utf8' });
	const problem = status === 0 ? stdout.trim() : `it ended with ${signal ?? status}`;
	if (problem !== '') throw configError(`the new binary cannot be used: ${problem}`);
}

/** In one rename, so that a worker that starts meanwhile finds the old or the new one. */
function install(binary: string, folder: string, metadata: object): void {
	const next = `${folder}.new`;
	try {
		rmSync(next, { recursive: true, force: true });
		mkdirSync(join(next, 'Release'), { recursive: true });
		copyFileSync(binary, join(next, 'Release', 'llama-addon.node'));
		chmodSync(join(next, 'Release', 'llama-addon.node'), 0o755);
		writeFileSync(join(next, 'Release', '_nlcBuildMetadata.json'), JSON.stringify(metadata));
		writeFileSync(join(next, 'buildDone.status'), '');
		rmSync(folder, { recursive: true, force: true });
		renameSync(next, folder);
	} catch (cause) {
		throw configError(`cannot write to ${folder}: run this as the owner of node_modules`, cause);
	}
}

function readOsRelease(): string {
	return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
}

/** Lines of the tool that tell its progress go to `note`; when it fails, the end of what it said is the error. */
async function run(
	command: string,
	args: string[],
	options: SpawnOptions,
	note: (line: string) => void = () => undefined,
): Promise<void> {
	const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
	let said = '';
	const hear = (chunk: Buffer) => {
		said = (said + chunk.toString()).slice(-4000);
		for (const line of chunk.toString().split('\n')) if (/^\[\s*\d+(%|\/\d+)\]/.test(line)) note(line.trim());
	};
	child.stdout?.on('data', hear);
	child.stderr?.on('data', hear);
	const code = await new Promise<number | string>((resolve) => {
		child.on('error', (error) => resolve(error.message));
		child.on('close', (status, signal) => resolve(status ?? signal ?? 'unknown'));
	});
	if (code !== 0) throw configError(`${command} ${args[0] ?? ''} failed (${code}):\n${said.trim()}`);
}
