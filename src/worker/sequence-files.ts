import { closeSync, fstatSync, openSync, statfsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { workerFailed } from '../errors.ts';
import type { NativeContext } from './binding.ts';

/** A file without a name, in memory. */
export type SequenceFile = { fd: number; bytes: number };

export type SequenceFiles = {
	/** What may be used at most: half of what was free. */
	readonly freeBytes: number;
	/** Rejects when there is no room, or when the model's memory cannot be saved. */
	save(sequence: number): Promise<SequenceFile>;
	/** Over what the sequence holds. Rejects, leaving it undefined, when that cannot be. */
	load(sequence: number, file: SequenceFile): Promise<void>;
	drop(file: SequenceFile): void;
};

const MEMORY_FOLDER = '/dev/shm';

/**
 * Keys and values of single sequences in memory. The binding saves them to files and to nothing else, so they are files of the
 * memory file system, unlinked before they are written: the kernel frees them when this process ends, however it ends. Null
 * where there is no such file system (anywhere but on Linux).
 */
export function openSequenceFiles(context: NativeContext, folder = MEMORY_FOLDER): SequenceFiles | null {
	let count = 0;
	const create = (): number => {
		const path = join(folder, `retort-${process.pid}-${count++}`);
		const fd = openSync(path, 'wx+', 0o600);
		unlinkSync(path);
		return fd;
	};
	// The link opens the file itself, which no path leads to any more.
	const pathOf = (fd: number) => `/proc/self/fd/${fd}`;
	const drop = ({ fd }: { fd: number }) => closeSync(fd);

	let freeBytes = 0;
	try {
		if (process.platform !== 'linux') return null;
		drop({ fd: create() });
		const { bavail, bsize } = statfsSync(folder);
		freeBytes = Math.floor((bavail * bsize) / 2);
	} catch {
		return null;
	}
	return {
		freeBytes,
		async save(sequence) {
			const fd = create();
			try {
				const bytes = await context.saveSequenceStateToFile(pathOf(fd), sequence, new Uint32Array(0));
				// What the last flush could not write goes unnoticed in native code.
				if (fstatSync(fd).size !== bytes) throw workerFailed('The memory file system is full.');
				return { fd, bytes };
			} catch (cause) {
				drop({ fd });
				throw cause;
			}
		},
		async load(sequence, { fd }) {
			await context.loadSequenceStateFromFile(pathOf(fd), sequence, 1);
		},
		drop,
	};
}
