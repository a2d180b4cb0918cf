import { open } from 'node:fs/promises';
import { configError } from '../errors.ts';

const HEADER_BYTES = 24;
/** A key is at least a length, a type and a value; a tensor at least a length, dimensions, type and offset. */
const MIN_ENTRY_BYTES = 13;
const MIN_TENSOR_BYTES = 24;

/**
 * Refuses what llama.cpp's loader does not survive: a header of 24 bytes that promises 2^48 keys hangs it.
 * Layout: ggml/docs/gguf.md, versions 2 and 3.
 */
export async function checkGgufHeader(path: string): Promise<{ fileBytes: number }> {
	const refuse = (why: string, cause?: unknown) => configError(`${path} ${why}`, cause);
	const file = await open(path, 'r').catch((cause: unknown) => {
		throw refuse('cannot be read.', cause);
	});
	try {
		const { size: fileBytes } = await file.stat();
		const header = Buffer.alloc(HEADER_BYTES);
		const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
		if (bytesRead < HEADER_BYTES || header.toString('latin1', 0, 4) !== 'GGUF') throw refuse('is not a GGUF file.');
		const version = header.readUInt32LE(4);
		if (version < 2 || version > 3) throw refuse(`is GGUF version ${version}; versions 2 and 3 are known.`);
		const tensors = header.readBigUInt64LE(8);
		const keys = header.readBigUInt64LE(16);
		const promised = keys * BigInt(MIN_ENTRY_BYTES) + tensors * BigInt(MIN_TENSOR_BYTES);
		if (tensors === 0n || promised > BigInt(fileBytes)) throw refuse('is damaged or cut off.');
		return { fileBytes };
	} finally {
		await file.close();
	}
}
