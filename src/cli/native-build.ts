import { join } from 'node:path';
import { buildNative, removeNative } from '../worker/native-build.ts';
import type { NativeFlags } from './native-flags.ts';
import { packageRoot } from './package-root.ts';

/** `retort native build` and `retort native remove`. Resolves to the exit code. */
export async function native(verb: 'build' | 'remove', flags: NativeFlags): Promise<number> {
	const note = (line: string) => void process.stderr.write(`${line}\n`);
	if (verb === 'remove') {
		note(removeNative(flags.gpu) ? 'removed: workers use the prebuilt binary' : 'there is no native binary');
		return 0;
	}
	const startedMs = performance.now();
	const folder = await buildNative({ ...flags, nativeFolder: join(packageRoot, 'native'), note });
	const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
	note(`built in ${minutes} min: ${folder}\nWorkers use it from their next start on. Undo: retort native remove`);
	return 0;
}
