import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile } from '../../src/worker/download-file.ts';
import type { ProgressState } from '../../src/worker/download-progress.ts';

const content = randomBytes(300_000);

let folder: string;
let path: string;
let server: Server;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'retort-download-'));
	path = join(folder, 'file');
});

afterEach(() => {
	server.closeAllConnections();
	server.close();
	rmSync(folder, { recursive: true, force: true });
});

async function download(
	answer: (request: IncomingMessage, response: ServerResponse) => void,
	onProgress: (state: ProgressState) => void = () => undefined,
): Promise<void> {
	server?.close();
	server = createServer(answer).listen(0, '127.0.0.1');
	await once(server, 'listening');
	// A listening TCP server has an address object.
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	await downloadFile(url, path, { headers: {}, signal: AbortSignal.timeout(20_000), onProgress });
}

/** Answers the range that was asked for, and breaks the connection before byte `cutAt` of the file. */
function sendRange(cutAt = content.length) {
	return (request: IncomingMessage, response: ServerResponse) => {
		const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
		if (start >= content.length)
			return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
		const contentRange = `bytes ${start}-${content.length - 1}/${content.length}`;
		response.writeHead(206, { 'content-range': contentRange, 'content-length': content.length - start });
		if (cutAt === content.length) response.end(content.subarray(start));
		else response.write(content.subarray(start, cutAt), () => response.destroy());
	};
}

describe('downloadFile', () => {
	it('holds the first bytes of the whole wherever the connection broke, and goes on from there', async () => {
		let kept = 0;
		for (const cutAt of [1, 2, 65_536, 65_537, 200_000, content.length - 1]) {
			await expect(download(sendRange(cutAt))).rejects.toThrow();
			const partial = readFileSync(path);
			expect(partial.equals(content.subarray(0, partial.length))).toBe(true);
			expect(partial.length).toBeGreaterThanOrEqual(kept);
			kept = partial.length;
		}
		const states: ProgressState[] = [];
		await download(sendRange(), (state) => states.push(state));
		expect(readFileSync(path).equals(content)).toBe(true);
		expect(states.at(-1)).toMatchObject({ downloadedBytes: content.length, totalBytes: content.length });
	});

	it('leaves a file that is whole as it is', async () => {
		writeFileSync(path, content);
		await download(sendRange());
		expect(readFileSync(path).equals(content)).toBe(true);
	});

	it('drops a file that is longer than the whole, and says that this attempt failed', async () => {
		writeFileSync(path, Buffer.concat([content, content]));
		await expect(download(sendRange())).rejects.toMatchObject({ code: 'download_failed' });
		expect(existsSync(path)).toBe(false);
	});

	it('starts over where a server knows no ranges', async () => {
		writeFileSync(path, randomBytes(1000));
		await download((_request, response) => void response.end(content));
		expect(readFileSync(path).equals(content)).toBe(true);
	});

	it.each([
		['another range', 206, { 'content-range': 'bytes 0-9/10' }],
		['no range', 206, {}],
		['a refusal', 403, {}],
	])('writes nothing of an answer with %s', async (_name, status, headers) => {
		writeFileSync(path, content.subarray(0, 1000));
		const answer = (_request: IncomingMessage, response: ServerResponse) =>
			void response.writeHead(status, headers).end('something else');
		await expect(download(answer)).rejects.toMatchObject({ code: 'download_failed' });
		expect(readFileSync(path).equals(content.subarray(0, 1000))).toBe(true);
	});
});
