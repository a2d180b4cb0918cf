import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { GrammarSource } from '../chat/grammar-source.ts';
import { createRecentCache } from '../chat/recent-cache.ts';
import { internalError, invalidRequest, overloaded, RetortError, shuttingDown } from '../errors.ts';
import { AdmissionQueue } from '../pool/admission-queue.ts';
import type { Grammar } from '../protocol/worker-api.ts';
import type { GrammarReply } from './grammar-thread.ts';
import type { GatewayLog } from './log.ts';

/** All other new schemas wait meanwhile, and nothing else does. */
const DEADLINE_MS = 1000;

/** Nobody waits for much longer than this many seconds, and who sends few schemas not for those of who sends many. */
const MAX_WAITING = 32;

/** Many times what any schema of a program takes. */
const HEAP_MIB = 256;

/** Of sources and grammars; the longest single grammar is a sixteenth of it at most. */
const KNOWN_CHARACTERS = 16_000_000;

/** Node runs no TypeScript: out of the sources, as tests have it, the thread's program is the built one. */
const program = new URL(
	import.meta.url.endsWith('.ts') ? '../../dist/gateway/grammar-thread.js' : './grammar-thread.js',
	import.meta.url,
);

type Waiting = {
	json: string;
	param: string;
	signal: AbortSignal;
	resolve: (grammar: Grammar | null) => void;
	reject: (error: unknown) => void;
};

/**
 * Compiles in a thread of its own, one source at a time and callers in turns, so that no schema holds the streams of
 * others. The thread begins with the first source, is replaced when one takes too long, and keeps no process alive.
 */
export class GrammarCompiler {
	readonly #log: GatewayLog;
	readonly #deadlineMs: number;
	/** Programs send the same schema with every request. */
	readonly #known = createRecentCache<Grammar | null>(KNOWN_CHARACTERS, (json, grammar) => {
		return json.length + (grammar?.gbnf.length ?? 0);
	});
	readonly #queue = new AdmissionQueue<Waiting>(MAX_WAITING);
	#isWorking = false;
	#thread: Worker | null = null;
	#overtime = new AbortController();
	#isClosed = false;

	constructor({ log, deadlineMs = DEADLINE_MS }: { log: GatewayLog; deadlineMs?: number }) {
		this.#log = log;
		this.#deadlineMs = deadlineMs;
	}

	/**
	 * Throws RetortError 400 that names the keyword which cannot be honoured, or the source where it takes too long; 503
	 * where too many wait, of this caller (`bucket`) or of all.
	 */
	async compile(source: GrammarSource, bucket: string, signal: AbortSignal): Promise<Grammar | null> {
		const json = JSON.stringify(source);
		const known = this.#known.get(json);
		if (known !== undefined) return known;
		return new Promise((resolve, reject) => {
			const waiting = { json, param: source.param, signal, resolve, reject };
			const { hasEntered, displaced } = this.#queue.enter(bucket, waiting);
			displaced?.reject(tooMany());
			if (!hasEntered) reject(tooMany());
			void this.#work();
		});
	}

	/** What is being compiled fails. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#overtime.abort();
		await this.#thread?.terminate();
	}

	async #work(): Promise<void> {
		if (this.#isWorking) return;
		this.#isWorking = true;
		for (let next = this.#next(); next !== null; next = this.#next()) {
			const { json, param, signal, resolve, reject } = next;
			try {
				signal.throwIfAborted();
				// One before it may have been the same.
				const made = this.#known.get(json) ?? (await this.#compile(json, param));
				this.#known.set(json, made);
				resolve(made);
			} catch (error) {
				reject(error);
			}
		}
		this.#isWorking = false;
	}

	#next(): Waiting | null {
		return this.#queue.take((waiting) => waiting)?.item ?? null;
	}

	async #compile(json: string, param: string): Promise<Grammar | null> {
		const begunMs = performance.now();
		const reply = await this.#ask(json);
		this.#log.debug(
			{ param, outcome: outcomeOf(reply), ms: Math.round(performance.now() - begunMs) },
			'grammar compiled',
		);
		if (reply === null) {
			throw invalidRequest(param, 'unsupported_value', `Unsupported schema: '${param}' takes too long to compile.`);
		}
		if ('grammar' in reply) return reply.grammar;
		const { message, ...options } = reply.refusal;
		throw new RetortError(message, options);
	}

	/** null where no reply comes in time. */
	async #ask(json: string): Promise<GrammarReply | null> {
		if (this.#isClosed) throw shuttingDown();
		const overtime = new AbortController();
		this.#overtime = overtime;
		let timer: NodeJS.Timeout | undefined;
		try {
			const thread = this.#thread ?? (await this.#start(overtime.signal));
			// An event loop that was held up itself reads first what came in the meantime.
			timer = setTimeout(() => setImmediate(() => overtime.abort()), this.#deadlineMs);
			thread.ref();
			thread.postMessage(json);
			const [reply]: GrammarReply[] = await once(thread, 'message', { signal: overtime.signal });
			thread.unref();
			return reply ?? null;
		} catch (error) {
			await this.#thread?.terminate();
			this.#thread = null;
			if (this.#isClosed) throw shuttingDown();
			if (overtime.signal.aborted || isOutOfMemory(error)) return null;
			throw internalError(error);
		} finally {
			clearTimeout(timer);
		}
	}

	/** Its time to load is not the source's. */
	async #start(signal: AbortSignal): Promise<Worker> {
		const thread = new Worker(program, {
			resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
			// Those of the process are not all for threads: with its --input-type none would start.
			execArgv: [],
		});
		this.#thread = thread;
		// Who waits for a reply hears of an end by itself; without this, one of an idle thread would end the process.
		thread.on('error', () => {});
		thread.once('exit', () => {
			if (this.#thread === thread) this.#thread = null;
		});
		await once(thread, 'message', { signal });
		return thread;
	}
}

function tooMany(): RetortError {
	return overloaded('Too many new schemas wait to be compiled.', 5);
}

function outcomeOf(reply: GrammarReply | null): 'compiled' | 'refused' | 'too-slow' {
	if (reply === null) return 'too-slow';
	return 'grammar' in reply ? 'compiled' : 'refused';
}

function isOutOfMemory(error: unknown): boolean {
	return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
