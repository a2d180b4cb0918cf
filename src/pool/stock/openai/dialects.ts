import { createHash } from 'node:crypto';
import type { Stretch } from '../stretch.ts';

/** What servers understand beyond OpenAI's own fields. */
export type Dialect = {
	name: 'vllm' | 'sglang' | 'plain';
	/** Answers 200 while the engine lives; null where nothing does but a generation. */
	healthPath: string | null;
	/** Of POST /tokenize: how a text is asked for in which marks are found and nothing is added. */
	tokenizeBody(model: string, text: string): Record<string, unknown>;
	/** Parameters of a request that it has no word for, as the client calls them. */
	lacks: readonly ('top_k' | 'min_p' | 'repetition_penalty' | 'response_format' | 'logprobs')[];
	/** Fields of a stretch. `stopTexts` are the texts of its stops, `salt` keeps cached prefixes apart. */
	fields(stretch: Stretch, extra: { stopTexts: readonly string[]; salt: string }): Record<string, unknown>;
};

const vllm: Dialect = {
	name: 'vllm',
	healthPath: '/health',
	tokenizeBody: (model, prompt) => ({ model, prompt, add_special_tokens: false }),
	lacks: [],
	fields: (stretch, { salt }) => ({
		...sampled(stretch),
		...idsFields(stretch, salt),
		add_special_tokens: false,
		spaces_between_special_tokens: false,
		...(stretch.logprobs === null ? {} : { return_tokens_as_token_ids: true }),
		...(grammarOf(stretch) === null ? {} : { structured_outputs: { grammar: grammarOf(stretch) } }),
	}),
};

const sglang: Dialect = {
	...vllm,
	name: 'sglang',
	fields: (stretch, { salt }) => ({
		...sampled(stretch),
		...idsFields(stretch, salt),
		...(grammarOf(stretch) === null ? {} : { ebnf: grammarOf(stretch) }),
	}),
};

const plain: Dialect = {
	name: 'plain',
	healthPath: null,
	// llama.cpp's form, which retort has as well.
	tokenizeBody: (model, content) => ({ model, content, add_special: false, parse_special: true }),
	lacks: ['top_k', 'min_p', 'repetition_penalty', 'response_format', 'logprobs'],
	fields: (_stretch, { stopTexts }) => (stopTexts.length === 0 ? {} : { stop: stopTexts }),
};

/** By whom the server says that its models are owned. */
export function dialectOf(ownedBy: string | null | undefined): Dialect {
	return [vllm, sglang].find(({ name }) => name === ownedBy) ?? plain;
}

/** Differs for each scope, and is no word that another user of the engine could guess where there is a secret. */
export function cacheSalt(secret: string | null, cacheScope: string): string {
	return createHash('sha256')
		.update(`${secret ?? ''}\n${cacheScope}`)
		.digest('hex');
}

function sampled({ phase: { sampling } }: Stretch): Record<string, unknown> {
	return {
		// 0 is their word for no bound in some releases only.
		top_k: sampling.topK === 0 ? -1 : sampling.topK,
		min_p: sampling.minP,
		repetition_penalty: sampling.repetitionPenalty,
	};
}

function idsFields({ stops }: Stretch, salt: string): Record<string, unknown> {
	return {
		...(stops.length === 0 ? {} : { stop_token_ids: stops }),
		return_token_ids: true,
		skip_special_tokens: false,
		cache_salt: salt,
	};
}

function grammarOf({ hasGrammar, phase }: Stretch): string | null {
	return hasGrammar ? (phase.grammar?.gbnf ?? null) : null;
}
