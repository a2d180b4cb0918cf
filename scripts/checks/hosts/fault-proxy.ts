import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What a broken network does to bytes on their way from a worker. */
export type ProxyFault = 'reset' | 'fin' | 'garbage' | 'slice';

/** Single bytes would keep this process, which is every host's proxy, so busy that all of them seem silent. */
const SLICE_BYTES = 7;

/**
 * A TCP proxy whose downstream can be broken: `reset`, `fin` and `garbage` hit every open connection once, in the middle of
 * the next chunk that passes; `slice` cuts all that passes into pieces of a few bytes until it is healed.
 */
export async function startFaultProxy(target: { host: string; port: number }) {
	const links = new Set<{ fault: ProxyFault | null }>();
	const sockets = new Set<Socket>();
	let slices = false;
	const server = createServer((client) => {
		const worker = connect(target);
		const link: { fault: ProxyFault | null } = { fault: null };
		links.add(link);
		for (const socket of [client, worker]) {
			socket.setNoDelay(true);
			sockets.add(socket);
			socket.on('error', () => undefined);
			socket.once('close', () => {
				sockets.delete(socket);
				links.delete(link);
				client.destroy();
				worker.destroy();
			});
		}
		client.pipe(worker);
		worker.on('data', (chunk) => pass(client, worker, chunk, link));
		worker.on('end', () => client.end());
	});

	function pass(client: Socket, worker: Socket, chunk: Buffer, link: { fault: ProxyFault | null }): void {
		const half = chunk.subarray(0, Math.ceil(chunk.length / 2));
		const { fault } = link;
		link.fault = null;
		switch (fault) {
			case 'reset':
				client.write(half, () => client.resetAndDestroy());
				return;
			case 'fin':
				client.end(half);
				return;
			case 'garbage':
				client.write(half);
				client.write(Buffer.from('\u0000{"type":"delta"\ufffd}\r\n\r\n garbage \n'));
				return;
			default:
				if (!slices) {
					if (client.write(chunk)) return;
					worker.pause();
					client.once('drain', () => worker.resume());
					return;
				}
				for (let at = 0; at < chunk.length; at += SLICE_BYTES) client.write(chunk.subarray(at, at + SLICE_BYTES));
		}
	}

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const bound = server.address();
	return {
		url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
		break(fault: ProxyFault) {
			if (fault === 'slice') slices = true;
			else for (const link of links) link.fault = fault;
		},
		heal() {
			slices = false;
			for (const link of links) link.fault = null;
		},
		close() {
			for (const socket of sockets) socket.destroy();
			server.close();
		},
	};
}
export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>;
