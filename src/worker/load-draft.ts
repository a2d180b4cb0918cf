import type { Llama, LlamaModel } from 'node-llama-cpp';
import { configError } from '../errors.ts';
import { bindNative } from './binding.ts';
import { createDraftModel, type DraftModel } from './draft-model.ts';
import { loadWeights, type WeightsOptions } from './load-weights.ts';

export type LoadedDraft = {
	/** Makes its context, for texts of so many tokens of `model`. Throws config_error when their vocabularies differ. */
	open(model: LlamaModel, context: { contextTokens: number; batchTokens: number; threads: number }): Promise<OpenDraft>;
	dispose(): Promise<void>;
};

export type OpenDraft = { model: DraftModel; dispose(): Promise<void> };

/** Loads a draft model. Before the larger one: `auto` layers of that take what is left of the GPU's memory. */
export async function loadDraft(llama: Llama, options: WeightsOptions): Promise<LoadedDraft> {
	const { modelPath: path } = options;
	const draft = await loadWeights(llama, options);
	return {
		async open(model, { contextTokens, batchTokens, threads }) {
			checkVocabulary(path, draft, model);
			const context = await draft.createContext({
				sequences: 1,
				contextSize: contextTokens,
				batchSize: batchTokens,
				threads,
				swaFullCache: true,
				failedCreationRemedy: false,
			});
			const vocabularySize = tokensOf(model).length;
			return {
				model: createDraftModel(bindNative(llama, draft, context), { batchTokens, vocabularySize }),
				dispose: () => context.dispose(),
			};
		},
		dispose: () => draft.dispose(),
	};
}

/** The larger sizes of a family pad their vocabulary: what both have has to be the same. */
function checkVocabulary(path: string, draft: LlamaModel, model: LlamaModel): void {
	const own = tokensOf(model);
	const guessed = tokensOf(draft);
	const other = guessed.findIndex((text, id) => id < own.length && text !== own[id]);
	if (other < 0) return;
	throw configError(
		`${path} cannot draft for this model: token ${other} is ${JSON.stringify(guessed[other])} in it and ${JSON.stringify(own[other])} in the model. A draft model has the same vocabulary.`,
	);
}

function tokensOf(model: LlamaModel): readonly string[] {
	return model.fileInfo.metadata.tokenizer.ggml.tokens;
}
