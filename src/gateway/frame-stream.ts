import { Readable } from 'node:stream';
import type { RetortError } from '../errors.ts';
import { type Framing, SSE } from './framing.ts';

export type StreamOptions = {
	/** Longest silence before a sign of life, which every client takes and no proxy mistakes for a dead connection. */
	heartbeatMs: number;
	/** A reader that takes nothing for so long is cut off. */
	slowReaderMs: number;
	/** What the client is told when the stream breaks; it never sees the error itself. */
	toError(error: unknown): RetortError;
	/** Runs once, however the stream ends, before it counts as closed. */
	onClose(): Promise<unknown>;
	onSlowReader(): void;
	/** How values go out; absent for server-sent events. */
	framing?: Framing;
	/** What is said in a silence, without line breaks. */
	comment?(): string;
	/** A value of its own every so often, whatever else is sent. */
	progress?: { everyMs: number; read(): unknown } | undefined;
};

/** The first sign of life comes early, so that headers reach the client although the first token is still far. */
const FIRST_HEARTBEAT_MS = 1000;

/**
 * A frame a value. Pulls a value only when the reader has room for it: that, and nothing else, is the back-pressure. A
 * source that throws becomes one error frame, and the frame that marks the end is missing.
 */
export function frameStream(values: AsyncGenerator<unknown>, options: StreamOptions): Readable {
	const { framing = SSE } = options;
	let waitsForValue = false;
	let isOver = false;
	let lastPushAt = performance.now();
	let silenceMs = Math.min(FIRST_HEARTBEAT_MS, options.heartbeatMs);

	const push = (frame: string) => {
		lastPushAt = performance.now();
		silenceMs = options.heartbeatMs;
		stream.push(frame);
	};

	const end = () => {
		isOver = true;
		stream.push(null);
	};

	const pull = async () => {
		try {
			const result = await values.next();
			waitsForValue = false;
			if (stream.destroyed) return;
			if (!result.done) return push(framing.value(result.value));
			if (framing.end !== '') push(framing.end);
			end();
		} catch (error) {
			waitsForValue = false;
			if (stream.destroyed) return;
			push(framing.error(options.toError(error)));
			end();
		}
	};

	const stream = new Readable({
		objectMode: true,
		highWaterMark: 1,
		read() {
			if (waitsForValue) return;
			waitsForValue = true;
			void pull();
		},
		destroy(error, done) {
			isOver = true;
			clearTimeout(timer);
			clearInterval(progressTimer);
			// Queued behind a pending next(), which the request's own signal cuts short.
			Promise.allSettled([values.return(undefined), options.onClose()]).then(() => done(error), done);
		},
	});

	// One timer a stream that looks at the clock, instead of two that every token would have to set again.
	const check = () => {
		const readerIsBehind = stream.readableLength > 0;
		const leftMs = (readerIsBehind ? options.slowReaderMs : silenceMs) - (performance.now() - lastPushAt);
		if (leftMs > 0) return arm(leftMs);
		if (!readerIsBehind && isOver) return;
		if (!readerIsBehind) {
			push(framing.silence(options.comment?.() ?? 'keep-alive'));
			return arm(silenceMs);
		}
		options.onSlowReader();
		stream.destroy();
	};
	const arm = (ms: number) => {
		timer = setTimeout(check, Math.min(ms, options.heartbeatMs, options.slowReaderMs) + 1);
	};
	const { progress } = options;
	const progressTimer =
		progress &&
		setInterval(() => {
			// A reader that is behind has more to read than how far it could be.
			if (stream.readableLength === 0 && !isOver) push(framing.value(progress.read()));
		}, progress.everyMs);
	let timer: NodeJS.Timeout;
	arm(silenceMs);
	return stream;
}
