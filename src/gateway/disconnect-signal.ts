import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Calls back when the client of this response is gone before the response was written whole; returns how to stop
 * watching. Half of a closed connection counts as gone: node answers a client's FIN by closing.
 *
 * Never request 'close': with a JSON body that fires a few milliseconds into the handler. And not the response's 'close'
 * alone: of several pipelined requests only the first holds the socket, the others' responses are never told. So the
 * socket is watched too, with one listener however many requests a client pipelines.
 */
export function onDisconnect(response: ServerResponse, socket: Socket, left: () => void): () => void {
	const closed = () => {
		stop();
		if (!response.writableFinished) left();
	};
	const watchers = watchersOf(socket);
	const stop = () => {
		response.off('close', closed);
		watchers.delete(closed);
	};
	response.once('close', closed);
	watchers.add(closed);
	if (socket.destroyed) closed();
	return stop;
}

/** Whether this connection has responses under way, so that raw bytes written to it would land inside of one. */
export function hasOpenResponse(socket: Socket): boolean {
	return (watchersBySocket.get(socket)?.size ?? 0) > 0;
}

const watchersBySocket = new WeakMap<Socket, Set<() => void>>();

function watchersOf(socket: Socket): Set<() => void> {
	const known = watchersBySocket.get(socket);
	if (known !== undefined) return known;
	const watchers = new Set<() => void>();
	watchersBySocket.set(socket, watchers);
	socket.once('close', () => {
		for (const closed of [...watchers]) closed();
	});
	return watchers;
}
