import { basename } from 'node:path';
import { contextLengthExceeded, invalidRequest, overloaded, workerFailed } from '../../errors.ts';
import {
	type GenerateRequest,
	PROTOCOL_VERSION,
	type PromptPart,
	type WorkerEvent,
	type WorkerHealth,
	type WorkerInfo,
} from '../../protocol/worker-api.ts';
import { PhaseRun } from '../../tokens/phase-run.ts';
import { resolvePhases } from '../../tokens/resolve-phases.ts';
import { createPromptSplitter, withOneBos } from '../../tokens/split-prompt.ts';
import { createTokenDecoder } from '../../tokens/token-decoder.ts';
import type { HttpWorkerOptions } from '../http-worker.ts';
import { LinkedAbort } from '../linked-abort.ts';
import type { GeneratePatience, Worker } from '../worker.ts';
import { asWorkerFailure, WorkerClient } from '../worker-client.ts';
import { healthSchema, modelsSchema, type Props, propsSchema, tokenizeSchema } from './llama-server-api.ts';
import { pickSlot, type StockSlot } from './pick-slot.ts';
import { readVocabulary, type StockVocabulary, type Tokenize } from './read-vocabulary.ts';
import { runSegment } from './run-segment.ts';

type Model = {
	vocabulary: StockVocabulary;
	contextTokens: number;
	slots: StockSlot[];
	split: (prompt: readonly PromptPart[]) => ReturnType<ReturnType<typeof createPromptSplitter>>;
};

/**
 * llama.cpp's own server as a worker. It draws the tokens; phases, budgets, forced words and grammars are ours, as in our own
 * worker: where they interfere, a stretch of generation ends and the next one starts from prompt and tokens so far, on the
 * same slot, whose cache holds them.
 */
export class LlamaServerWorker implements Worker {
	readonly id: string;
	readonly connection: HttpWorkerOptions;
	readonly #client: WorkerClient;
	readonly #running = new Map<string, PhaseRun>();
	#model: Model | null = null;
	/** Tokens and slices of prompts that came: the engine tells no progress of its own. */
	#progress = 0;
	#uses = 0;

	constructor(options: HttpWorkerOptions) {
		this.id = options.id;
		this.connection = options;
		this.#client = new WorkerClient(options);
	}

	async info(signal: AbortSignal): Promise<WorkerInfo> {
		const props = await this.#client.call('GET', '/props', null, { schema: propsSchema, signal });
		const { data } = await this.#client.call('GET', '/v1/models', null, { schema: modelsSchema, signal });
		const meta = data[0]?.meta ?? { n_vocab: 0, n_ctx_train: 0, n_params: 0, size: 0 };
		const contextTokens = props.default_generation_settings.n_ctx;
		const texts = { size: meta.n_vocab, bosText: props.bos_token, eosText: props.eos_token };
		const vocabulary = await readVocabulary(this.#tokenize(signal), texts);
		this.#model = {
			vocabulary,
			contextTokens,
			slots: Array.from({ length: props.total_slots }, (_, index) => ({
				index,
				tokens: [],
				cacheScope: null,
				isBusy: false,
				lastUsed: 0,
			})),
			// Which marks take white space away is told nowhere; those of the distills take none.
			split: createPromptSplitter({ ids: vocabulary.marks, stripsLeft: () => false, stripsRight: () => false }),
		};
		return describe(props, meta, [...vocabulary.marks.keys()]);
	}

