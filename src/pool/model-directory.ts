import { modelNotFound, type RetortError } from '../errors.ts';
import { chooseModels } from './choose-models.ts';
import type { PoolModel, PoolOptions } from './pool-options.ts';
import type { ServedModel } from './served-model.ts';

/** Which names lead to which models. */
export class ModelDirectory {
	readonly all: readonly ServedModel[];
	readonly #byName = new Map<string, ServedModel>();
	readonly #leads: Required<Pick<PoolOptions, 'routes' | 'fallbacks'>>;
	readonly #created = Math.floor(Date.now() / 1000);

	constructor(
		models: readonly ServedModel[],
		{ routes = {}, fallbacks = {} }: Pick<PoolOptions, 'routes' | 'fallbacks'>,
	) {
		this.all = models;
		this.#leads = { routes, fallbacks };
		for (const served of models)
			for (const name of [served.name, ...served.aliases]) if (!this.#byName.has(name)) this.#byName.set(name, served);
	}

	find(nameOrAlias: string): ServedModel | null {
		return this.#byName.get(nameOrAlias) ?? null;
	}

	/** Throws `model_not_found`. */
	require(nameOrAlias: string): ServedModel {
		const served = this.find(nameOrAlias);
		if (served === null) throw modelNotFound(nameOrAlias);
		return served;
	}

	/** Names that lead to several models. */
	routes(): string[] {
		return Object.keys(this.#leads.routes);
	}

	/** The models that may serve a request for this name, best first; none when there is no such name. */
	candidates(name: string, stickyKey: string): ServedModel[] {
		const names = chooseModels(this.find(name)?.name ?? name, stickyKey, this.#leads);
		return names.flatMap((candidate) => this.find(candidate) ?? []);
	}

	/** The refusal that every model has for this key now; null where one would take a request. Costs next to nothing. */
	refusalOfAll(keyId: string | null, weight: number): RetortError | null {
		let refusal: RetortError | null = null;
		for (const served of this.all) {
			refusal = served.refusalOfFull(keyId, weight);
			if (refusal === null) return null;
		}
		return refusal;
	}

	describe(served: ServedModel): PoolModel {
		const { name, aliases, state, info } = served;
		return { name, aliases, created: this.#created, state, info };
	}
}
