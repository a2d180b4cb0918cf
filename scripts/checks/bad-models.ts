// Model files that are none, asked for by requests beside a model that serves: npm run check:bad-models.
// Each is refused with its reason in `retort ps` and none of it in the answer; the good model's streams and the gateway's
// own answers go on as before.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { poolReportSchema } from '../../src/protocol/admin-api.ts';
import { startRetort } from '../../test/support/retort-server.ts';
import { streamChat, sumQuestion } from '../../test/support/stream-chat.ts';
import { quantile } from './quantile.ts';

const GOOD = resolve('models/pocket-reasoner/pocket-reasoner-q8_0.gguf');
const LOAD_SECONDS = 60;
const real = readFileSync(GOOD);

/** Where a tensor's dimensions stand: behind its name and their number. */
function dimensionOf(tensor: string, index: number): number {
	return real.indexOf(named(tensor)) + 8 + tensor.length + 4 + 8 * index;
}

/** Where the value of a key of four bytes stands: behind its name and type. */
const placeOf = (key: string) => real.indexOf(named(key)) + 8 + key.length + 4;

function named(name: string): Buffer {
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(name.length));
	return Buffer.concat([length, Buffer.from(name)]);
}

function changed(at: number, bytes: Uint8Array): Buffer {
	const copy = Buffer.from(real);
	copy.set(bytes, at);
	return copy;
}

const long = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);
const int = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
const architecture =
	/general\.architecture.{12}([a-z0-9]+)/s.exec(real.subarray(0, 4096).toString('latin1'))?.[1] ?? '';

const FILES: Record<string, Buffer> = {
	'no-magic': Buffer.from('hello'),
	empty: Buffer.alloc(0),
	'vast-header': Buffer.concat([Buffer.from('GGUF'), int(3), long(1n), long(2n ** 48n)]),
	'cut-at-60-percent': real.subarray(0, real.length * 0.6),
	'cut-by-a-byte': real.subarray(0, real.length - 1),
	'empty-key': changed(real.indexOf(named('general.architecture')), long(0n)),
	'zero-first-dimension': changed(dimensionOf('token_embd.weight', 0), long(0n)),
	'zero-second-dimension': changed(dimensionOf('token_embd.weight', 1), long(0n)),
	'zero-norm': changed(dimensionOf('output_norm.weight', 0), long(0n)),
	'vast-dimension': changed(dimensionOf('token_embd.weight', 1), long(2n ** 62n)),
	'zero-heads': changed(placeOf(`${architecture}.attention.head_count`), int(0)),
	'zero-layers': changed(placeOf(`${architecture}.block_count`), int(0)),
	'zero-width': changed(placeOf(`${architecture}.embedding_length`), int(0)),
	'vast-layers': changed(placeOf(`${architecture}.block_count`), int(2 ** 31)),
};

const folder = mkdtempSync(join(tmpdir(), 'retort-bad-models-'));
const models: Record<string, object> = { 'pocket-reasoner': { source: GOOD, slots: 4 } };
const fileOf = (name: string) => join(folder, `${name}.gguf`);
// What cannot be read at the start is refused then: these go bad while the server runs, before they are first asked for.
for (const name of Object.keys(FILES)) {
	writeFileSync(fileOf(name), real);
	models[name] = { source: fileOf(name), load: 'demand', ttlSeconds: 1, contextTokens: 512 };
}
const config = join(folder, 'retort.json');
writeFileSync(config, JSON.stringify({ models, workers: { loadSeconds: LOAD_SECONDS } }));

/** Until told to stop: how long streams of the good model and the gateway's own answers take. */
async function behave(until: () => boolean) {
	const seen = { streamMs: [] as number[], livezMs: [] as number[], failed: 0 };
	while (!until()) {
		const startedMs = performance.now();
		await (await fetch(`${server.url}/livez`)).arrayBuffer();
		seen.livezMs.push(performance.now() - startedMs);
		const outcome = await streamChat(server.url, sumQuestion(seen.streamMs.length % 90, 7));
		seen.streamMs.push(outcome.totalMs);
		if (!outcome.sawDone) seen.failed += 1;
		await delay(20);
	}
	return seen;
}

const server = await startRetort(['--config', config, '--log-level', 'info']);
let wrong = 0;
try {
	for (const [name, bytes] of Object.entries(FILES)) writeFileSync(fileOf(name), bytes);
	const aloneUntilMs = performance.now() + 5000;
	const alone = await behave(() => performance.now() > aloneUntilMs);
	let isOver = false;
	const beside = behave(() => isOver);
	for (const name of Object.keys(FILES)) {
		const startedMs = performance.now();
		const { status, error } = await streamChat(server.url, { ...sumQuestion(1, 2), model: name });
		const { workers } = poolReportSchema.parse(await (await fetch(`${server.url}/admin/pool`)).json());
		const worker = workers.find(({ model }) => model === name);
		const tellsNothing = !JSON.stringify(error).includes(folder) && !/gguf|llama/i.test(error?.message ?? '');
		const isRefused = status >= 500 && status < 600 && error !== null && tellsNothing;
		if (!isRefused) wrong += 1;
		console.log(
			`${isRefused ? 'ok' : 'WRONG'}: ${name}: ${status} ${error?.code} after ${(performance.now() - startedMs).toFixed()} ms; ` +
				`${worker?.state}, ${worker?.launches} starts: ${worker?.trouble}`,
		);
		// Mended, it is loaded at the next try, and unloaded as nobody asks: the tries do not add up.
		writeFileSync(fileOf(name), real);
	}
	isOver = true;
	const after = await beside;
	const times = (values: number[]) =>
		`p50 ${quantile(values, 0.5).toFixed(1)} ms, most ${Math.max(...values).toFixed(1)} ms`;
	console.log(`/livez alone: ${times(alone.livezMs)}; beside them: ${times(after.livezMs)}`);
	console.log(
		`streams alone: ${times(alone.streamMs)}; beside them: ${times(after.streamMs)}, ${after.failed} of ${after.streamMs.length} failed`,
	);
	if (after.failed > 0) wrong += 1;
	console.log(wrong === 0 ? 'OK' : 'NOT AS PROMISED');
	process.exitCode = wrong === 0 ? 0 : 1;
} finally {
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
}
