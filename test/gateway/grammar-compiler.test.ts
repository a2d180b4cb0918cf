import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { GrammarSource } from '../../src/chat/grammar-source.ts';
import { compileJsonSchema } from '../../src/chat/json-schema/compile-json-schema.ts';
import { GrammarCompiler } from '../../src/gateway/grammar-compiler.ts';
import { recordingLog } from '../support/recording-log.ts';
import { CHAT, startGateway } from './support/start-gateway.ts';

/** Within every limit; its automaton takes most of a minute. */
const letters = Array.from({ length: 8000 }, (_, index) => String.fromCodePoint(0x4e00 + index * 2)).join('');
const SLOW = { type: 'string', pattern: `^[${letters}]{1,1000}$` };
const SMALL = { type: 'object', properties: { a: { type: 'integer' } } };
const PARAM = 'response_format.json_schema.schema';

const sourceOf = (schema: Record<string, unknown>): GrammarSource => ({
	param: PARAM,
	calls: null,
	content: { schema },
});
const formatOf = (schema: object) => ({ type: 'json_schema', json_schema: { name: 'x', schema } });

function startCompiler(options: { deadlineMs?: number } = {}) {
	const log = recordingLog();
	const compiler = new GrammarCompiler({ log, ...options });
	onTestFinished(() => compiler.close());
	const { signal } = new AbortController();
	return {
		compiler,
		compile: (schema: Record<string, unknown>, bucket = 'key:one') =>
			compiler.compile(sourceOf(schema), bucket, signal),
		outcomes: () => log.entries.map(({ fields }) => fields.outcome),
	};
}

test('who asks for one schema at once has it compiled once, and later without the thread', async () => {
	const { compiler, compile, outcomes } = startCompiler();
	const all = await Promise.all([compile(SMALL), compile(SMALL), compile(SMALL), compile({ type: 'null' })]);
	expect(all[0]).toEqual({ gbnf: compileJsonSchema(SMALL), triggerToken: null });
	expect(all[1]).toEqual(all[0]);
	expect(all[2]).toEqual(all[0]);
	expect(outcomes()).toEqual(['compiled', 'compiled']);
	await compiler.close();
	expect(await compile(SMALL)).toEqual(all[0]);
	await expect(compile({ type: 'boolean' })).rejects.toMatchObject({ status: 503, code: 'shutting_down' });
});

test('a refusal comes over as it was thrown, and is no memory', async () => {
	const { compile, outcomes } = startCompiler();
	const refused = { type: 'object', properties: { a: { not: { type: 'null' } } } };
	const said = {
		name: 'RetortError',
		status: 400,
		code: 'unsupported_value',
		param: `${PARAM}.properties.a.not`,
		message: expect.stringContaining(`'${PARAM}.properties.a.not'`),
	};
	await expect(compile(refused)).rejects.toMatchObject(said);
	await expect(compile(refused)).rejects.toMatchObject(said);
	expect(outcomes()).toEqual(['refused', 'refused']);
});

test('what misses the deadline is refused by its parameter, and the next is compiled', async () => {
	const { compile, outcomes } = startCompiler({ deadlineMs: 100 });
	const [slow, next] = await Promise.allSettled([compile(SLOW), compile(SMALL)]);
	expect(slow).toMatchObject({ reason: { status: 400, code: 'unsupported_value', param: PARAM } });
	expect(next).toMatchObject({ value: { gbnf: compileJsonSchema(SMALL) } });
	expect(outcomes()).toEqual(['too-slow', 'compiled']);
});

test('a fault of the compiler is a 500 that says nothing, and the next is compiled', async () => {
	const { compiler, compile } = startCompiler();
	const broken = { param: 'tools', content: null, calls: {} } as GrammarSource; // what only a fault of ours would make
	const { signal } = new AbortController();
	await expect(compiler.compile(broken, 'key:one', signal)).rejects.toMatchObject({
		status: 500,
		code: 'internal_error',
	});
	expect(await compile(SMALL)).toMatchObject({ gbnf: compileJsonSchema(SMALL) });
});

