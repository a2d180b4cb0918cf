import { createHash, type Hash } from 'node:crypto';
import type { GenerateRequest, PromptPart } from '../protocol/worker-api.ts';

/** A prefix of a prompt that ends between two parts, and how much of the prompt it is (0..1]. */
export type PrefixKey = { key: string; share: number };

/** A turn adds about four parts, so the last sixteen reach back several turns; the first two are the shared preamble. */
const FIRST = 2;
const LAST = 16;

/**
 * Hashes of the prompt's prefixes, longest first. Part boundaries are message boundaries, so the next turn of a
 * conversation has prefixes in common with this one. Prefixes of different cache scopes never match.
 */
export function prefixKeys(request: Pick<GenerateRequest, 'prompt' | 'cacheScope'>): PrefixKey[] {
	const { prompt } = request;
	const hash = createHash('sha1').update(request.cacheScope).update('\0');
	const total = Math.max(
		1,
		prompt.reduce((sum, part) => sum + size(part), 0),
	);
	const keys: PrefixKey[] = [];
	let length = 0;
	for (const [index, part] of prompt.entries()) {
		absorb(hash, part);
		length += size(part);
		if (index < FIRST || index >= prompt.length - LAST)
			keys.push({ key: hash.copy().digest('base64'), share: length / total });
	}
	return keys.reverse();
}

function size(part: PromptPart): number {
	return 'tokens' in part ? part.tokens.length * 4 : part.text.length;
}

function absorb(hash: Hash, part: PromptPart): void {
	if ('tokens' in part) hash.update(`t${part.tokens.length}:`).update(part.tokens.join(','));
	else hash.update(`${part.special ? 's' : 'u'}${part.text.length}:`).update(part.text);
}
