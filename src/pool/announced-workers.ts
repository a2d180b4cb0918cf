import { overloaded } from '../errors.ts';
import type { PoolLog } from './pool-log.ts';
import type { ServedModel } from './served-model.ts';

/** Far beyond any pool; bounds what a holder of the token can have us try to reach. */
const MAX_WORKERS = 1024;

type Announced = { served: ServedModel; timer: NodeJS.Timeout };

/** Workers that announce themselves: each stays as long as it is heard of. */
export class AnnouncedWorkers {
	readonly #options: { expiryMs: number; log: PoolLog; join: (served: ServedModel, url: string) => void };
	readonly #known = new Map<string, Announced>();

	constructor(options: { expiryMs: number; log: PoolLog; join: (served: ServedModel, url: string) => void }) {
		this.#options = options;
	}

	/** It is there, still or again. Throws `overloaded` when there are too many. */
	heard(served: ServedModel, url: string): void {
		const known = this.#known.get(url);
		if (known?.served === served) {
			known.timer.refresh();
			return;
		}
		this.left(url, 'serves another model now');
		// One that the configuration lists stays as it is.
		if (served.members.some(({ id, isRetiring }) => id === url && !isRetiring)) return;
		if (this.#known.size >= MAX_WORKERS) throw overloaded('Too many workers have announced themselves.');
		const { expiryMs, log, join } = this.#options;
		const timer = setTimeout(() => this.left(url, 'not heard of any more'), expiryMs).unref();
		this.#known.set(url, { served, timer });
		log.info({ workerId: url, model: served.name }, 'worker announced itself');
		join(served, url);
	}

	/** It takes no new work, and goes with its last request. */
	left(url: string, reason: string): void {
		const known = this.#known.get(url);
		if (known === undefined) return;
		clearTimeout(known.timer);
		this.#known.delete(url);
		this.#options.log.info({ workerId: url, model: known.served.name, reason }, 'announced worker leaves');
		known.served.members.find(({ id, isRetiring }) => id === url && !isRetiring)?.retire();
	}

	close(): void {
		for (const { timer } of this.#known.values()) clearTimeout(timer);
		this.#known.clear();
	}
}
