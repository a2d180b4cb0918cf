import type { GenerateRequest } from '../protocol/worker-api.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { type PrefixKey, prefixKeys } from './prefix-keys.ts';

/** What placing a request takes to know of it: small enough to be handed to another process. */
export type Placement = { requestId: string; prefixes: PrefixKey[]; promptTokens: number };

export function describePlacement(request: GenerateRequest): Placement {
	return {
		requestId: request.requestId,
		prefixes: prefixKeys(request),
		promptTokens: estimateTokens(request.prompt),
	};
}
