import type { GenerateRequest, PromptPart, WorkerInfo } from '../../protocol/worker-api.ts';
import type { TokenTable } from '../../tokens/piece.ts';
import type { HttpWorkerOptions } from '../http-worker.ts';
import type { WorkerClient } from '../worker-client.ts';
import type { StretchRequest } from './stretch.ts';

export type StockVocabulary = TokenTable & {
	/** One above the highest id. */
	readonly size: number;
	readonly bos: number | null;
	readonly addsBos: boolean;
	readonly marks: ReadonlyMap<string, number>;
	/** To be called with the token at which the engine ended a generation. */
	learnEnd(id: number): void;
};

/** Where a generation runs inside of the engine, as far as that is ours to say. */
export type StockPlace = {
	request: StretchRequest;
	/** The engine's cache holds these tokens now; none after a failure. */
	keep(tokens: readonly number[]): void;
	release(): void;
};

/** What is known of an engine's model once it was joined, and what the engine does its own way. */
export type StockModel = {
	info: WorkerInfo;
	vocabulary: StockVocabulary;
	/** Whether slices of a prompt are told while they are evaluated. */
	tellsPrefill: boolean;
	/** Throws the 400 for what the engine cannot do. */
	check(request: GenerateRequest): void;
	/** No text of a user becomes a mark: those it throws a 400 for. */
	tokenize(prompt: readonly PromptPart[], signal: AbortSignal): Promise<number[]>;
	/** A text of ours, without marks. */
	inert(text: string, signal: AbortSignal): Promise<number[]>;
	/** null when all its slots are busy. */
	take(input: readonly number[], cacheScope: string): StockPlace | null;
};

/** One kind of engine. */
export type StockEngine = {
	/** For the message that refuses embeddings. */
	name: string;
	/** Learns the model. Throws `model_loading`, and `worker_incompatible` where it must not serve. */
	join(client: WorkerClient, options: HttpWorkerOptions, signal: AbortSignal): Promise<StockModel>;
	/** Throws when the engine does not answer. */
	lookAt(client: WorkerClient, signal: AbortSignal): Promise<void>;
};
