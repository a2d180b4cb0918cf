import { once } from 'node:events';
import { connect } from 'node:net';

/** When a client leaves: in the middle of its request, right after it, a turn later, or with the answer's first bytes. */
export const LEAVINGS = ['in the body', 'at once', 'a turn later', 'at the answer'] as const;

/** Sends a chat completion to this machine and leaves it by a reset. */
export async function askAndLeave(port: number, body: string, leaving: (typeof LEAVINGS)[number]): Promise<void> {
	const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
	const socket = connect(port, '127.0.0.1');
	socket.on('error', () => {}); // the server may be quicker
	await once(socket, 'connect');
	socket.write(leaving === 'in the body' ? head + body.slice(0, 20) : head + body);
	if (leaving === 'a turn later') await new Promise(setImmediate);
	if (leaving === 'at the answer') await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
	socket.resetAndDestroy();
}
