import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { configError, downloadFailed, RetortError } from '../errors.ts';
import { downloadFile } from './download-file.ts';
import { formatBytes, type ProgressOutput, type ProgressState, showProgress } from './download-progress.ts';
import { withFileLock } from './file-lock.ts';
import { findHubFiles, type Hub, type HubFile, locateFile, type RepositoryFile } from './hub.ts';
import { type ModelSource, parseModelSource } from './parse-model-source.ts';
import { sha256OfFile } from './sha256-of-file.ts';

/**
 * Each attempt goes on where the last one stopped, with a new address: signed ones expire within the hour. So the first
 * comes at once, and the others wait for a network that is away.
 */
const WAITS_WITHOUT_PROGRESS_MS = [0, 1_000, 4_000, 10_000, 20_000];

export type ResolveOptions = {
	/** HF_ENDPOINT, HF_TOKEN, RETORT_MODELS, XDG_CACHE_HOME. */
	environment: Record<string, string | undefined>;
	/** What the configuration says about the file; checked on every start. */
	sha256: string | null;
	signal: AbortSignal;
	/** Before each attempt that follows one which brought nothing. */
	waitsMs?: readonly number[];
	terminal: ProgressOutput['terminal'];
	log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
};

/** What a finished download leaves behind, so that the next start asks nobody. */
const receiptSchema = z.object({
	source: z.string(),
	files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string().nullable() })).min(1),
});

/**
 * The path of a model's (first) GGUF file. A path is checked, an `hf:` source downloaded unless it is there already;
 * partial files stay and are resumed. Throws `config_error` for a source that cannot be right and `download_failed`.
 */
export async function resolveModelSource(source: string, options: ResolveOptions): Promise<string> {
	const parsed = parseModelSource(source);
	const path = parsed.type === 'file' ? resolve(parsed.path) : await download(source, parsed, options);
	await checkGguf(path);
	if (options.sha256 !== null && (await sha256OfFile(path, options.signal)) !== options.sha256)
		throw configError(`${path} is not the model that the configuration names: its SHA-256 is another`);
	return path;
}

/** Where downloaded models are kept. */
export function modelsFolder(environment: Record<string, string | undefined>): string {
	const cache = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
	return resolve(environment.RETORT_MODELS || join(cache, 'retort', 'models'));
}

async function download(source: string, parsed: Exclude<ModelSource, { type: 'file' }>, options: ResolveOptions) {
	const folder = join(modelsFolder(options.environment), `${parsed.user}_${parsed.repo}`);
	const label = parsed.type === 'quant' ? parsed.quant : `${parsed.revision}_${parsed.file}`.replaceAll('/', '_');
	const receipt = join(folder, `${label}.json`);
	await mkdir(join(folder, 'incoming'), { recursive: true });
	const onWait = () => options.log.info({ model: source }, 'another process is downloading this model: waiting');
	return await withFileLock(join(folder, '.lock'), { signal: options.signal, onWait }, async () => {
		const present = await readReceipt(folder, receipt);
		if (present !== null) return present;
		const hub: Hub = {
			endpoint: `${(options.environment.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '')}/`,
			token: options.environment.HF_TOKEN || null,
		};
		const files: HubFile[] = [];
		for (const file of await findHubFiles(hub, parsed, options.signal))
			files.push(await fetchFile(hub, file, folder, options));
		const kept = await Promise.all(
			files.map(async ({ name, sha256 }) => ({ name, sha256, bytes: (await stat(join(folder, name))).size })),
		);
		await writeFile(receipt, `${JSON.stringify({ source, files: kept }, null, 2)}\n`);
		return join(folder, kept[0]?.name ?? '');
	});
}

async function readReceipt(folder: string, path: string): Promise<string | null> {
	const text = await readFile(path, 'utf8').catch(() => null);
	if (text === null) return null;
	const { files } = receiptSchema.parse(JSON.parse(text));
	for (const { name, bytes } of files) {
		const size = await stat(join(folder, name)).then(
			(found) => found.size,
			() => null,
		);
		if (size !== bytes) return null;
	}
	return join(folder, files[0]?.name ?? '');
}

/** Downloads one file into incoming/, checks it, and moves it to its place. */
async function fetchFile(hub: Hub, file: RepositoryFile, folder: string, options: ResolveOptions): Promise<HubFile> {
	const { signal, log, waitsMs = WAITS_WITHOUT_PROGRESS_MS } = options;
	let located = await locateFile(hub, file, signal);
	const { name } = located;
	const path = join(folder, 'incoming', name);
	const size = located.bytes === null ? 'unknown size' : formatBytes(located.bytes);
	log.info({ file: name, size, from: hub.endpoint }, 'downloading model');
	const progress = showProgress(name, options);
	let downloadedBytes = 0;
	const onProgress = (state: ProgressState) => {
		downloadedBytes = state.downloadedBytes;
		progress.update(state, performance.now());
	};
	for (let failures = 0; ; ) {
		const before = downloadedBytes;
		try {
			if (failures > 0) located = await locateFile(hub, file, signal);
			await downloadFile(located.url, path, { headers: located.headers, signal, onProgress });
			break;
		} catch (error) {
			signal.throwIfAborted();
			failures = downloadedBytes > before ? 1 : failures + 1;
			const waitMs = waitsMs[failures - 1];
			if (waitMs === undefined)
				throw downloadFailed(`${name} could not be downloaded; the part that came is kept`, error);
			log.warn({ file: name, downloadedBytes, error: String(error) }, 'download broke off: going on');
			await setTimeout(waitMs, undefined, { signal });
		} finally {
			progress.end();
		}
	}
	await verify(located, path, options);
	await rename(path, join(folder, name));
	return located;
}

async function verify(file: HubFile, path: string, options: ResolveOptions): Promise<void> {
	if (file.sha256 === null) {
		options.log.warn({ file: file.name }, 'the hub tells no SHA-256 for this file: it is not verified');
		return;
	}
	if ((await sha256OfFile(path, options.signal)) === file.sha256) {
		options.log.info({ file: file.name, sha256: file.sha256 }, 'model verified');
		return;
	}
	const aside = `${path}.mismatch`;
	await rm(aside, { force: true });
	await rename(path, aside);
	throw downloadFailed(
		`${file.name} is not what the hub announced: its SHA-256 is not ${file.sha256}; the file was set aside as ${aside}`,
	);
}

async function checkGguf(path: string): Promise<void> {
	try {
		const file = await open(path);
		try {
			const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
			if (bytesRead === 4 && buffer.toString('latin1') === 'GGUF') return;
		} finally {
			await file.close();
		}
	} catch (error) {
		if (error instanceof RetortError) throw error;
		throw configError(`the model ${path} cannot be read`, error);
	}
	throw configError(`${path} is not a GGUF file`);
}
