// What every JavaScript client's program shares: the questions, what a right answer is, and one printed line a cell.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const baseURL = process.env.RETORT_URL;
export const apiKey = process.env.RETORT_KEY;
export const model = 'pocket-reasoner';
export const sum = 'What is 17+25?';
export const sumAsJson = 'What is 17+25? Reply in JSON with the key "result".';
export const weather = 'What is the weather in Paris?';
export const toolResult = 'sunny, 21 C';
/** More than the 4,096 tokens of the embedded model's context. */
export const tooLong = '7 '.repeat(5000);
/** The embedded model cannot end its answer: it goes on to max_tokens. */
export const endless = { logit_bias: { 754: -100 } };
export const endlessTokens = 3500;
/** For clients that have no such field: the answer goes on for a thousand numbers at least. */
export const endlessSchema = { type: 'array', items: { type: 'integer' }, minItems: 1000 };

/** In a cell's place: the client has nothing of the kind, and why. */
export const notOffered = (why) => ({ why });
export const withoutResponses = (why) => ({ responses: notOffered(why), 'responses streamed': notOffered(why) });

/** Ends what hangs; far above what a loaded machine needs. */
const CELL_MS = 90_000;

/** The version of an installed package, read from its folder. */
export function versionOf(name) {
	return JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
}

/** Runs one client's cells one after another. A cell returns nothing, or a note. */
export async function runClient(client, version, cells) {
	console.log(JSON.stringify({ client, version }));
	for (const [cell, run] of Object.entries(cells)) {
		if (typeof run !== 'function') {
			console.log(JSON.stringify({ client, cell, state: 'not offered', note: run.why }));
			continue;
		}
		try {
			const note = await within(CELL_MS, run());
			console.log(JSON.stringify({ client, cell, state: 'ok', note: note ?? '' }));
		} catch (error) {
			const at =
				String(error?.stack ?? '')
					.split('\n')
					.find((line) => line.includes('.mjs:'))
					?.trim() ?? '';
			const note = `${error?.name}: ${error?.message} ${at}`.slice(0, 600);
			console.log(JSON.stringify({ client, cell, state: 'failed', note }));
		}
	}
}

function within(ms, promise) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`no end within ${ms} ms`)), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function isSum(text) {
	assert.match(text ?? '', /42/);
	assert.doesNotMatch(text, /<\/?think>/);
}

/** The structure alone: what a forced call is filled with is the model's affair, and a small one copies a number. */
export function isResult(value) {
	assert.deepEqual(Object.keys(value), ['result']);
	assert.ok(Number.isInteger(value.result), JSON.stringify(value));
}

export function isThought(text) {
	assert.ok(typeof text === 'string' && text.length > 10, `no thought: ${JSON.stringify(text)}`);
	assert.doesNotMatch(text, /<\/?think>/);
}

export async function refuses(promise, check) {
	let error;
	try {
		await promise;
	} catch (caught) {
		error = caught;
	}
	assert.ok(error, 'it was not refused');
	check(error);
}

export async function busySlots() {
	const text = await (
		await fetch(new URL('/metrics', baseURL), { headers: { authorization: `Bearer ${apiKey}` } })
	).text();
	const lines = text.split('\n').filter((line) => line.startsWith('retort_slots_busy{'));
	assert.ok(lines.length > 0, 'no busy count in /metrics');
	return lines.reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
}

/** Reads a few pieces of an endless answer, aborts, and waits for the slot. `open` gives an async iterable. */
export async function abortFrees(open) {
	const abort = new AbortController();
	let seen = 0;
	try {
		for await (const _ of await open(abort.signal)) {
			seen += 1;
			if (seen < 5) continue;
			assert.equal(await busySlots(), 1, 'the slot is busy while it streams');
			break;
		}
	} finally {
		abort.abort();
	}
	assert.ok(seen >= 5, `the stream ended after ${seen} pieces`);
	const abortedMs = performance.now();
	while ((await busySlots()) > 0) {
		assert.ok(performance.now() - abortedMs < 2000, 'the slot is busy two seconds after the abort');
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	return `slot free after ${Math.round(performance.now() - abortedMs)} ms`;
}