test('whose client has left before its turn is not compiled', async () => {
	const { compiler, compile, outcomes } = startCompiler();
	const client = new AbortController();
	const first = compile({ type: 'null' });
	const left = compiler.compile(sourceOf(SMALL), 'key:one', client.signal);
	client.abort(new RangeError('left'));
	await expect(left).rejects.toThrow(RangeError);
	await first;
	expect(outcomes()).toEqual(['compiled']);
});

test('callers take turns: one new schema does not wait for all those of another caller', async () => {
	const { compile } = startCompiler();
	const order: string[] = [];
	const made = (name: string, bucket: string) => compile({ const: name }, bucket).then(() => order.push(name));
	await Promise.all([...['a1', 'a2', 'a3'].map((name) => made(name, 'key:a')), made('b1', 'key:b')]);
	expect(order).toEqual(['a1', 'a2', 'b1', 'a3']);
});

test('the line is bounded, and who fills it gives way to who has less in it', async () => {
	const { compiler, compile } = startCompiler({ deadlineMs: 2 ** 30 });
	const slow = compile(SLOW);
	const waiting = Array.from({ length: 32 }, (_, index) => compile({ const: index }));
	const tooMany = { status: 503, code: 'overloaded', retryAfterSeconds: 5 };
	await expect(compile(SMALL)).rejects.toMatchObject(tooMany);
	waiting.push(compile(SMALL, 'key:two'));
	await expect(waiting[31]).rejects.toMatchObject(tooMany);
	await compiler.close();
	for (const { status } of await Promise.allSettled([slow, ...waiting])) expect(status).toBe('rejected');
	await expect(compile(SMALL)).rejects.toMatchObject({ code: 'shutting_down' });
});

test('requests are answered while one waits for its schema, which a close ends', async () => {
	const { compiler, compile } = startCompiler({ deadlineMs: 2 ** 30 });
	await compile(SMALL);
	const order: string[] = [];
	const slow = compile(SLOW).catch((error: unknown) => {
		order.push('slow');
		return error;
	});
	const { app } = await startGateway();
	for (let count = 0; count < 5; count++) {
		const { statusCode } = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT });
		order.push(String(statusCode));
	}
	expect(order).toEqual(['200', '200', '200', '200', '200']);
	await compiler.close();
	expect(await slow).toMatchObject({ code: 'shutting_down' });
});

test.each([
	['/v1/chat/completions', { ...CHAT, response_format: formatOf(SLOW) }, PARAM],
	[
		'/v1/messages',
		{ ...CHAT, max_tokens: 9, tools: [{ name: 'f', input_schema: { type: 'object', properties: { a: SLOW } } }] },
		'tools',
	],
])('%s: a slow schema is refused after those that came behind it were answered', async (url, payload, param) => {
	const { app } = await startGateway();
	const order: string[] = [];
	const slow = app.inject({ method: 'POST', url, payload }).finally(() => order.push('slow'));
	const other = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT });
	order.push('other');
	expect(other.statusCode).toBe(200);
	const refused = await slow;
	expect(order).toEqual(['other', 'slow']);
	expect(refused.statusCode).toBe(400);
	expect(refused.payload).toContain(`'${param}' takes too long to compile`);
});

test('the thread keeps no process alive', async () => {
	const built = new URL('../../dist/gateway/grammar-compiler.js', import.meta.url);
	const program = `
		const { GrammarCompiler } = await import(${JSON.stringify(built.href)});
		const compiler = new GrammarCompiler({ log: { debug() {} } });
		const source = ${JSON.stringify(sourceOf(SMALL))};
		console.log((await compiler.compile(source, 'key:one', new AbortController().signal)).gbnf);`;
	const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
	expect(stdout.trim()).toBe(compileJsonSchema(SMALL).trim());
});
