import type {
	EmbedRequest,
	EmbedResponse,
	GenerateRequest,
	PromptPart,
	WorkerEvent,
	WorkerHealth,
	WorkerInfo,
} from '../protocol/worker-api.ts';
import type { HttpWorkerOptions } from './http-worker.ts';

/** How long a generation may be silent before it counts as lost; time that the reader takes is not counted. */
export type GeneratePatience = {
	/** From sending it to its first event. */
	firstEventMs: number;
	/** Between two events. */
	gapMs: number;
};

/**
 * One engine that can run generations, wherever it lives. Nothing behind this interface knows of roles, keys or HTTP
 * clients; nothing in front of it knows of sockets or processes.
 */
export type Worker = {
	readonly id: string;

	/** How another process of ours reaches the same worker. Plain data. */
	readonly connection: HttpWorkerOptions;

	/** Model, template, context and slots. Throws `model_loading` until the model is up. */
	info(signal: AbortSignal): Promise<WorkerInfo>;

	health(signal: AbortSignal): Promise<WorkerHealth>;

	/**
	 * Runs one generation. Yields `generation-start` first and `generation-end` last; throws RetortError instead of the
	 * latter: the worker's own status before the start (context_length_exceeded and the like), `worker_crashed` when the
	 * stream breaks, stalls, or holds what the protocol does not know. Returning early, or the signal, frees the slot.
	 * `patience` replaces the worker's own.
	 */
	generate(
		request: GenerateRequest,
		signal: AbortSignal,
		patience?: GeneratePatience,
	): AsyncGenerator<WorkerEvent, void, undefined>;

	/** Closes a running generation's phase now; false when the worker does not run it. */
	endPhase(requestId: string, phase: 'reasoning', signal: AbortSignal): Promise<boolean>;

	tokenize(prompt: PromptPart[], signal: AbortSignal): Promise<number[]>;

	detokenize(tokens: number[], signal: AbortSignal): Promise<string>;

	/** Of a worker whose info has `embedding`; others answer 400. The signal frees the slot after the input under way. */
	embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbedResponse['embeddings']>;

	/** Lets running generations finish, then lets go of the connection. */
	close(): Promise<void>;

	/** Fails running generations with the error, now. */
	destroy(error: Error): Promise<void>;
};
