import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What a name has: addresses, or places of a service. Absent: there is no such name. */
export type Zone = Map<string, { a?: string[]; srv?: { target: string; port: number }[] }>;

const TYPE = { a: 1, aaaa: 28, srv: 33 };
const NO_SUCH_NAME = 3;

/** A DNS server on loopback that answers from `zone`, which may change between two questions. */
export async function startDnsServer(zone: Zone): Promise<{ address: string; close(): Promise<void> }> {
	const socket = createSocket('udp4');
	socket.on('message', (query, peer) => {
		const { name, type, end } = readQuestion(query);
		const entry = zone.get(name);
		const records: Buffer[] = [];
		if (type === TYPE.a) for (const address of entry?.a ?? []) records.push(record(type, octets(address)));
		if (type === TYPE.srv)
			for (const { target, port } of entry?.srv ?? [])
				records.push(record(type, Buffer.concat([words(0, 0, port), encodeName(target)])));
		const flags = 0x8180 | (entry === undefined ? NO_SUCH_NAME : 0);
		const head = Buffer.concat([query.subarray(0, 2), words(flags, 1, records.length, 0, 0)]);
		socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), peer.port, peer.address);
	});
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	return {
		address: `127.0.0.1:${socket.address().port}`,
		close: () => new Promise((resolve) => socket.close(resolve)),
	};
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
	const labels: string[] = [];
	let at = 12;
	for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
		labels.push(query.toString('latin1', at + 1, at + 1 + length));
		at += 1 + length;
	}
	return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** Its name is the question's: a pointer to byte 12. */
function record(type: number, data: Buffer): Buffer {
	return Buffer.concat([words(0xc00c, type, 1, 0, 1, data.length), data]);
}

function encodeName(name: string): Buffer {
	const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
	return Buffer.concat([...labels, Buffer.of(0)]);
}

function octets(address: string): Buffer {
	return Buffer.from(address.split('.').map(Number));
}

function words(...values: number[]): Buffer {
	const bytes = Buffer.alloc(values.length * 2);
	for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
	return bytes;
}
