import { readFileSync } from 'node:fs';

const SETTING = '/sys/kernel/mm/transparent_hugepage/enabled';

/** To whom the kernel gives huge pages: all, those that ask, as workers do, or nobody. Null where it is not Linux. */
export function hugePages(
	read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): 'always' | 'madvise' | 'never' | null {
	try {
		const chosen = /\[(always|madvise|never)\]/.exec(read(SETTING))?.[1];
		return chosen === 'always' || chosen === 'madvise' || chosen === 'never' ? chosen : null;
	} catch {
		return null;
	}
}
