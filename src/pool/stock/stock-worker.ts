import { invalidRequest, overloaded, workerFailed } from '../../errors.ts';
import type { GenerateRequest, PromptPart, WorkerEvent, WorkerHealth, WorkerInfo } from '../../protocol/worker-api.ts';
import type { PhaseRun } from '../../tokens/phase-run.ts';
import { createTokenDecoder } from '../../tokens/token-decoder.ts';
import type { HttpWorkerOptions } from '../http-worker.ts';
import { LinkedAbort } from '../linked-abort.ts';
import type { GeneratePatience, Worker } from '../worker.ts';
import { asWorkerFailure, WorkerClient } from '../worker-client.ts';
import { prepareRun } from './prepare-run.ts';
import { runStretch } from './run-stretch.ts';
import type { StockEngine, StockModel, StockPlace } from './stock-model.ts';

/**
 * A stock engine as a worker. It draws the tokens; phases, budgets, forced words and grammars are ours, as in our own worker:
 * where they interfere, a stretch of generation ends and the next one starts from prompt and tokens so far, which the
 * engine's cache holds.
 */
export class StockWorker implements Worker {
	readonly id: string;
	readonly connection: HttpWorkerOptions;
	readonly #engine: StockEngine;
	readonly #client: WorkerClient;
	readonly #running = new Map<string, PhaseRun>();
	#model: StockModel | null = null;
	/** Tokens and slices of prompts that came: the engine tells no progress of its own. */
	#progress = 0;

	constructor(options: HttpWorkerOptions, engine: StockEngine) {
		this.id = options.id;
		this.connection = options;
		this.#engine = engine;
		this.#client = new WorkerClient(options);
	}

	async info(signal: AbortSignal): Promise<WorkerInfo> {
		this.#model = await this.#engine.join(this.#client, this.connection, signal);
		return this.#model.info;
	}

	async health(signal: AbortSignal): Promise<WorkerHealth> {
		await this.#engine.lookAt(this.#client, signal);
		// What an engine keeps to itself is left to the deadline for the first event.
		if (this.#model?.tellsPrefill === false && [...this.#running.values()].some((run) => run.isPrefill))
			this.#progress += 1;
		return { state: 'ready', busySlots: this.#running.size, waiting: 0, progress: this.#progress, rssBytes: 0 };
	}

	async tokenize(prompt: PromptPart[], signal: AbortSignal): Promise<number[]> {
		return this.#loaded().tokenize(prompt, signal);
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
			`A model behind ${this.#engine.name} makes no embeddings here: serve an embedding model with \`retort worker\`.`,
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
		let place: StockPlace | null = null;
		try {
			abort.arm(patience.firstEventMs, () => workerFailed('The model worker did not answer in time.'));
			const run = await prepareRun(request, model, abort.signal);
			place = model.take(run.inputTokens, request.cacheScope);
			if (place === null) throw overloaded('All slots of the worker are busy.');
			this.#running.set(request.requestId, run);
			while (true) {
				yield* run.takeEvents();
				if (run.isFinished) return;
				const stretch = runStretch({ run, model, client: this.#client, request: place.request, signal: abort.signal });
				for await (const _news of stretch) {
					abort.disarm();
					this.#progress += 1;
					yield* run.takeEvents();
					abort.arm(patience.gapMs, () => workerFailed('The model worker stopped answering.'));
				}
				place.keep(run.inputTokens);
			}
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			place?.keep([]);
			throw asWorkerFailure(abort.signal.aborted ? abort.signal.reason : error);
		} finally {
			// An unfinished response is cut here, which is what frees the engine's slot.
			abort.abort(null);
			abort.unlink();
			this.#running.delete(request.requestId);
			place?.release();
		}
	}

	close(): Promise<void> {
		return this.#client.close();
	}

	destroy(error: Error): Promise<void> {
		return this.#client.destroy(error);
	}

	#loaded(): StockModel {
		if (this.#model === null) throw workerFailed('The model worker was asked before it had told its model.');
		return this.#model;
	}
}
