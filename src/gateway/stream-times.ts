import type { Config } from '../config/schema.ts';

/** How long a stream may be silent, and its reader take nothing. */
export function streamTimes({ server }: Config): { heartbeatMs: number; slowReaderMs: number } {
	return { heartbeatMs: server.heartbeatSeconds * 1000, slowReaderMs: server.slowReaderSeconds * 1000 };
}
