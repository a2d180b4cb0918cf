// A worker process without a model, in plain JavaScript so that it starts fast: `node fake-worker-process.mjs SOCKET MODE`.
// MODE: ok, exit (dies at start), never-loads, ignore-sigterm, old-protocol, chatty.
// A prompt's first part is JSON that says what happens: { tokens, holdAt, dieAt, dieBeforeStart, hang, exhaustAt }.
import { createServer } from 'node:http';

const [socketPath, mode = 'ok'] = process.argv.slice(2);
if (mode === 'exit') process.exit(1);
if (mode === 'ignore-sigterm') process.on('SIGTERM', () => {});
process.stdin.on('end', () => process.exit(0)).resume();

let progress = 0;
let busySlots = 0;
let isHanging = false;

function line(response, event) {
	progress += 1;
	return new Promise((resolve) => response.write(`${JSON.stringify(event)}\n`, resolve));
}

/** Ends in an abort of the engine, as where the kernel or a limit gives no more. */
function exhaustMemory() {
	const kept = [];
	for (;;) kept.push(new Array(1_000_000).fill(1));
}

async function generate(body, response) {
	const text = body.prompt[0]?.text ?? '';
	const { tokens = 1, holdAt, dieAt, dieBeforeStart, hang, exhaustAt } = text.startsWith('{') ? JSON.parse(text) : {};
	busySlots += 1;
	response.once('close', () => {
		busySlots -= 1;
	});
	if (dieBeforeStart) process.kill(process.pid, 'SIGKILL');
	if (hang) {
		isHanging = true;
		return;
	}
	response.writeHead(200, { 'content-type': 'application/x-ndjson' });
	await line(response, { type: 'generation-start', promptTokens: 3, cachedTokens: 0 });
	const { resume } = body;
	for (let index = resume.length; index < tokens; index += 1) {
		if (index === holdAt && resume.length === 0) return;
		if (index === exhaustAt && resume.length === 0) exhaustMemory();
		if (index === dieAt && resume.length === 0) process.kill(process.pid, 'SIGKILL');
		const delta = { type: 'delta', phase: 'answer', text: `t${index} `, special: false, ids: [index], logprobs: null };
		await line(response, delta);
	}
	await line(response, { type: 'phase-end', phase: 'answer', reason: 'eos', tokens, ms: 1, emptyRetries: 0, ids: [] });
	await line(response, {
		type: 'generation-end',
		finishReason: 'stop',
		promptTokens: 3,
		cachedTokens: 0,
		completionTokens: tokens,
		reasoningTokens: 0,
		timings: { queueMs: 0, prefillMs: 0, decodeMs: 0 },
	});
	response.end();
}

const info = {
	protocolVersion: mode === 'old-protocol' ? 0 : 1,
	versions: { retort: '0.0.0', nodeLlamaCpp: '0', llamaCpp: '0', backend: 'none' },
	model: {
		name: 'fake',
		fingerprint: 'f',
		architecture: 'fake',
		parameters: 1,
		fileBytes: 1,
		trainContextTokens: 2048,
		vocabularySize: 1000,
	},
	chatTemplate: null,
	tokens: { bos: null, eos: null, special: [] },
	contextTokens: 2048,
	slots: 25,
	threads: 1,
};

createServer(async (request, response) => {
	if (mode === 'never-loads') {
		response
			.writeHead(503)
			.end('{"error":{"message":"loading","type":"server_error","param":null,"code":"model_loading"}}');
		return;
	}
	if (request.url === '/info') return void response.end(JSON.stringify(info));
	if (request.url === '/health') {
		// The event loop of a worker lives on while its native threads hang.
		if (!isHanging) progress += 1;
		const health = { state: 'ready', busySlots, waiting: 0, progress, rssBytes: process.memoryUsage.rss() };
		return void response.end(JSON.stringify(health));
	}
	const chunks = [];
	for await (const chunk of request) chunks.push(chunk);
	await generate(JSON.parse(Buffer.concat(chunks).toString()), response);
}).listen(socketPath, () => {
	if (mode !== 'chatty') return;
	process.stdout.write(
		`${JSON.stringify({ level: 30, msg: 'says', env: Object.keys(process.env), argv: process.argv })}\n`,
	);
	process.stderr.write('raw words\n');
});
