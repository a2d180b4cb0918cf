import type { Answer } from '../answer.ts';
import { idempotencyInProgress, idempotencyKeyReused } from '../errors.ts';
import { SSE } from '../framing.ts';
import type { SharedState } from './shared-state.ts';

/** A gateway that died while it answered leaves its claim for so long. */
const CLAIM_MS = 30_000;
/** Longer answers are kept by their own gateway alone. */
const MAX_LENGTH = 1_000_000;

type Make = (abort: AbortController) => Promise<Answer>;
type Kept =
	| { digest: string; state: 'running' }
	| { digest: string; state: 'whole'; body: unknown }
	| { digest: string; state: 'stream'; contentType: string; frames: string };

/**
 * Idempotency over all gateways: who asks first of all claims the key, answers, and leaves the answer for the others. Whoever
 * asks another gateway meanwhile gets a 409, which SDKs try again. Without Redis each gateway answers for itself.
 */
export class SharedAnswers {
	readonly #shared: SharedState;
	readonly #ttlMs: number;

	constructor(shared: SharedState, ttlMs: number) {
		this.#shared = shared;
		this.#ttlMs = ttlMs;
	}

	/** `make`, but only where nobody has made it yet. What it throws is not kept. */
	once(name: string, digest: string, make: Make): Make {
		return async (abort) => {
			const key = `answer:${name}`;
			const claim: Kept = { digest, state: 'running' };
			const taken = await this.#shared.ask(
				(redis) => redis.set(key, JSON.stringify(claim), 'PX', CLAIM_MS, 'NX'),
				(late) => void (late === 'OK' && this.#release(key)),
			);
			if (taken === null) return make(abort);
			if (taken.value !== 'OK') {
				const kept = await this.#read(key);
				if (kept !== null) return replay(kept, digest);
			}
			return this.#make(key, digest, () => make(abort));
		};
	}

	async #make(key: string, digest: string, make: () => Promise<Answer>): Promise<Answer> {
		const renewal = setInterval(() => {
			void this.#shared.ask((redis) => redis.pexpire(key, CLAIM_MS));
		}, CLAIM_MS / 3).unref();
		const end = (kept: Kept | null) => {
			clearInterval(renewal);
			const text = JSON.stringify(kept);
			if (kept === null || text.length > MAX_LENGTH) this.#release(key);
			else void this.#shared.ask((redis) => redis.set(key, text, 'PX', this.#ttlMs));
		};
		try {
			const answer = await make();
			if (answer.type === 'stream') return { ...answer, values: record(answer, digest, end) };
			end({ digest, state: 'whole', body: answer.body });
			return answer;
		} catch (error) {
			end(null);
			throw error;
		}
	}

	#release(key: string): void {
		void this.#shared.ask((redis) => redis.del(key));
	}

	async #read(key: string): Promise<Kept | null> {
		const answer = await this.#shared.ask((redis) => redis.get(key));
		const text = answer?.value ?? null;
		// Nobody else writes under this prefix.
		return text === null ? null : (JSON.parse(text) as Kept);
	}
}

/** Passes the values on, and tells at their end what they were; null when they did not come to it. */
async function* record(
	{ values, options }: Extract<Answer, { type: 'stream' }>,
	digest: string,
	end: (kept: Kept | null) => void,
): AsyncGenerator<unknown> {
	const { framing = SSE } = options;
	let frames = '';
	let isWhole = false;
	try {
		for await (const value of values) {
			if (frames.length <= MAX_LENGTH) frames += framing.value(value);
			yield value;
		}
		isWhole = options.hasFailed?.() !== true;
	} finally {
		end(isWhole ? { digest, state: 'stream', contentType: framing.contentType, frames } : null);
	}
}

function replay(kept: Kept, digest: string): Answer {
	if (kept.digest !== digest) throw idempotencyKeyReused();
	switch (kept.state) {
		case 'running':
			throw idempotencyInProgress();
		case 'whole':
			return { type: 'whole', body: kept.body };
		case 'stream': {
			const { contentType, frames } = kept;
			return {
				type: 'stream',
				values: (async function* () {
					yield frames;
				})(),
				options: {
					heartbeatMs: CLAIM_MS,
					slowReaderMs: CLAIM_MS,
					framing: { ...SSE, contentType, value: String },
					toError: () => idempotencyInProgress(),
					onClose: async () => {},
				},
			};
		}
	}
}
