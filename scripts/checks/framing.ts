// Requests whose bytes were tampered with, on raw sockets: npm run check:framing -- [requests] [seed].
// Every answer is whole and valid HTTP below 500 (503 aside), every refusal has the envelope, and the server lives on.
import { once } from 'node:events';
import { connect } from 'node:net';
import { z } from 'zod';
import { startRetort } from '../../test/support/retort-server.ts';
import { seededRandom } from '../bench/random.ts';

const requests = Number(process.argv[2] ?? 100_000);
const random = seededRandom(process.argv[3] ?? 'framing');
const CLIENTS = 32;
/** Where the tampering made the server wait for more. */
const PATIENCE_MS = 150;
const envelope = z.object({ error: z.object({ message: z.string(), type: z.string(), code: z.string().nullable() }) });
const server = await startRetort(['--slots', '8', '--log-level', 'error']);
const port = Number(new URL(server.url).port);

const body = JSON.stringify({ model: 'pocket-reasoner', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] });
const head = 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const chunked = (body.match(/.{1,9}/g) ?? []).map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
const SEEDS = [
	'GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n',
	`${head}Content-Length: ${body.length}\r\n\r\n${body}`,
	`${head}Transfer-Encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`,
	`${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
];
const LAST = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const SCRAPS = [
	'\r\n',
	'\n',
	'\0',
	':',
	' ',
	'Content-Length: 5\r\n',
	'Transfer-Encoding: chunked\r\n',
	'%2e%2e/',
	'\t',
	'\xff',
	'ffffffff',
];

const below = (limit: number) => Math.floor(random() * limit);

function tamper(text: string): string {
	const at = below(text.length + 1);
	const length = 1 + below(20);
	switch (below(5)) {
		case 0:
			return text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
		case 1:
			return text.slice(0, at) + text.slice(at + length);
		case 2:
			return text.slice(0, at) + (SCRAPS[below(SCRAPS.length)] ?? '') + text.slice(at);
		case 3:
			return text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length);
		default:
			return text.slice(0, at);
	}
}

async function send(bytes: string): Promise<string> {
	const socket = connect(port, '127.0.0.1');
	let text = '';
	socket.on('error', () => {}); // a reset is an end like another
	socket.on('data', (chunk) => {
		text += chunk.toString('latin1');
	});
	socket.setTimeout(PATIENCE_MS, () => socket.destroy());
	socket.write(bytes + LAST, 'latin1');
	await once(socket, 'close');
	return text;
}

/** Statuses of the answers that came whole; throws at what is no answer. */
function readAnswers(text: string): number[] {
	const statuses: number[] = [];
	for (let rest = text; rest !== ''; ) {
		const end = rest.indexOf('\r\n\r\n');
		const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(rest) ?? [];
		if (end === -1 || status === undefined) throw new Error(`no answer: ${JSON.stringify(rest.slice(0, 200))}`);
		const length = Number(/\r\ncontent-length: (\d+)/i.exec(rest.slice(0, end + 2))?.[1] ?? 0);
		const content = rest.slice(end + 4, end + 4 + length);
		rest = rest.slice(end + 4 + length);
		statuses.push(Number(status));
		if (Number(status) >= 400 && length > 0 && content.length === length) envelope.parse(JSON.parse(content));
		// What a HEAD is answered with has the length of a body that is not there, and a stream has none: both end the reading.
		if (content.length < length || /\r\ntransfer-encoding/i.test(text)) break;
	}
	return statuses;
}

const counts: Record<string, number> = {};
let sent = 0;
let faults = 0;
try {
	const clients = Array.from({ length: CLIENTS }, async () => {
		while (sent < requests) {
			sent += 1;
			let bytes = SEEDS[below(SEEDS.length)] ?? '';
			for (let times = 1 + below(3); times > 0; times -= 1) bytes = tamper(bytes);
			try {
				const statuses = readAnswers(await send(bytes));
				for (const status of statuses.length === 0 ? ['none'] : statuses) counts[status] = (counts[status] ?? 0) + 1;
				if (statuses.some((status) => status >= 500 && status !== 503)) throw new Error(`status ${statuses.join()}`);
			} catch (error) {
				faults += 1;
				if (faults <= 5) console.log(String(error).slice(0, 500), JSON.stringify(bytes));
			}
		}
	});
	await Promise.all(clients);
	const alive = await fetch(`${server.url}/readyz`);
	if (alive.status !== 200) faults += 1;
	const errors = server.logs().length;
	for (const line of server.logs().slice(0, 5)) console.log(JSON.stringify(line));
	console.log(`${sent} requests, answers by status: ${JSON.stringify(counts)}`);
	console.log(`faults ${faults}, errors in the log ${errors}`);
	console.log(faults + errors === 0 ? 'OK' : 'NOT AS PROMISED');
	process.exitCode = faults + errors === 0 ? 0 : 1;
} finally {
	await server.stop();
}
