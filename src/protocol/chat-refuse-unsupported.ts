import { invalidRequest } from '../errors.ts';
import type { ChatRequest } from './chat-request.ts';

/**
 * The one place that refuses what a valid request may ask for and this server does not do: what cannot be honoured and
 * would change the answer is a 400, never silence. Work that builds one of these takes its line away.
 */
export function refuseUnsupported(request: ChatRequest): void {
	const refusals: [param: string, isAskedFor: boolean][] = [
		['functions', request.functions !== undefined],
		['function_call', request.function_call !== undefined && request.function_call !== 'none'],
		['modalities', request.modalities?.includes('audio') === true],
		['audio', request.audio !== undefined],
		['web_search_options', request.web_search_options !== undefined],
		['moderation', request.moderation !== undefined],
	];
	for (const [param, isAskedFor] of refusals) {
		if (!isAskedFor) continue;
		throw invalidRequest(param, 'unsupported_parameter', `Unsupported parameter: '${param}' is not supported.`);
	}
}
