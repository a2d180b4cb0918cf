import { resolve } from 'node:path';
import type { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { configError } from '../../src/errors.ts';
import { buildApp } from '../../src/gateway/app.ts';
import type { RemoteOptions } from '../../src/pool/remote-options.ts';
import { WorkerPool } from '../../src/pool/worker-pool.ts';
import type { PromptPart } from '../../src/protocol/worker-api.ts';
import { type Recording, recordedPool } from './recorded-pool.ts';

const MODEL = 'pocket-reasoner';

export type Harness = {
	/** A gateway of its own with this configuration, over the one pool; gives its base URL. */
	serve(config: z.input<typeof configSchema>): Promise<string>;
	take(requestId: string): Recording;
	tokenize(text: string): Promise<number[]>;
	detokenize(ids: number[]): Promise<string>;
	close(): Promise<void>;
};

const quiet = () => {};
const warn = (fields: object, message: string) => console.error(message, fields);
const log = { debug: quiet, info: quiet, warn, error: warn };

/**
 * One worker with the embedded model, in a process of its own as in production; `dist` is where the build lies. Or, with
 * `remote`, what runs there.
 */
export async function startHarness(options: { dist: string; slots: number; remote?: RemoteOptions }): Promise<Harness> {
	const { queue, workers } = configSchema.parse({});
	const main = resolve(options.dist, 'main.js');
	const model = resolve('models/pocket-reasoner/pocket-reasoner-q8_0.gguf');
	let isReady: () => void = quiet;
	const ready = new Promise<void>((done) => {
		isReady = done;
	});
	const remotes = options.remote === undefined ? [] : [options.remote];
	const pool = new WorkerPool({
		models: { [MODEL]: { aliases: [], workers: remotes.length === 0 ? 1 : 0, remotes } },
		spawn: (name, socketPath) => ({
			command: process.execPath,
			args: [
				main,
				'worker',
				`--listen=unix:${socketPath}`,
				`--model=${model}`,
				`--name=${name}`,
				`--slots=${options.slots}`,
				'--end-with-stdin',
			],
			env: { UV_THREADPOOL_SIZE: String(options.slots + 2) },
		}),
		queue,
		workers,
		log,
		observer: { workerReady: () => isReady() },
	});
	pool.start();
	await ready;
	const recorded = recordedPool(pool);
	const apps: ReturnType<typeof buildApp>[] = [];
	const signal = () => AbortSignal.timeout(60_000);
	const part = (text: string): PromptPart[] => [{ text, special: false }];
	return {
		async serve(config) {
			const app = buildApp({ config: configSchema.parse(config), pool: recorded.pool, log, version: '0.0.0' });
			apps.push(app);
			return app.listen({ host: '127.0.0.1', port: 0 });
		},
		take: (requestId) => recorded.take(requestId),
		async tokenize(text) {
			// A prompt is what is tokenised, so a token that begins every prompt leads.
			const [lead, all] = await Promise.all([
				pool.tokenize(MODEL, part(''), signal()),
				pool.tokenize(MODEL, part(text), signal()),
			]);
			return all.slice(lead.length);
		},
		detokenize: (ids) => pool.detokenize(MODEL, ids, signal()),
		async close() {
			await Promise.all(apps.map((app) => app.close()));
			await pool.destroy(configError('the evaluation is over'));
		},
	};
}
