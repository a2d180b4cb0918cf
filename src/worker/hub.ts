import { z } from 'zod';
import { downloadFailed, type RetortError } from '../errors.ts';
import type { ModelSource } from './parse-model-source.ts';

/** How to reach the hub: HF_ENDPOINT and HF_TOKEN. */
export type Hub = { endpoint: string; token: string | null };

/** One file to fetch. `url` is signed and short-lived where the hub keeps its files elsewhere; `headers` go with it. */
export type HubFile = {
	name: string;
	url: string;
	headers: Record<string, string>;
	bytes: number | null;
	sha256: string | null;
};

type RemoteSource = Exclude<ModelSource, { type: 'file' }>;

const manifestSchema = z.object({ ggufFile: z.object({ rfilename: z.string().min(1) }) });

/** A file of a repository, at a revision. */
export type RepositoryFile = { user: string; repo: string; revision: string; path: string };

/** All files that make up the model: one, or every part of a split GGUF in order. */
export async function findHubFiles(hub: Hub, source: RemoteSource, signal: AbortSignal): Promise<RepositoryFile[]> {
	const { user, repo } = source;
	if (source.type === 'hub-file')
		return splitParts(source.file).map((path) => ({ user, repo, revision: source.revision, path }));
	// What llama.cpp asks for its -hf option; the answer names a GGUF only for its user agent.
	const response = await ask(hub, `v2/${user}/${repo}/manifests/${source.quant}`, 'GET', signal);
	if (response.status === 400 || response.status === 404)
		throw downloadFailed(`${hub.endpoint} has no ${source.quant} of ${user}/${repo}, or no such repository`);
	if (!response.ok) throw refused(hub, `${user}/${repo}`, response.status);
	const manifest = manifestSchema.safeParse(await response.json().catch(() => null));
	if (!manifest.success) throw downloadFailed(`${hub.endpoint} names no GGUF file for ${user}/${repo}:${source.quant}`);
	return splitParts(manifest.data.ggufFile.rfilename).map((path) => ({ user, repo, revision: 'main', path }));
}

/** Size, hash and present address of a file. The token goes to the hub alone, never to where it redirects. */
export async function locateFile(hub: Hub, file: RepositoryFile, signal: AbortSignal): Promise<HubFile> {
	const path = file.path.split('/').map(encodeURIComponent).join('/');
	let address = new URL(`${file.user}/${file.repo}/resolve/${encodeURIComponent(file.revision)}/${path}`, hub.endpoint);
	for (let hops = 0; hops < 5; hops++) {
		const response = await ask(hub, address.href, 'HEAD', signal);
		const location = response.headers.get('location');
		const isRedirect = response.status >= 300 && response.status < 400 && location !== null;
		if (!isRedirect && !response.ok) throw refused(hub, `${file.user}/${file.repo}/${file.path}`, response.status);
		const target = isRedirect ? new URL(location, address) : address;
		// A renamed repository redirects within the hub; hash and size come with the redirect that leaves it.
		if (isRedirect && target.origin === address.origin && !response.headers.has('x-linked-etag')) {
			address = target;
			continue;
		}
		const etag = response.headers.get('x-linked-etag') ?? (isRedirect ? null : response.headers.get('etag'));
		const size = response.headers.get('x-linked-size') ?? (isRedirect ? null : response.headers.get('content-length'));
		const hash = etag?.replace(/^W\//, '').replaceAll('"', '') ?? '';
		return {
			name: file.path.split('/').at(-1) ?? file.path,
			url: target.href,
			headers: target.origin === new URL(hub.endpoint).origin ? authorisation(hub) : {},
			bytes: size === null ? null : Number(size),
			sha256: /^[0-9a-f]{64}$/.test(hash) ? hash : null,
		};
	}
	throw downloadFailed(`${hub.endpoint} redirects ${file.user}/${file.repo}/${file.path} in circles`);
}

async function ask(hub: Hub, path: string, method: string, signal: AbortSignal): Promise<Response> {
	const headers = { 'user-agent': 'llama-cpp', 'accept-encoding': 'identity', ...authorisation(hub) };
	try {
		return await fetch(new URL(path, hub.endpoint), { method, headers, redirect: 'manual', signal });
	} catch (error) {
		if (signal.aborted) throw error;
		throw downloadFailed(`${hub.endpoint} cannot be reached (HF_ENDPOINT sets another hub)`, error);
	}
}

function authorisation(hub: Hub): Record<string, string> {
	return hub.token === null ? {} : { authorization: `Bearer ${hub.token}` };
}

function refused(hub: Hub, what: string, status: number): RetortError {
	if (status === 401 || status === 403) {
		const hint = hub.token === null ? 'set HF_TOKEN to a token' : 'HF_TOKEN is not a token';
		return downloadFailed(`${hub.endpoint} does not give ${what} to us (${status}): ${hint} that may read it`);
	}
	if (status === 404) return downloadFailed(`${hub.endpoint} has no ${what}`);
	return downloadFailed(`${hub.endpoint} answered ${status} for ${what}`);
}

/** `m-00001-of-00003.gguf` stands for three files. */
function splitParts(path: string): string[] {
	const match = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(path);
	const [, stem, , total] = match ?? [];
	if (stem === undefined || total === undefined) return [path];
	return Array.from({ length: Number(total) }, (_, index) => {
		return `${stem}-${String(index + 1).padStart(5, '0')}-of-${total}.gguf`;
	});
}
