import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { quantile } from '../quantile.ts';
import { bearerOf, type KeyName, LEASE_SECONDS, type Rig, startRig } from './rig.ts';

/**
 * `npm run check:redis -- [--gateways N]`: two hosts' gateways, of N processes each (1), a real Redis, haproxy in front.
 * Limits hold exactly over all; a kept response, an Idempotency-Key and a revoked key mean the same everywhere; a host dies
 * and the other serves on; Redis is stopped, killed and started again, and service goes on. Installs what is missing by apt.
 */
const { values } = parseArgs({ options: { gateways: { type: 'string', default: '1' } } });
let failures = 0;

function check(what: string, isSo: boolean, seen: unknown): void {
	if (!isSo) failures += 1;
	process.stdout.write(`| ${isSo ? 'ok' : 'FAILED'} | ${what} | ${JSON.stringify(seen)} |\n`);
}

async function models(base: string, key: KeyName): Promise<{ status: number; ms: number; text: string }> {
	const startedMs = performance.now();
	const response = await fetch(`${base}/v1/models`, { headers: bearerOf(key) });
	return { status: response.status, text: await response.text(), ms: performance.now() - startedMs };
}

async function post(base: string, key: KeyName, path: string, body: object, headers: Record<string, string> = {}) {
	const response = await fetch(base + path, {
		method: 'POST',
		// Not kept alive: the next one may come to another process.
		headers: {
			...headers,
			connection: 'close',
			...bearerOf(key),
			'content-type': 'application/json',
		},
		body: JSON.stringify(body),
	});
	return { status: response.status, json: JSON.parse(await response.text()) };
}

/** Until every process takes or refuses the key (401, after many of those 429), or it takes too long to tell. */
async function untilAll(base: string, key: KeyName, takes: boolean): Promise<number> {
	const startedMs = performance.now();
	for (let same = 0; same < 20 && performance.now() - startedMs < 30_000; await delay(100))
		same = (await many(20, () => models(base, key))).filter(({ status }) => (status === 200) === takes).length;
	return performance.now() - startedMs;
}

const hello = { model: 'pocket-reasoner', max_tokens: 40 };
const asked = { ...hello, messages: [{ role: 'user', content: 'What is 17+25?' }] };

async function chat(base: string, key: KeyName, maxTokens: number): Promise<number> {
	// Its end of text, ruled out: it goes on to max_tokens.
	const body = { ...asked, max_tokens: maxTokens, logit_bias: { 754: -100 } };
	return (await post(base, key, '/v1/chat/completions', body)).status;
}

/** How many of each status. */
function tally(statuses: readonly number[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
	return counts;
}

const many = <Value>(count: number, ask: (index: number) => Promise<Value>) =>
	Promise.all(Array.from({ length: count }, (_, index) => ask(index)));

async function runChecks({ one, other, proxy, redis }: Rig): Promise<void> {
	process.stdout.write('| | check | seen |\n|---|---|---|\n');
	const raced = tally((await many(500, () => models(proxy, 'racing'))).map(({ status }) => status));
	check('500 racing requests at 100 a minute over two gateways', raced['200'] === 100 && raced['429'] === 400, raced);

	const parallel = tally(await many(20, (index) => chat([one.url, other.url][index % 2] ?? '', 'parallel', 400)));
	check('20 at once at 3 concurrent', parallel['200'] === 3 && parallel['429'] === 17, parallel);
	await delay(300);
	const again = tally(await many(3, () => chat(proxy, 'parallel', 5)));
	check('their places are given back', again['200'] === 3, again);

	const frugal = tally(await many(10, (index) => chat([one.url, other.url][index % 2] ?? '', 'frugal', 600)));
	check('10 requests of 600 and a prompt at 2000 tokens a minute', frugal['200'] === 3, frugal);

	const kept = await post(proxy, 'free', '/v1/responses', { model: hello.model, input: 'What is 17+25?' });
	const found = await many(20, async () => {
		const headers = { ...bearerOf('free'), connection: 'close' };
		const response = await fetch(`${proxy}/v1/responses/${kept.json.id}`, { headers });
		await response.arrayBuffer();
		return response.status;
	});
	check('a kept response is found by every process', tally(found)['200'] === 20, tally(found));

	const askAgain = () => post(proxy, 'free', '/v1/chat/completions', asked, { 'idempotency-key': 'the-same-question' });
	const repeated = [await askAgain(), ...(await many(20, askAgain))];
	const ids = new Set(repeated.map(({ json }) => json.id));
	const answered = tally(repeated.map(({ status }) => status));
	check('21 with one Idempotency-Key: one generation', answered['200'] === 21 && ids.size === 1, {
		...answered,
		ids: ids.size,
	});

	await post(proxy, 'admin', '/admin/revoke-key', { key: 'shaky' });
	const refusedMs = await untilAll(proxy, 'shaky', false);
	await post(proxy, 'admin', '/admin/restore-key', { key: 'shaky' });
	const restoredMs = await untilAll(proxy, 'shaky', true);
	check(
		'a key that is revoked at one is refused by every process, until it is restored',
		refusedMs < 5000 && restoredMs < 5000,
		{
			refusedMs: Math.round(refusedMs),
			restoredMs: Math.round(restoredMs),
		},
	);

	void many(3, () => chat(one.url, 'parallel', 8000).catch(() => 0));
	await delay(500);
	one.process.kill('SIGKILL');
	const dying = tally((await many(100, () => models(proxy, 'free'))).map(({ status }) => status));
	check('a host is killed: the other serves on behind haproxy', dying['200'] === 100, dying);
	const held = await chat(other.url, 'parallel', 5);
	await delay(LEASE_SECONDS * 1000 + 500);
	const freed = await chat(other.url, 'parallel', 5);
	check('what it held counts until its leases expire', held === 429 && freed === 200, { held, freed });

	redis.signal('SIGSTOP');
	const stopped = await many(50, () => models(other.url, 'later'));
	const stoppedMs = stopped.map(({ ms }) => ms).sort((a, b) => a - b);
	const counts = tally(stopped.map(({ status }) => status));
	const onlyShare = (counts['200'] ?? 0) <= 40 && (counts['200'] ?? 0) + (counts['429'] ?? 0) === 50;
	const p99Ms = Math.round(quantile(stoppedMs, 0.99));
	check('Redis hangs: no failure, its share of the limit', onlyShare, { ...counts, p99Ms });
	const single = await models(other.url, 'free');
	check('while it hangs nobody waits', single.status === 200 && single.ms < 200, { ms: Math.round(single.ms) });
	redis.signal('SIGCONT');

	redis.signal('SIGKILL');
	const gone = await many(50, () => models(other.url, 'free'));
	const answers = tally([...gone.map(({ status }) => status), await chat(other.url, 'free', 5)]);
	check('Redis is killed: service goes on', answers['200'] === 51, answers);
	const leaks = gone.filter(({ text }) => /ECONN|redis|127\.0\.0\.1/i.test(text)).length;
	check('nothing of it is said to clients', leaks === 0, { leaks });

	redis.startAgain();
	await delay(3000);
	const healed = tally((await many(200, () => models(other.url, 'racing'))).map(({ status }) => status));
	check('Redis is back: the limit is there again by itself', healed['200'] === 100, healed);
}

const rig = await startRig(Number(values.gateways));
try {
	await runChecks(rig);
} finally {
	await rig.close();
}
if (failures > 0) process.exitCode = 1;
