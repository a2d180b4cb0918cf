import { writeFileSync } from 'node:fs';

/** A metadata value: numbers are typed as GGUF wants them. */
export type GgufValue =
	| string
	| boolean
	| { u32: number }
	| { f32: number }
	| { strings: readonly string[] }
	| { i32s: readonly number[] };

/** Dimensions as ggml has them, the innermost first. */
export type GgufTensor = { name: string; dimensions: readonly number[]; values: Float32Array };

const ALIGNMENT = 32;
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** Writes GGUF version 3 with tensors of 32-bit floats. Layout: ggml/docs/gguf.md. */
export function writeGguf(path: string, metadata: Record<string, GgufValue>, tensors: readonly GgufTensor[]): void {
	const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(Object.keys(metadata).length)];
	for (const [key, value] of Object.entries(metadata)) head.push(text(key), ...encode(value));
	const data: Buffer[] = [];
	let offset = 0;
	for (const { name, dimensions, values } of tensors) {
		head.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(0), u64(offset));
		const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
		const padded = padTo(bytes);
		data.push(padded);
		offset += padded.length;
	}
	writeFileSync(path, Buffer.concat([padTo(Buffer.concat(head)), ...data]));
}

function encode(value: GgufValue): Buffer[] {
	if (typeof value === 'string') return [u32(TYPE.string), text(value)];
	if (typeof value === 'boolean') return [u32(TYPE.bool), Buffer.of(value ? 1 : 0)];
	if ('u32' in value) return [u32(TYPE.u32), u32(value.u32)];
	if ('f32' in value) return [u32(TYPE.f32), f32(value.f32)];
	if ('strings' in value)
		return [u32(TYPE.array), u32(TYPE.string), u64(value.strings.length), ...value.strings.map(text)];
	return [u32(TYPE.array), u32(TYPE.i32), u64(value.i32s.length), ...value.i32s.map(i32)];
}

function padTo(bytes: Buffer): Buffer {
	return Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);
}

function text(value: string): Buffer {
	return Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
}

function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function i32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeInt32LE(value);
	return bytes;
}

function f32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeFloatLE(value);
	return bytes;
}

function u64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt(value));
	return bytes;
}
