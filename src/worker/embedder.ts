import type { LlamaEmbeddingContext, Token } from 'node-llama-cpp';
import { contextLengthExceeded, invalidRequest, type RetortError, shuttingDown, workerFailed } from '../errors.ts';
import type { EmbedRequest, WorkerHealth } from '../protocol/worker-api.ts';
import { createPromptTokeniser } from './tokenise-prompt.ts';
import type { Vocabulary } from './vocabulary.ts';

export type Embedding = {
	/** Of length 1. */
	vector: Float32Array;
	/** Evaluated, those that the model wants around the text included. */
	tokens: number;
};

export type EmbedderOptions = {
	context: LlamaEmbeddingContext;
	vocabulary: Vocabulary;
	/** Of one input. */
	contextTokens: number;
	/** An evaluation failed: the process should end. */
	onFailure: (error: RetortError) => void;
};

/** What an embedding model does in place of an engine: one input after the other, of several requests in turns. */
export class Embedder {
	readonly tokenisePrompt: ReturnType<typeof createPromptTokeniser>;
	readonly #options: EmbedderOptions;
	#running = 0;
	#progress = 0;
	#failure: RetortError | null = null;
	#isClosing = false;
	#whenIdle: (() => void)[] = [];

	constructor(options: EmbedderOptions) {
		this.#options = options;
		this.tokenisePrompt = createPromptTokeniser(options.vocabulary);
	}

	/** In the order of the inputs. Throws RetortError 400 before anything is evaluated; the signal is heard between inputs. */
	async embed({ inputs, truncate }: EmbedRequest, signal: AbortSignal): Promise<Embedding[]> {
		this.#throwIfEnded();
		const prompts = inputs.map((input, index) => this.#fit(this.tokenisePrompt(input), index, truncate));
		this.#running += 1;
		try {
			const embeddings: Embedding[] = [];
			for (const tokens of prompts) {
				signal.throwIfAborted();
				this.#throwIfEnded();
				embeddings.push(await this.#evaluate(tokens));
			}
			return embeddings;
		} finally {
			this.#running -= 1;
			if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
		}
	}

	health(): Omit<WorkerHealth, 'rssBytes'> {
		return {
			state: this.#failure !== null ? 'failed' : this.#isClosing ? 'draining' : 'ready',
			busySlots: this.#running,
			waiting: 0,
			progress: this.#progress,
		};
	}

	/** Takes no more and resolves when nothing runs. */
	async close(): Promise<void> {
		this.#isClosing = true;
		if (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
	}

	/** Fails what runs at its next input, and resolves when nothing runs. */
	async destroy(error: RetortError): Promise<void> {
		this.#failure ??= error;
		await this.close();
	}

	#throwIfEnded(): void {
		if (this.#failure !== null) throw this.#failure;
		if (this.#isClosing && this.#running === 0) throw shuttingDown();
	}

	/** The ids that are evaluated, with room for those that are put around them. */
	#fit(ids: number[], index: number, truncate: boolean): Token[] {
		const { context, contextTokens, vocabulary } = this.#options;
		const param = `input[${index}]`;
		if (ids.some((id) => id >= vocabulary.size)) {
			throw invalidRequest(param, 'invalid_value', `'${param}' has a token that the model does not have.`);
		}
		const tokens = ids as Token[]; // a number with a brand, and checked
		const length = context.calculateInputLength([...tokens]);
		if (length === 0) throw invalidRequest(param, 'invalid_value', `'${param}' has no tokens.`);
		if (length <= contextTokens) return tokens;
		if (!truncate) throw contextLengthExceeded(contextTokens, length, param);
		return tokens.slice(0, contextTokens - (length - tokens.length));
	}

	async #evaluate(tokens: Token[]): Promise<Embedding> {
		const { context, onFailure } = this.#options;
		try {
			const { vector } = await context.getEmbeddingFor([...tokens]);
			const evaluated = context.calculateInputLength([...tokens]);
			this.#progress += evaluated;
			return { vector: toUnitLength(vector), tokens: evaluated };
		} catch (cause) {
			this.#failure = workerFailed('The model failed to evaluate an input.', cause);
			onFailure(this.#failure);
			throw this.#failure;
		}
	}
}

/** A model's vector has any length; cosines, which is what it is for, are those of unit vectors. */
function toUnitLength(vector: readonly number[]): Float32Array {
	const length = Math.hypot(...vector);
	return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}
