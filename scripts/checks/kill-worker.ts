// SIGKILL of one of two workers under 50 requests, several times, and then of both: npm run check:kill-worker -- [rounds]
import { startRetort } from '../../test/support/retort-server.ts';
import { type StreamOutcome, streamChat, sumQuestion } from '../../test/support/stream-chat.ts';
import { quantile } from './quantile.ts';

const REQUESTS = 50;
const rounds = Number(process.argv[2] ?? 5);
const server = await startRetort(['--workers', '2', '--slots', '4', '--log-level', 'info']);
const totals = { complete: 0, told: 0, silent: 0, lostWithoutToken: 0, killed: 0 };
const backMs: number[] = [];
/** With all workers dead: how soon new requests were told, and when one was served again. */
const dead = { refusedMs: [] as number[], retryAfter: 0, servedAfterMs: 0 };
try {
	// How many texts a run is depends on the machine: fast tokens are joined.
	let texts = 0;
	await ask(() => texts++);
	for (let round = 0; round < rounds; round++) {
		const ids = [...server.workerPids()];
		const [victimId = '', victim = 0] = ids[round % ids.length] ?? [];
		const readyBefore = countReady(victimId);
		// At another moment of the run each time.
		const killAt = Math.ceil((texts * 0.8 * (round + 0.5)) / rounds);
		let seen = 0;
		let killedMs = 0;
		const outcomes = await ask(() => {
			if (++seen !== killAt) return;
			killedMs = performance.now();
			process.kill(victim, 'SIGKILL');
		});
		if (killedMs === 0) {
			console.log(`round ${round}: over after ${seen} texts, before the kill at ${killAt}`);
			continue;
		}
		totals.killed += 1;
		for (const outcome of outcomes) {
			if (isComplete(outcome)) totals.complete += 1;
			else if (outcome.firstTokenMs === null) {
				totals.lostWithoutToken += 1;
				console.log(outcome);
			} else if (outcome.error !== null && !outcome.sawDone) totals.told += 1;
			else totals.silent += 1;
		}
		while (countReady(victimId) === readyBefore) await new Promise((resolve) => setTimeout(resolve, 20));
		backMs.push(performance.now() - killedMs);
	}
	await killAll();
} finally {
	await server.stop();
}

function ask(onText: () => void): Promise<StreamOutcome[]> {
	const questions = Array.from({ length: REQUESTS }, (_, index) => sumQuestion(10 + index, 99 - index));
	return Promise.all(questions.map((question) => streamChat(server.url, question, { onText })));
}

async function killAll(): Promise<void> {
	const died = () => server.logs().filter(({ msg }) => /^worker died/.test(msg)).length;
	const diedBefore = died();
	for (const pid of server.workerPids().values()) process.kill(pid, 'SIGKILL');
	const killedMs = performance.now();
	while (died() < diedBefore + 2) await new Promise((resolve) => setTimeout(resolve, 1));
	for (let isServed = false; !isServed; ) {
		const startedMs = performance.now();
		const response = await fetch(`${server.url}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ ...sumQuestion(1, 2), max_tokens: 1 }),
		});
		await response.arrayBuffer();
		isServed = response.status === 200;
		if (response.status === 503) dead.refusedMs.push(performance.now() - startedMs);
		if (response.headers.has('retry-after')) dead.retryAfter += 1;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	dead.servedAfterMs = performance.now() - killedMs;
}

function countReady(workerId: string): number {
	return server.logs().filter((line) => line.msg === 'worker ready' && line.workerId === workerId).length;
}

function isComplete({ finishReason, sawDone, error }: StreamOutcome): boolean {
	return finishReason === 'stop' && sawDone && error === null;
}

const isTold =
	dead.refusedMs.length > 0 && dead.retryAfter === dead.refusedMs.length && quantile(dead.refusedMs, 0.99) < 50;
const isRight = isTold && totals.killed === rounds && totals.silent === 0 && totals.lostWithoutToken === 0;
console.log(`${rounds} rounds of ${REQUESTS} requests, one of two workers killed in ${totals.killed} of them`);
console.log(`  completed, on either worker        ${totals.complete}`);
console.log(`  ended by an explicit error frame   ${totals.told}`);
console.log(`  lost without ever having a token   ${totals.lostWithoutToken}`);
console.log(`  ended as if all were well          ${totals.silent}`);
console.log(`  worker back after (median, most)   ${ms(backMs, 0.5)}, ${ms(backMs, 1)}`);
console.log(
	`both killed: ${dead.refusedMs.length} new requests told 503, ${dead.retryAfter} of them with Retry-After,`,
);
console.log(
	`  within (median, p99)               ${dead.refusedMs.length === 0 ? '-' : `${ms(dead.refusedMs, 0.5)}, ${ms(dead.refusedMs, 0.99)}`} (promised: 50 ms)`,
);
console.log(`  served again after                 ${Math.round(dead.servedAfterMs)} ms`);
console.log(isRight ? 'OK' : 'NOT AS PROMISED');
process.exitCode = isRight ? 0 : 1;

function ms(values: number[], share: number): string {
	return `${Math.round(quantile(values, share))} ms`;
}
