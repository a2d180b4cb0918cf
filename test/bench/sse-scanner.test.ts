import { describe, expect, it } from 'vitest';
import { SseScanner } from '../../scripts/bench/sse-scanner.ts';

const stream = ': keep-alive\n\ndata: {"a":"né 漢 🙂"}\n\nevent: x\r\ndata: {"b":2}\r\n\r\ndata:[DONE]\n\n';
const payloads = ['{"a":"né 漢 🙂"}', '{"b":2}', '[DONE]'];

describe('SseScanner', () => {
	it('gives the payloads of data lines and skips comments and other fields', () => {
		expect(new SseScanner().push(Buffer.from(stream))).toEqual(payloads);
	});

	it('gives the same for every split of the bytes', () => {
		const bytes = Buffer.from(stream);
		for (let at = 0; at <= bytes.length; at += 1) {
			const scanner = new SseScanner();
			expect([...scanner.push(bytes.subarray(0, at)), ...scanner.push(bytes.subarray(at))]).toEqual(payloads);
		}
	});

	it('holds a line back until it has ended', () => {
		const scanner = new SseScanner();
		expect(scanner.push(Buffer.from('data: {"a"'))).toEqual([]);
		expect(scanner.push(Buffer.from(':1}\n'))).toEqual(['{"a":1}']);
	});
});
