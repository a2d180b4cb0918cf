import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, whether this file runs from src, from dist or from an installed package. */
export const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

/** The main file, for child processes. */
export const mainPath = fileURLToPath(new URL('../main.js', import.meta.url));

/** The model that is served when none is named. */
export const embeddedModelPath = join(packageRoot, 'models', 'pocket-reasoner', 'pocket-reasoner-q8_0.gguf');

export function retortVersion(): string {
	const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
	if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
	return 'unknown';
}
