import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type SeenRequest = {
	server: 'hub' | 'cdn';
	method: string;
	path: string;
	token: string | null;
	range: string | null;
};

export type FakeHub = {
	endpoint: string;
	seen: SeenRequest[];
	/** Bytes of file content that went out. */
	sentBytes(): number;
	close(): Promise<void>;
};

export type FakeHubOptions = {
	/** By path in the repository `team/model`. */
	files: Record<string, Buffer>;
	/** The file that the manifest names, by tag. */
	manifest?: Record<string, string>;
	/** Bearer token without which everything is a 401. */
	token?: string;
	/** Hash to announce in place of the true one; null announces none. */
	announcedHash?: string | null;
	/** Called for every content request; true cuts the connection after half of what was asked. */
	cuts?: (contentRequest: number) => boolean;
	/** No content request gets more than half of what was asked; the connection stays open. */
	stalls?: boolean;
	/** Content requests that are refused with 403, as expired signatures are. */
	expires?: (contentRequest: number) => boolean;
};

/**
 * A model hub in the form of Hugging Face's: manifest, HEAD with hash and size, and a redirect to a second server (by
 * another name, so that a token must not follow) that answers open ranges.
 */
export async function startFakeHub(options: FakeHubOptions): Promise<FakeHub> {
	const seen: SeenRequest[] = [];
	let contentRequests = 0;
	let sent = 0;
	const cdn = createServer((request, response) => {
		note('cdn', request);
		const content = options.files[decodeURIComponent(new URL(request.url ?? '/', 'http://cdn').pathname.slice(1))];
		const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
		if (!content) return void response.writeHead(404).end();
		const start = range ? Number(range[1]) : 0;
		const body = content.subarray(start);
		const headers = {
			'content-length': body.length,
			...(range ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
		};
		const number = contentRequests++;
		if (options.expires?.(number)) return void response.writeHead(403).end();
		response.writeHead(range ? 206 : 200, headers);
		const cut = options.cuts?.(number) ?? false;
		const out = cut || options.stalls ? body.subarray(0, Math.floor(body.length / 2)) : body;
		sent += out.length;
		response.write(out, () => {
			if (cut) response.destroy();
			else if (!options.stalls) response.end();
		});
	});
	const hub = createServer((request, response) => {
		note('hub', request);
		answer(request, response);
	});

	function note(server: 'hub' | 'cdn', request: IncomingMessage): void {
		const token = request.headers.authorization?.replace(/^Bearer /, '') ?? null;
		const path = request.url ?? '/';
		seen.push({ server, method: request.method ?? '', path, token, range: request.headers.range ?? null });
	}

	function answer(request: IncomingMessage, response: ServerResponse): void {
		if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`)
			return void response.writeHead(401).end();
		const { pathname } = new URL(request.url ?? '/', 'http://hub');
		const tag = /^\/v2\/team\/model\/manifests\/(.+)$/.exec(pathname)?.[1];
		if (tag !== undefined) {
			const rfilename = options.manifest?.[tag];
			if (rfilename === undefined) return void response.writeHead(400).end();
			return void response
				.writeHead(200, { 'content-type': 'application/json' })
				.end(JSON.stringify(request.headers['user-agent'] === 'llama-cpp' ? { ggufFile: { rfilename } } : {}));
		}
		// A repository that was renamed redirects within the hub.
		if (pathname.startsWith('/team/old-name/'))
			return void response.writeHead(307, { location: pathname.replace('old-name', 'model') }).end();
		const name = decodeURIComponent(/^\/team\/model\/resolve\/main\/(.+)$/.exec(pathname)?.[1] ?? '');
		const content = options.files[name];
		if (!content) return void response.writeHead(404).end();
		const hash = options.announcedHash === undefined ? sha256(content) : options.announcedHash;
		response.writeHead(302, {
			location: `http://localhost:${portOf(cdn)}/${encodeURIComponent(name)}?signature=${seen.length}`,
			'x-linked-size': content.length,
			...(hash === null ? {} : { 'x-linked-etag': `"${hash}"` }),
		});
		response.end();
	}

	await Promise.all([listen(cdn, 'localhost'), listen(hub, '127.0.0.1')]);
	return {
		endpoint: `http://127.0.0.1:${portOf(hub)}`,
		seen,
		sentBytes: () => sent,
		async close() {
			for (const server of [hub, cdn]) {
				server.close();
				server.closeAllConnections();
			}
		},
	};
}

async function listen(server: Server, host: string): Promise<void> {
	server.listen(0, host);
	await once(server, 'listening');
}

function portOf(server: Server): number {
	// A listening TCP server has an address object.
	return (server.address() as AddressInfo).port;
}

export function sha256(content: Buffer): string {
	return createHash('sha256').update(content).digest('hex');
}
