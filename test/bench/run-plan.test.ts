import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runPlan } from '../../scripts/bench/run-plan.ts';
import { openTarget } from '../../scripts/bench/target.ts';
import { planWorkload, type WorkloadName } from '../../scripts/bench/workloads.ts';

const servers: Server[] = [];
afterEach(() => {
	for (const server of servers.splice(0)) {
		server.closeAllConnections();
		server.close();
	}
});

/** Answers each chat completion with the handler; `bodies` collects what was asked. */
async function endpoint(answer: (response: ServerResponse, asked: number, body: Record<string, unknown>) => void) {
	const bodies: Record<string, unknown>[] = [];
	const server = createServer((request: IncomingMessage, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const body: Record<string, unknown> = JSON.parse(Buffer.concat(chunks).toString());
			bodies.push(body);
			answer(response, bodies.length, body);
		});
	});
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
	const target = await openTarget('target', `http://127.0.0.1:${port}`, { model: 'm', connections: 8, apiKey: null });
	return { target, bodies };
}

const frame = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (fields: object, finishReason: string | null = null) =>
	frame({ choices: [{ index: 0, delta: fields, finish_reason: finishReason }] });
const usage = frame({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 3 } });

function answerWell(response: ServerResponse): void {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	response.write(delta({ role: 'assistant', content: '' }));
	response.write(delta({ reasoning_content: 'hm' }) + delta({ content: 'to' }) + delta({ content: 'day' }));
	response.end(`${delta({}, 'stop')}${usage}data: [DONE]\n\n`);
}

function plan(name: WorkloadName) {
	return planWorkload(name, {
		concurrency: 2,
		requests: null,
		promptTokens: null,
		outputTokens: null,
		arrivalsPerSecond: null,
		wordsFor: () => 3,
		seed: 's',
	});
}
const options = { stream: true, seed: 1, bannedTokens: [5], extra: {}, keepsContent: false };

describe('runPlan', () => {
	it('records tokens, usage and finish reason of a stream', async () => {
		const { target, bodies } = await endpoint(answerWell);
		const { records } = await runPlan(target, plan('decode'), options);
		expect(records).toHaveLength(2);
		expect(records[0]).toMatchObject({ promptTokens: 9, completionTokens: 3, finishReason: 'stop', error: null });
		expect(records[0]?.deltaMs).toHaveLength(3);
		expect(bodies[0]).toMatchObject({ model: 'm', stream: true, logit_bias: { 5: -100 } });
	});

	it('carries the answer, and not the thought, into the next turn', async () => {
		const { target, bodies } = await endpoint(answerWell);
		const { conversations } = plan('chat');
		const turns = conversations[0]?.turns.slice(0, 2).map((turn) => ({ ...turn, pauseMs: 0 })) ?? [];
		await runPlan(
			target,
			{ lanes: 1, conversations: [{ system: 's', startMs: null, background: false, turns }] },
			options,
		);
		expect(bodies[1]?.messages).toEqual([
			{ role: 'system', content: 's' },
			{ role: 'user', content: turns[0]?.user },
			{ role: 'assistant', content: 'today' },
			{ role: 'user', content: turns[1]?.user },
		]);
	});

	it('leaves a stream where the plan says so and marks what follows', async () => {
		const { target } = await endpoint((response, asked) => {
			if (asked > 1) return answerWell(response);
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			response.write(delta({ content: 'a' }));
		});
		const turn = plan('decode').conversations[0]?.turns[0];
		if (turn === undefined) throw new TypeError('a plan has a turn');
		const alone = (abortAfterDeltas: number | null) => ({
			system: null,
			startMs: null,
			background: false,
			turns: [{ ...turn, abortAfterDeltas }],
		});
		const { records } = await runPlan(target, { lanes: 1, conversations: [alone(1), alone(null)] }, options);
		expect(records.map((record) => [record.aborted, record.followsAbort, record.error])).toEqual([
			[true, false, null],
			[false, true, null],
		]);
	});

	it('ends background streams when the rest has ended', async () => {
		const { target } = await endpoint((response, _asked, body) => {
			if (body.max_tokens === 8) return answerWell(response);
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			response.write(delta({ content: 'a' }));
		});
		const mixed = plan('mixed');
		for (const conversation of mixed.conversations) for (const turn of conversation.turns) turn.pauseMs = 0;
		const { records } = await runPlan(target, mixed, options);
		expect(records.filter((record) => record.label === 'long').every((record) => record.error === null)).toBe(true);
	});

	it.each([
		['a status', (response: ServerResponse) => response.writeHead(503).end('{"error":{"message":"full"}}'), 'full'],
		[
			'an error frame',
			(response: ServerResponse) => {
				response.writeHead(200, { 'content-type': 'text/event-stream' });
				response.end(frame({ error: { message: 'died' } }));
			},
			'died',
		],
		[
			'a stream cut short',
			(response: ServerResponse) => {
				response.writeHead(200, { 'content-type': 'text/event-stream' });
				response.end(delta({ content: 'a' }));
			},
			'stream ended without [DONE]',
		],
		['a socket that breaks', (response: ServerResponse) => response.destroy(), 'other side closed'],
	])('notes %s as the error', async (_name, answer, error) => {
		const { target } = await endpoint((response) => void answer(response));
		const { records } = await runPlan(target, plan('decode'), options);
		expect(records.map((record) => record.error)).toEqual([error, error]);
	});

	it('reads a whole response', async () => {
		const { target } = await endpoint((response) => {
			response.writeHead(200, { 'content-type': 'application/json' });
			const usage = { prompt_tokens: 9, completion_tokens: 3 };
			response.end(JSON.stringify({ choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }], usage }));
		});
		const { records } = await runPlan(target, plan('decode'), { ...options, stream: false });
		expect(records[0]).toMatchObject({ completionTokens: 3, content: 'hi', finishReason: 'stop', error: null });
	});
});
