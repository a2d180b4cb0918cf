import { open, rm } from 'node:fs/promises';
import { downloadFailed } from '../errors.ts';
import type { ProgressState } from './download-progress.ts';

/**
 * Adds to the file at `path` whatever it lacks of what stands at `url`. The file alone says how far a download came: it
 * holds the first bytes of the whole and nothing else at any time, so that after a kill too the next call goes on from
 * its end. Throws when the connection breaks off, or at a status that is no answer; what came is kept.
 */
export async function downloadFile(
	url: string,
	path: string,
	options: { headers: Record<string, string>; signal: AbortSignal; onProgress(state: ProgressState): void },
): Promise<void> {
	const ended = new AbortController();
	const signal = AbortSignal.any([options.signal, ended.signal]);
	const startMs = performance.now();
	const file = await open(path, 'a');
	try {
		let { size } = await file.stat();
		const headers = { ...options.headers, 'accept-encoding': 'identity', range: `bytes=${size}-` };
		const response = await fetch(url, { headers, signal });
		const range = response.headers.get('content-range');
		// Nothing stands behind the last byte: the file is whole already.
		if (response.status === 416 && range === `bytes */${size}`) return;
		if (response.status === 416) await rm(path); // what we have is longer, so it is of another file
		if (!response.ok || response.body === null)
			throw downloadFailed(`the download was answered with ${response.status}`);
		if (response.status !== 206) {
			// A server without ranges sends the whole file each time.
			await file.truncate();
			size = 0;
		} else if (range?.startsWith(`bytes ${size}-`) !== true)
			throw downloadFailed(`the bytes from ${size} on were asked for; the answer holds "${range}"`);
		const totalBytes = size + Number(response.headers.get('content-length') ?? 0);
		let received = 0;
		for await (const chunk of response.body) {
			await file.appendFile(chunk);
			received += chunk.length;
			const bytesPerSecond = (received * 1000) / (performance.now() - startMs);
			options.onProgress({ downloadedBytes: size + received, totalBytes, bytesPerSecond });
		}
	} finally {
		ended.abort(); // lets go of a body that was not read to its end
		await file.close();
	}
}
