import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEndpoint } from '../../src/pool/endpoint.ts';
import { HttpWorker } from '../../src/pool/http-worker.ts';
import type { WorkerGuard } from '../../src/worker/guard.ts';
import { createWorkerServer } from '../../src/worker/server.ts';
import { parseListen } from '../../src/worker/start-worker.ts';
import { silentLog } from './support/engine.ts';

const TOKEN = 'a-token-of-this-test';
const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');
const serverTls = { cert: pem('worker.crt'), key: pem('worker.key'), clientCa: null };
const clientTls = { ca: pem('ca.crt'), cert: null, key: null, serverName: null };
const never = new AbortController().signal;
/** A worker's server without a model, and the gateway's side of it. */
async function setUp(guard: WorkerGuard, access: Parameters<typeof parseEndpoint>[1]): Promise<HttpWorker> {
	const server = createWorkerServer({ model: 'none', loaded: () => null, guard, log: silentLog });
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const bound = server.address();
	const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
	const worker = new HttpWorker({
		id: 'w0',
		model: 'none',
		endpoint: parseEndpoint(`${guard.tls === null ? 'http' : 'https'}://127.0.0.1:${port}`, access),
		connectMs: 2000,
		patience: { firstEventMs: 5000, gapMs: 5000 },
		controlMs: 5000,
	});
	onTestFinished(async () => {
		await worker.destroy(new Error('over'));
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});
	return worker;
}

/** Let in, it says that it has no model. */
const letIn = { code: 'model_loading' };
const turnedAway = { code: 'worker_incompatible' };

describe('a guarded worker', () => {
	it('serves who shows the token', async () => {
		const worker = await setUp({ token: TOKEN, tls: null }, { token: TOKEN });
		await expect(worker.info(never)).rejects.toMatchObject(letIn);
		await expect(worker.tokenize([], never)).rejects.toMatchObject(letIn);
	});

	it.each([null, 'a-token-of-this-tesT', `${TOKEN}x`, 'short'])('turns away who shows %s', async (token) => {
		const worker = await setUp({ token: TOKEN, tls: null }, { token });
		await expect(worker.info(never)).rejects.toMatchObject(turnedAway);
		await expect(worker.tokenize([], never)).rejects.toMatchObject({ code: 'worker_crashed' });
		await expect(worker.endPhase('r', 'reasoning', never)).rejects.toMatchObject({ code: 'worker_crashed' });
	});

	it('tells its health to everybody: who restarts it holds no token', async () => {
		const worker = await setUp({ token: TOKEN, tls: null }, { token: null });
		await expect(worker.health(never)).resolves.toMatchObject({ state: 'loading' });
	});

	it('serves https to who trusts its authority', async () => {
		const worker = await setUp({ token: TOKEN, tls: serverTls }, { token: TOKEN, tls: clientTls });
		await expect(worker.info(never)).rejects.toMatchObject(letIn);
	});

	it('is not talked to when its certificate is of another authority, or of another name', async () => {
		const guard = { token: TOKEN, tls: serverTls };
		const other = await setUp(guard, { token: TOKEN, tls: { ...clientTls, ca: pem('stranger-ca.crt') } });
		await expect(other.info(never)).rejects.toMatchObject({ code: 'worker_crashed' });
		const named = await setUp(guard, { token: TOKEN, tls: { ...clientTls, serverName: 'elsewhere.test' } });
		await expect(named.info(never)).rejects.toMatchObject({ code: 'worker_crashed' });
		const found = await setUp(guard, { token: TOKEN, tls: { ...clientTls, serverName: 'workers.test' } });
		await expect(found.info(never)).rejects.toMatchObject(letIn);
	});

	it('asks for a certificate of its authority where it is told to', async () => {
		const guard = { token: null, tls: { ...serverTls, clientCa: pem('ca.crt') } };
		const known = { ...clientTls, cert: pem('gateway.crt'), key: pem('gateway.key') };
		await expect((await setUp(guard, { tls: known })).info(never)).rejects.toMatchObject(letIn);
		await expect((await setUp(guard, { tls: clientTls })).info(never)).rejects.toMatchObject({
			code: 'worker_crashed',
		});
		const stranger = { ...clientTls, cert: pem('stranger.crt'), key: pem('stranger.key') };
		await expect((await setUp(guard, { tls: stranger })).info(never)).rejects.toMatchObject({ code: 'worker_crashed' });
	});
});

describe('--listen', () => {
	it.each([
		['unix:/run/w.sock', null],
		['tcp://0.0.0.0:9000', { host: '0.0.0.0', port: 9000 }],
		['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
		['tcp://[::1]:9000', { host: '::1', port: 9000 }],
	])('reads %s', (text, expected) => {
		expect(parseListen(text)).toEqual(expected);
	});

	it.each(['nowhere', 'tcp://host', 'tcp://host:70000', ':9000', 'https://host:1'])('refuses %s', (text) => {
		expect(() => parseListen(text)).toThrow(/takes unix:\/PATH or tcp:\/\/HOST:PORT/);
	});
});
