import { basename } from 'node:path';
import { invalidRequest } from '../../../errors.ts';
import { PROTOCOL_VERSION, type PromptPart, type WorkerInfo } from '../../../protocol/worker-api.ts';
import { createPromptSplitter, withOneBos } from '../../../tokens/split-prompt.ts';
import type { WorkerClient } from '../../worker-client.ts';
import type { StockEngine, StockModel } from '../stock-model.ts';
import { healthSchema, modelsSchema, type Props, propsSchema, tokenizeSchema } from './api.ts';
import { completionBody } from './completion-body.ts';
import { pickSlot, type StockSlot } from './pick-slot.ts';
import { createCompletionReader } from './read-completion.ts';
import { type LlamaServerVocabulary, readVocabulary, type Tokenize } from './read-vocabulary.ts';

/** llama.cpp's own server, by its /completion: nobody else should use it, since which slot serves is decided here. */
export const llamaServer: StockEngine = {
	name: 'llama-server',
	async join(client, _options, signal) {
		const props = await client.call('GET', '/props', null, { schema: propsSchema, signal });
		const { data } = await client.call('GET', '/v1/models', null, { schema: modelsSchema, signal });
		const meta = data[0]?.meta ?? { n_vocab: 0, n_ctx_train: 0, n_params: 0, size: 0 };
		const texts = { size: meta.n_vocab, bosText: props.bos_token, eosText: props.eos_token };
		const vocabulary = await readVocabulary(tokenizer(client, signal), texts);
		return modelOf(client, vocabulary, describe(props, meta, [...vocabulary.marks.keys()]));
	},
	async lookAt(client, signal) {
		await client.call('GET', '/health', null, { schema: healthSchema, signal });
	},
};

function tokenizer(client: WorkerClient, signal: AbortSignal): Tokenize {
	return (body, schema) => client.call('POST', '/tokenize', body, { schema, signal });
}

function modelOf(client: WorkerClient, vocabulary: LlamaServerVocabulary, info: WorkerInfo): StockModel {
	const slots = Array.from(
		{ length: info.slots },
		(_, index): StockSlot => ({ index, tokens: [], cacheScope: null, isBusy: false, lastUsed: 0 }),
	);
	let uses = 0;
	// Which marks take white space away is told nowhere; those of the distills take none.
	const split = createPromptSplitter({ ids: vocabulary.marks, stripsLeft: () => false, stripsRight: () => false });

	async function tokenize(prompt: readonly PromptPart[], signal: AbortSignal): Promise<number[]> {
		const content = split(prompt).flatMap((run): (string | number)[] => ('text' in run ? [run.text] : [...run.ids]));
		if (content.length === 0) return withOneBos([], vocabulary.bos, vocabulary.addsBos, prompt);
		const given = content.filter((part) => typeof part === 'number' && vocabulary.isMark(part)).length;
		const { tokens } = await tokenizer(client, signal)({ content, parse_special: false }, tokenizeSchema);
		if (tokens.filter((id) => vocabulary.isMark(id)).length > given)
			throw invalidRequest(
				'messages',
				'invalid_value',
				'A text holds a mark of the model that cannot be made harmless.',
			);
		return withOneBos(tokens, vocabulary.bos, vocabulary.addsBos, prompt);
	}

	return {
		info,
		vocabulary,
		tellsPrefill: true,
		check() {},
		tokenize,
		async inert(text, signal) {
			return (await tokenizer(client, signal)({ content: text, parse_special: false }, tokenizeSchema)).tokens;
		},
		take(input, cacheScope) {
			const slot = pickSlot(slots, input, cacheScope);
			if (slot === null) return null;
			slot.isBusy = true;
			slot.lastUsed = ++uses;
			let reusesCache = slot.cacheScope === cacheScope;
			slot.cacheScope = cacheScope;
			return {
				request: {
					path: '/completion',
					body: (stretch) => completionBody(stretch, { index: slot.index, reusesCache }, vocabulary),
					read: (run) => createCompletionReader(run, vocabulary),
				},
				keep(tokens) {
					slot.tokens = tokens;
					// From here on the cache holds what this very request put there.
					reusesCache = true;
				},
				release() {
					slot.isBusy = false;
				},
			};
		},
	};
}

function describe(
	props: Props,
	meta: { n_vocab: number; n_ctx_train: number; n_params: number; size: number },
	special: string[],
): WorkerInfo {
	const orNull = (text: string) => (text === '' ? null : text);
	return {
		protocolVersion: PROTOCOL_VERSION,
		versions: { retort: '-', nodeLlamaCpp: '-', llamaCpp: props.build_info, backend: 'llama-server' },
		model: {
			name: basename(props.model_path),
			// It tells none: vocabulary, size and template have to do.
			fingerprint: '',
			architecture: 'unknown',
			parameters: meta.n_params,
			fileBytes: meta.size,
			trainContextTokens: meta.n_ctx_train,
			vocabularySize: meta.n_vocab,
		},
		chatTemplate: props.chat_template ?? null,
		tokens: { bos: orNull(props.bos_token), eos: orNull(props.eos_token), special },
		contextTokens: props.default_generation_settings.n_ctx,
		slots: props.total_slots,
		threads: 0,
	};
}
