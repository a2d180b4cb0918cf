import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for sockets, made when it is first asked for. */
export class PrivateFolder {
	#path: string | null = null;

	/** mkdtemp makes it 0700: nobody else reaches the sockets in it. */
	path(): string {
		this.#path ??= mkdtempSync(join(tmpdir(), 'retort-'));
		return this.#path;
	}

	remove(): void {
		if (this.#path !== null) rmSync(this.#path, { recursive: true, force: true });
		this.#path = null;
	}
}
