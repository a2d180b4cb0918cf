import { Counter, type Registry } from 'prom-client';
import type { GenerationSummary } from './generation-meter.ts';
import type { EndedThought } from './thought-meter.ts';

/** Keys with series of their own; those beyond share one. Ids come from the configuration, of which nobody knows the size. */
const MAX_KEYS = 256;

/** What thinking costs and how it ends, by model and key. A server without keys has the key `none`. */
export function createReasoningMetrics(registers: Registry[]) {
	const known = new Set<string>();
	const counter = <Label extends string>(name: string, help: string, more: Label[] = []) =>
		new Counter<Label | 'model' | 'key'>({ name, help, labelNames: ['model', 'key', ...more], registers });

	const reasoning = counter('retort_reasoning_tokens_total', 'Tokens of reasoning, its end token included.');
	const answer = counter('retort_answer_tokens_total', 'Tokens generated that are no reasoning.');
	const seconds = counter('retort_thinking_seconds_total', 'Time from the first token of a thought to its last.');
	const thoughts = counter('retort_thoughts_total', 'Thoughts by what ended them.', ['end']);
	const empty = counter('retort_empty_thoughts_total', 'Thoughts that came back empty and were begun again.', [
		'outcome',
	]);

	function keyLabel(keyId: string | null): string {
		if (keyId === null) return 'none';
		if (!known.has(keyId) && known.size >= MAX_KEYS) return 'other';
		known.add(keyId);
		return keyId;
	}

	return {
		generationEnded(
			{ model, keyId }: { model: string; keyId: string | null },
			summary: Pick<GenerationSummary, 'completionTokens' | 'reasoningTokens'>,
			thought: EndedThought | null,
		): void {
			const labels = { model, key: keyLabel(keyId) };
			reasoning.inc(labels, summary.reasoningTokens);
			answer.inc(labels, summary.completionTokens - summary.reasoningTokens);
			if (thought === null) return;
			seconds.inc(labels, thought.ms / 1000);
			thoughts.inc({ ...labels, end: thought.landsSoftly ? 'soft-landing' : thought.reason });
			if (thought.emptyRetries > 0) empty.inc({ ...labels, outcome: thought.hasText ? 'rescued' : 'empty' });
		},
	};
}
