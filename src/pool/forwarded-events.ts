import type { GenerateRequest, WorkerEvent } from '../protocol/worker-api.ts';

/** What a client has seen of a request, over all the workers that ran it: what decides whether it may run again. */
export class ForwardedEvents {
	#hasStarted = false;
	#evaluatedTokens = -1;
	#hasOutput = false;

	/** Whether the client gets this event: a second run says again what the client knows already. */
	accept(event: WorkerEvent): boolean {
		switch (event.type) {
			case 'generation-start': {
				const isFirst = !this.#hasStarted;
				this.#hasStarted = true;
				return isFirst;
			}
			case 'prefill-progress': {
				const isNews = event.evaluatedTokens > this.#evaluatedTokens;
				if (isNews) this.#evaluatedTokens = event.evaluatedTokens;
				return isNews;
			}
			case 'delta':
			case 'phase-end':
				this.#hasOutput = true;
				return true;
			case 'generation-end':
			case 'generation-error':
				return true;
		}
	}

	/**
	 * The request that brings another worker to where the client is, or null when there is none. Before the first token it
	 * is the request itself. After it, this is the place for `resume`: the ids so far, and the phases that are left.
	 */
	continuation(request: GenerateRequest): GenerateRequest | null {
		return this.#hasOutput ? null : request;
	}
}
