import type { ReasoningTrait } from '../chat/template/template.ts';
import type { KeyConfig } from '../config/key-schema.ts';
import type { Config } from '../config/schema.ts';
import { effortSchema, reasoningFieldSchema } from '../protocol/chat-reasoning.ts';
import type { ModelReasoning } from '../protocol/server-responses.ts';

/** What a caller may ask of a model's thinking, and what it gets when it asks for nothing: `reasoning` in /v1/models/{id}. */
export function describeReasoning(
	trait: ReasoningTrait,
	{ config, key }: { config: Config; key: KeyConfig | null },
): ModelReasoning {
	const { reasoning } = config;
	const ceilings = [reasoning.maxTokens, key?.maxThinkingTokens ?? null].filter((ceiling) => ceiling !== null);
	const field = key?.reasoningField ?? reasoning.field;
	if (trait === 'never') return { supported: false, mode: trait };
	return {
		supported: true,
		mode: trait,
		can_disable: true,
		field,
		fields: reasoningFieldSchema.options,
		efforts: effortSchema.options,
		default_max_tokens: key?.defaultThinkingTokens ?? reasoning.defaultMaxTokens,
		max_tokens: ceilings.length === 0 ? null : Math.min(...ceilings),
		answer_reserve_tokens: reasoning.answerReserveTokens,
		closes_on_loop: reasoning.closesOnLoop,
	};
}