	async health(signal: AbortSignal): Promise<WorkerHealth> {
		await this.#client.call('GET', '/health', null, { schema: healthSchema, signal });
		return { state: 'ready', busySlots: this.#running.size, waiting: 0, progress: this.#progress, rssBytes: 0 };
	}

	async tokenize(prompt: PromptPart[], signal: AbortSignal): Promise<number[]> {
		const { vocabulary, split } = this.#loaded();
		const content = split(prompt).flatMap((run): (string | number)[] => ('text' in run ? [run.text] : [...run.ids]));
		if (content.length === 0) return withOneBos([], vocabulary.bos, vocabulary.addsBos, prompt);
		const given = content.filter((part) => typeof part === 'number' && vocabulary.isMark(part)).length;
		const { tokens } = await this.#tokenize(signal)({ content, parse_special: false }, tokenizeSchema);
		if (tokens.filter((id) => vocabulary.isMark(id)).length > given)
			throw invalidRequest(
				'messages',
				'invalid_value',
				'A text holds a mark of the model that cannot be made harmless.',
			);
		return withOneBos(tokens, vocabulary.bos, vocabulary.addsBos, prompt);
	}

	async detokenize(tokens: number[]): Promise<string> {
		const { vocabulary } = this.#loaded();
		const decoder = createTokenDecoder();
		return tokens.map((id) => decoder.push(vocabulary.piece(id))).join('') + decoder.end();
	}

	/** What it makes without being started for it alone are not the vectors of an embedding model. */
	async embed(): Promise<never> {
		throw invalidRequest(
			'model',
			'unsupported_value',
			'A model behind llama-server makes no embeddings here: serve an embedding model with `retort worker`.',
		);
	}

	async endPhase(requestId: string, phase: 'reasoning'): Promise<boolean> {
		return this.#running.get(requestId)?.requestEnd(phase) ?? false;
	}

	async *generate(
		request: GenerateRequest,
		signal: AbortSignal,
		patience: GeneratePatience = this.connection.patience,
	): AsyncGenerator<WorkerEvent, void, undefined> {
		const model = this.#loaded();
		const abort = new LinkedAbort(signal);
		let slot: StockSlot | null = null;
		try {
			abort.arm(patience.firstEventMs, () => workerFailed('The model worker did not answer in time.'));
			const run = await this.#prepare(request, model, abort.signal);
			const input = [...run.inputTokens];
			slot = pickSlot(model.slots, input, request.cacheScope);
			if (slot === null) throw overloaded('All slots of the worker are busy.');
			slot.isBusy = true;
			slot.lastUsed = ++this.#uses;
			this.#running.set(request.requestId, run);
			let reusesCache = slot.cacheScope === request.cacheScope;
			slot.cacheScope = request.cacheScope;
			while (true) {
				for (const event of run.outbox.splice(0)) yield event;
				if (run.isFinished) return;
				const stretch = runSegment({
					run,
					model,
					client: this.#client,
					slot: slot.index,
					reusesCache,
					signal: abort.signal,
				});
				for await (const _news of stretch) {
					abort.disarm();
					this.#progress += 1;
					for (const event of run.outbox.splice(0)) yield event;
					abort.arm(patience.gapMs, () => workerFailed('The model worker stopped answering.'));
				}
				slot.tokens = run.inputTokens;
				// From here on the cache holds what this very request put there.
				reusesCache = true;
			}
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			if (slot !== null) slot.tokens = [];
			throw asWorkerFailure(abort.signal.aborted ? abort.signal.reason : error);
		} finally {
			// An unfinished response is cut here, which is what frees the engine's slot.
			abort.abort(null);
			abort.unlink();
			this.#running.delete(request.requestId);
			if (slot !== null) slot.isBusy = false;
		}
	}

	close(): Promise<void> {
		return this.#client.close();
	}

	destroy(error: Error): Promise<void> {
		return this.#client.destroy(error);
	}

	/** Texts to ids, and the phases walked through what another worker generated. Throws 400s. */
	async #prepare(request: GenerateRequest, model: Model, signal: AbortSignal): Promise<PhaseRun> {
		const { vocabulary, contextTokens } = model;
		const prompt = await this.tokenize(request.prompt, signal);
		for (const id of [...prompt, ...request.resume])
			if (id >= vocabulary.size) throw invalidRequest('messages', 'invalid_value', `There is no token ${id}.`);
		for (const { sampling } of request.phases)
			for (const [id] of sampling.logitBias)
				if (id >= vocabulary.size) throw invalidRequest('logit_bias', 'invalid_value', `There is no token ${id}.`);
		if (prompt.length === 0) throw invalidRequest('messages', 'invalid_value', 'The prompt is empty.');
		if (prompt.length >= contextTokens) throw contextLengthExceeded(contextTokens, prompt.length);
		const inert = new Map<string, number[]>();
		for (const { closing, separator } of request.phases)
			for (const text of [closing, separator])
				if (text !== null && text !== '' && !inert.has(text))
					inert.set(
						text,
						(await this.#tokenize(signal)({ content: text, parse_special: false }, tokenizeSchema)).tokens,
					);
		const oneToken = (text: string | null, param: string): number | null => {
			if (text === null) return null;
			const id = vocabulary.marks.get(text);
			if (id === undefined)
				throw invalidRequest(param, 'invalid_value', `${JSON.stringify(text)} is not one token of this model.`);
			return id;
		};
		const roomTokens = Math.min(request.maxTokens ?? Number.POSITIVE_INFINITY, contextTokens - prompt.length);
		const phases = resolvePhases(request.phases, { oneToken, inert: (text) => inert.get(text) ?? [], roomTokens });
		const triggers = request.phases.map(({ grammar }, index) =>
			oneToken(grammar?.triggerToken ?? null, `phases[${index}].grammar.triggerToken`),
		);
		const run = new PhaseRun(request, { prompt, phases, triggers }, vocabulary);
		run.replay();
		return run;
	}

	#loaded(): Model {
		if (this.#model === null) throw workerFailed('The model worker was asked before it had told its model.');
		return this.#model;
	}

	#tokenize(signal: AbortSignal): Tokenize {
		return (body, schema) => this.#client.call('POST', '/tokenize', body, { schema, signal });
	}
}

function describe(
	props: Props,
	meta: { n_vocab: number; n_ctx_train: number; n_params: number; size: number },
	special: string[],
): WorkerInfo {
	const orNull = (text: string) => (text === '' ? null : text);
	return {
		protocolVersion: PROTOCOL_VERSION,
		versions: { retort: '-', nodeLlamaCpp: '-', llamaCpp: props.build_info, backend: 'llama-server' },
		model: {
			name: basename(props.model_path),
			// It tells none: vocabulary, size and template have to do.
			fingerprint: '',
			architecture: 'unknown',
			parameters: meta.n_params,
			fileBytes: meta.size,
			trainContextTokens: meta.n_ctx_train,
			vocabularySize: meta.n_vocab,
		},
		chatTemplate: props.chat_template ?? null,
		tokens: { bos: orNull(props.bos_token), eos: orNull(props.eos_token), special },
		contextTokens: props.default_generation_settings.n_ctx,
		slots: props.total_slots,
		threads: 0,
	};
}
