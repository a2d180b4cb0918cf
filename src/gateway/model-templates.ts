import { type ChatTemplate, prepareTemplate } from '../chat/template/template.ts';
import { internalError } from '../errors.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';

type Prepared = { fingerprint: string; source: string | null; use(): ChatTemplate };

/** Each model's own chat template, compiled and probed once and kept while the model stays the same. */
export class ModelTemplates {
	readonly #prepared = new Map<string, Prepared>();

	/** Throws internal_error where the template cannot be used: why is the operator's business, and in the log. */
	of(model: string, info: WorkerInfo): ChatTemplate {
		const { fingerprint } = info.model;
		const source = info.chatTemplate;
		const known = this.#prepared.get(model);
		// Stock engines tell no fingerprint, and may come back with another template.
		if (known?.fingerprint === fingerprint && known.source === source) return known.use();
		const use = prepare(info);
		this.#prepared.set(model, { fingerprint, source, use });
		return use();
	}
}

/** A failure is remembered too: probing takes its time, and every request would hold all others up with it. */
function prepare(info: WorkerInfo): () => ChatTemplate {
	const { bos, eos, special } = info.tokens;
	try {
		const template = prepareTemplate({ source: info.chatTemplate, bos, eos, special });
		return () => template;
	} catch (error) {
		return () => {
			throw internalError(error);
		};
	}
}
