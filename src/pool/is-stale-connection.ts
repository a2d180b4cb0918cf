import { errors } from 'undici';

/**
 * True for the failure of a request on a kept-alive connection that the worker closed while it was idle: the socket had
 * answered before (bytesRead) and gave nothing to this request. Nothing has run then, and undici does not retry a POST.
 * A worker that died looks the same; sending again meets a closed port, which costs nothing.
 */
export function isStaleConnection(error: unknown): boolean {
	if (error instanceof errors.SocketError) return (error.socket?.bytesRead ?? 0) > 0;
	if (!(error instanceof Error) || !('code' in error)) return false;
	return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}
