import { type ChatTemplate, prepareTemplate } from '../chat/template.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';

/** Each model's own chat template, compiled and probed once and kept while the model stays the same. */
export class ModelTemplates {
	readonly #prepared = new Map<string, { fingerprint: string; template: ChatTemplate }>();

	/** Throws where the template cannot be used; tried again the next time, since it may be another worker's by then. */
	of(model: string, info: WorkerInfo): ChatTemplate {
		const { fingerprint } = info.model;
		const known = this.#prepared.get(model);
		if (known?.fingerprint === fingerprint) return known.template;
		const { bos, eos, special } = info.tokens;
		const template = prepareTemplate({ source: info.chatTemplate, bos, eos, special });
		this.#prepared.set(model, { fingerprint, template });
		return template;
	}
}
