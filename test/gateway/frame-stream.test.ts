import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { internalError, overloaded } from '../../src/errors.ts';
import { frameStream, type StreamOptions } from '../../src/gateway/frame-stream.ts';

const never: StreamOptions = {
	heartbeatMs: 60_000,
	slowReaderMs: 60_000,
	toError: internalError,
	onClose: async () => {},
	onSlowReader: () => {},
};

async function* values(...all: unknown[]) {
	yield* all;
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
	let text = '';
	for await (const frame of stream) text += String(frame);
	return text;
}

test('values become data lines and the end is [DONE]', async () => {
	const text = await textOf(frameStream(values({ a: 1 }, { b: 'x\r\ny' }), never));
	expect(text).toBe('data: {"a":1}\n\ndata: {"b":"x\\r\\ny"}\n\ndata: [DONE]\n\n');
});

test('a source that throws ends with one error frame and without [DONE]', async () => {
	async function* breaks() {
		yield { a: 1 };
		throw new Error('internals of the house');
	}
	const text = await textOf(frameStream(breaks(), { ...never, toError: () => overloaded('No.') }));
	expect(text).toBe(
		'data: {"a":1}\n\ndata: {"error":{"message":"No.","type":"server_error","param":null,"code":"overloaded"}}\n\n',
	);
});

test('a silent source is bridged by comments, and values still come whole and in order', async () => {
	let speak = () => {};
	const silence = new Promise<void>((resolve) => {
		speak = resolve;
	});
	async function* slow() {
		await silence;
		yield { a: 1 };
	}
	let text = '';
	for await (const frame of frameStream(slow(), { ...never, heartbeatMs: 5 })) {
		text += String(frame);
		if (text === ': keep-alive\n\n: keep-alive\n\n') speak();
	}
	expect(text).toMatch(/^(: keep-alive\n\n){2,}data: \{"a":1\}\n\n(: keep-alive\n\n)*data: \[DONE\]\n\n$/);
});

test('progress comes between values, and not after the end', async () => {
	let isSeen = () => {};
	const seen = new Promise<void>((resolve) => {
		isSeen = resolve;
	});
	async function* slow() {
		await seen;
		yield { a: 1 };
	}
	let count = 0;
	let text = '';
	const progress = { everyMs: 1, read: () => ({ count: ++count }) };
	for await (const frame of frameStream(slow(), { ...never, progress })) {
		text += String(frame);
		if (count >= 2) isSeen();
	}
	expect(text).toMatch(
		/^data: \{"count":1\}\n\ndata: \{"count":2\}\n\n(data: \{"count":\d+\}\n\n)*data: \{"a":1\}\n\n/,
	);
	expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('nothing is pulled from the source that the reader has no room for', async () => {
	let pulled = 0;
	async function* endless() {
		for (;;) {
			pulled += 1;
			yield { pulled };
		}
	}
	const stream = frameStream(endless(), never);
	stream.once('data', () => stream.pause());
	for (let turn = 0; turn < 50; turn += 1) await setImmediate();
	expect(pulled).toBeLessThanOrEqual(4);
	stream.destroy();
});

test('a reader that takes nothing is cut off and the source is closed', async () => {
	let isClosed = false;
	async function* endless() {
		try {
			for (;;) yield { a: 1 };
		} finally {
			isClosed = true;
		}
	}
	let wasTold = false;
	const stream = frameStream(endless(), { ...never, slowReaderMs: 5, onSlowReader: () => (wasTold = true) });
	stream.once('data', () => stream.pause());
	await once(stream, 'close');
	expect({ isClosed, wasTold }).toEqual({ isClosed: true, wasTold: true });
});

test('destroying before anything was read closes what the stream stands for', async () => {
	let closed = 0;
	const stream = frameStream(values(1), { ...never, onClose: async () => (closed += 1) });
	stream.destroy();
	await once(stream, 'close');
	expect(closed).toBe(1);
});
