import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { hasOpenResponse, onDisconnect } from '../../src/gateway/disconnect-signal.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
	for (const server of servers.splice(0)) {
		server.closeAllConnections();
		server.close();
	}
});

/** A server that answers nothing by itself, and a raw client of it. */
async function serve(handle: (response: ServerResponse, socket: import('node:net').Socket) => void) {
	const server = createServer((request, response) => handle(response, request.socket));
	servers.push(server);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	// A listening TCP server's address is an object; the type covers pipes and closed servers too.
	const { port } = server.address() as AddressInfo;
	const client = connect(port, '127.0.0.1');
	await once(client, 'connect');
	return { client };
}

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

test('a client that destroys its socket has left', async () => {
	const left = new Promise<void>((resolve) => {
		void serve((response, socket) => {
			onDisconnect(response, socket, resolve);
			response.write('begun');
		}).then(({ client }) => {
			client.on('data', () => client.destroy());
			client.write(GET);
		});
	});
	await left;
});

test('a client that half-closes has left', async () => {
	const left = new Promise<void>((resolve) => {
		void serve((response, socket) => onDisconnect(response, socket, resolve)).then(({ client }) => {
			client.end(GET);
			client.resume();
		});
	});
	await left;
});

test('all of three pipelined requests are told, though only the first holds the socket', async () => {
	let told = 0;
	let begun = 0;
	let clientOf: (client: import('node:net').Socket) => void = () => {};
	const client = new Promise<import('node:net').Socket>((resolve) => {
		clientOf = resolve;
	});
	await new Promise<void>((resolve) => {
		void serve((response, socket) => {
			onDisconnect(response, socket, () => {
				told += 1;
				if (told === 3) resolve();
			});
			begun += 1;
			if (begun === 3) void client.then((one) => one.destroy());
		}).then((served) => {
			clientOf(served.client);
			served.client.write(GET + GET + GET);
		});
	});
	expect(told).toBe(3);
});

test('an answer that was written whole is no disconnect, and leaves nothing on the socket', async () => {
	let left = 0;
	let served: import('node:net').Socket | null = null;
	const { client } = await serve((response, socket) => {
		served = socket;
		onDisconnect(response, socket, () => {
			left += 1;
		});
		response.end('done');
	});
	client.write(GET);
	await once(client, 'data');
	client.destroy();
	await once(client, 'close');
	expect(left).toBe(0);
	expect(served === null ? true : hasOpenResponse(served)).toBe(false);
});
