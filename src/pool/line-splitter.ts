import { workerFailed } from '../errors.ts';

/**
 * Cuts a byte stream into lines. Works on bytes, so a character that is split between two chunks survives; bytes that
 * are not UTF-8 are an error, not a replacement character. Throws worker_crashed for a line above `maxLineBytes`.
 */
export class LineSplitter {
	readonly #maxLineBytes: number;
	readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
	#held: Uint8Array[] = [];
	#heldBytes = 0;

	constructor(maxLineBytes: number) {
		this.#maxLineBytes = maxLineBytes;
	}

	/** The lines that this chunk completes, without their line feeds; empty lines are left out. */
	push(chunk: Uint8Array): string[] {
		const lines: string[] = [];
		let start = 0;
		for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
			const line = this.#complete(chunk.subarray(start, end));
			if (line !== '') lines.push(line);
			start = end + 1;
		}
		if (start < chunk.length) this.#hold(chunk.subarray(start));
		return lines;
	}

	/** To be called at the end of the stream: a line that was begun and not ended is a cut stream. */
	end(): void {
		if (this.#heldBytes > 0) throw brokenStream('the stream ended within a line');
	}

	#hold(bytes: Uint8Array): void {
		this.#heldBytes += bytes.length;
		if (this.#heldBytes > this.#maxLineBytes) throw brokenStream(`a line is longer than ${this.#maxLineBytes} bytes`);
		this.#held.push(bytes);
	}

	#complete(bytes: Uint8Array): string {
		this.#hold(bytes);
		const line = this.#held.length === 1 ? bytes : Buffer.concat(this.#held, this.#heldBytes);
		this.#held = [];
		this.#heldBytes = 0;
		try {
			return this.#decoder.decode(line);
		} catch (error) {
			throw brokenStream('a line is not UTF-8', error);
		}
	}
}

/** worker_crashed for a stream that broke the protocol. What was wrong is for the log, not for the client. */
export function brokenStream(what: string, cause?: unknown): Error {
	return workerFailed('The model worker failed while it processed your request.', cause ?? what);
}
