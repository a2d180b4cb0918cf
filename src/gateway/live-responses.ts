import type { ResponseObject } from '../protocol/responses-response.ts';

export type LiveResponse = {
	id: string;
	scope: string;
	isStored: boolean;
	/** As far as it has got. */
	response(): ResponseObject;
};

/** Responses that are under way: what GET shows of them, and what a cancel waits for. */
export class LiveResponses {
	readonly #byId = new Map<string, { live: LiveResponse; ended: Promise<void>; end: () => void }>();

	add(live: LiveResponse): void {
		let end = () => {};
		const ended = new Promise<void>((resolve) => {
			end = resolve;
		});
		this.#byId.set(live.id, { live, ended, end });
	}

	/** Calling it again does nothing. */
	remove(id: string): void {
		this.#byId.get(id)?.end();
		this.#byId.delete(id);
	}

	/** Only the key that began a response finds it. */
	find(scope: string, id: string): (LiveResponse & { ended: Promise<void> }) | null {
		const found = this.#byId.get(id);
		return found === undefined || found.live.scope !== scope ? null : { ...found.live, ended: found.ended };
	}
}
