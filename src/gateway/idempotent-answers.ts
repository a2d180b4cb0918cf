import { internalError, RetortError } from '../errors.ts';
import { type Answer, newAbort } from './answer.ts';
import { clientLeft, idempotencyKeyReused } from './errors.ts';
import { SSE } from './framing.ts';
import { Recording } from './recording.ts';

export type IdempotencyLimits = {
	ttlMs: number;
	/** How long a generation runs on without a reader, for one who is about to ask again. */
	orphanMs: number;
	maxEntries: number;
	maxBytes: number;
};

export type IdempotentRequest = {
	/** Who asks, with the key that they chose. */
	name: string;
	/** Of what they ask for: the same key for something else is a mistake. */
	digest: string;
	/** Aborts when this reader has left. */
	reader: AbortSignal;
	/** Begins the generation; its abort is not that of any one reader. */
	make(abort: AbortController): Promise<Answer>;
};

type StreamOptions = Extract<Answer, { type: 'stream' }>['options'];
type Shared = { type: 'whole'; body: unknown } | { type: 'stream'; recording: Recording; options: StreamOptions };

type Entry = {
	digest: string;
	expiresAt: number;
	shared: Promise<Shared>;
	abort: AbortController;
	readers: number;
	isOver: boolean;
	bytes: number;
	orphanTimer: NodeJS.Timeout | undefined;
};

/**
 * Requests that are sent again under the same key get the answer of the first: they join it while it runs and read it
 * again once it is over. Failures are not kept, so that trying again after one begins anew. In memory, bounded; what is
 * dropped for want of room costs a second generation and nothing else.
 */
export class IdempotentAnswers {
	readonly #limits: IdempotencyLimits;
	readonly #nowMs: () => number;
	readonly #entries = new Map<string, Entry>();
	#bytes = 0;

	constructor(limits: IdempotencyLimits, nowMs: () => number) {
		this.#limits = limits;
		this.#nowMs = nowMs;
	}

	get size(): number {
		return this.#entries.size;
	}

	/** Whether this would be the first of its name. Throws 400 `idempotency_key_reused`. */
	isNew({ name, digest }: Pick<IdempotentRequest, 'name' | 'digest'>): boolean {
		this.#makeRoom();
		const known = this.#entries.get(name);
		if (known !== undefined && known.digest !== digest) throw idempotencyKeyReused();
		return known === undefined;
	}

	/** Throws 400 `idempotency_key_reused`, and what the generation throws before it has begun. */
	async answer(request: IdempotentRequest): Promise<Answer> {
		const known = this.isNew(request) ? undefined : this.#entries.get(request.name);
		const entry = known ?? this.#begin(request);
		this.#attach(entry, request.reader);
		return copyFor(request.reader, await entry.shared);
	}

	#begin({ name, digest, make }: IdempotentRequest): Entry {
		const abort = newAbort();
		const entry: Entry = {
			digest,
			expiresAt: this.#nowMs() + this.#limits.ttlMs,
			shared: make(abort).then((answer) => this.#share(name, entry, answer)),
			abort,
			readers: 0,
			isOver: false,
			bytes: 0,
			orphanTimer: undefined,
		};
		this.#entries.set(name, entry);
		entry.shared.catch(() => {
			this.#end(entry);
			this.#drop(name, entry);
		});
		return entry;
	}

	#share(name: string, entry: Entry, answer: Answer): Shared {
		if (answer.type === 'whole') {
			this.#count(name, entry, JSON.stringify(answer.body).length);
			this.#end(entry);
			return answer;
		}
		const recording = new Recording();
		void this.#record(name, entry, answer, recording);
		return { type: 'stream', recording, options: answer.options };
	}

	/** Reads the stream to its end, whether or not anybody reads it from here. */
	async #record(
		name: string,
		entry: Entry,
		{ values, options }: Extract<Answer, { type: 'stream' }>,
		recording: Recording,
	): Promise<void> {
		const { framing = SSE } = options;
		try {
			for await (const value of values) {
				const frame = framing.value(value);
				this.#count(name, entry, frame.length);
				recording.push(frame);
			}
			if (options.hasFailed?.() === true) this.#drop(name, entry);
			recording.end(null);
		} catch (error) {
			this.#drop(name, entry);
			recording.end(options.toError(error));
		} finally {
			this.#end(entry);
			await options.onClose().catch(() => {}); // what it could tell, the recording has told
		}
	}

	/** The last reader to leave a generation that runs starts the clock; the next to come stops it. */
	#attach(entry: Entry, reader: AbortSignal): void {
		clearTimeout(entry.orphanTimer);
		entry.readers += 1;
		const left = () => {
			entry.readers -= 1;
			if (entry.readers > 0 || entry.isOver) return;
			entry.orphanTimer = setTimeout(() => entry.abort.abort(clientLeft()), this.#limits.orphanMs);
		};
		if (reader.aborted) left();
		else reader.addEventListener('abort', left, { once: true });
	}

	#end(entry: Entry): void {
		entry.isOver = true;
		clearTimeout(entry.orphanTimer);
	}

	#count(name: string, entry: Entry, bytes: number): void {
		if (this.#entries.get(name) !== entry) return;
		entry.bytes += bytes;
		this.#bytes += bytes;
	}

	#drop(name: string, entry: Entry): void {
		if (this.#entries.get(name) !== entry) return;
		this.#entries.delete(name);
		this.#bytes -= entry.bytes;
	}

	/** Of those that are over: the expired, then the oldest as long as there are too many or too much. */
	#makeRoom(): void {
		const now = this.#nowMs();
		for (const [name, entry] of this.#entries) {
			const isFull = this.#entries.size >= this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes;
			if (!isFull && entry.expiresAt > now) return;
			if (entry.isOver) this.#drop(name, entry);
		}
	}
}

/** A stream is read from its beginning, at the reader's own pace; what the generation holds is not the reader's. */
function copyFor(reader: AbortSignal, shared: Shared): Answer {
	if (shared.type === 'whole') return shared;
	const { recording, options } = shared;
	const { framing = SSE } = options;
	return {
		type: 'stream',
		values: recording.read(reader),
		options: {
			...options,
			// Frames are made already; what is told between them is not.
			framing: { ...framing, value: (value) => (typeof value === 'string' ? value : framing.value(value)) },
			toError: (error) => (error instanceof RetortError ? error : internalError(error)),
			onClose: async () => {},
		},
	};
}
