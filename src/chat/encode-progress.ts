import type { ChatCompletionChunk } from '../protocol/chat-response.ts';
import { type CompletionMeta, chunkOf } from './encode-chunks.ts';
import type { ProgressSnapshot } from './progress.ts';

/** The extension chunk of `stream_options.include_progress`: no choices, so that clients which do not know it skip it. */
export function encodeProgress(progress: ProgressSnapshot, meta: CompletionMeta): ChatCompletionChunk {
	const { queue, prefill } = progress;
	return {
		...chunkOf(meta, []),
		progress: {
			phase: progress.phase,
			queue: queue && { position: queue.position, expected_wait_ms: Math.round(queue.expectedWaitMs) },
			prefill: prefill && { done: prefill.evaluatedTokens, total: prefill.totalTokens },
			reasoning_tokens: progress.reasoningTokens,
			answer_tokens: progress.answerTokens,
			budget_left: progress.budgetLeftTokens,
		},
	};
}
