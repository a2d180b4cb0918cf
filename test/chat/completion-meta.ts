import type { CompletionMeta } from '../../src/chat/encode-chunks.ts';

export const meta: CompletionMeta = {
	id: 'chatcmpl-1',
	created: 1700000000,
	model: 'm',
	systemFingerprint: 'fp_1',
	field: 'reasoning_content',
	includeUsage: false,
};
