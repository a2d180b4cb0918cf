import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { configError } from '../errors.ts';

/**
 * Where workers that outlive their gateway have their sockets: the same folder for the next server on this port, and this
 * user's alone. null where they end with the gateway. Throws `config_error` when somebody else made it.
 */
export function stateFolder({ server, workers }: Config): string | null {
	if (workers.outliveSeconds === null) return null;
	if (process.platform !== 'linux') throw configError('workers.outliveSeconds needs Linux');
	const { uid } = userInfo();
	const path = join(tmpdir(), `retort-${uid}-${server.port}`);
	mkdirSync(path, { recursive: true, mode: 0o700 });
	const status = lstatSync(path);
	if (!status.isDirectory() || status.uid !== uid || (status.mode & 0o077) !== 0)
		throw configError(`${path} is not a folder of this user alone: remove it`);
	return path;
}
