import type { GenerateRequest, WorkerEvent } from '../protocol/worker-api.ts';

/** What a client has seen of a request, over all the workers that ran it: where another worker has to go on. */
export class ForwardedEvents {
	#hasStarted = false;
	#evaluatedTokens = -1;
	readonly #ids: number[] = [];
	readonly #endedPhases = new Set<string>();

	/** What the client gets for this event; null where a second run says again what the client knows already. */
	accept(event: WorkerEvent): WorkerEvent | null {
		switch (event.type) {
			case 'generation-start': {
				const isFirst = !this.#hasStarted;
				this.#hasStarted = true;
				if (this.hasOutput) return { ...event, resumedTokens: this.#ids.length };
				return isFirst ? event : null;
			}
			case 'prefill-progress':
				if (event.evaluatedTokens <= this.#evaluatedTokens) return null;
				this.#evaluatedTokens = event.evaluatedTokens;
				return event;
			case 'phase-end':
				// Of an answer that was whole but for its last line.
				if (this.#endedPhases.has(event.phase)) return null;
				this.#endedPhases.add(event.phase);
				for (const id of event.ids) this.#ids.push(id);
				return event;
			case 'delta':
				for (const id of event.ids) this.#ids.push(id);
				return event;
			case 'generation-end':
			case 'generation-error':
				return event;
		}
	}

	/** Whether the client has seen anything that was generated. */
	get hasOutput(): boolean {
		return this.#ids.length > 0;
	}

	/**
	 * The request that brings another worker to where the client is: it evaluates the ids so far as it would a prompt, walks
	 * its phases through them, and goes on with the next token.
	 */
	continuation(request: GenerateRequest): GenerateRequest {
		return this.hasOutput ? { ...request, resume: [...request.resume, ...this.#ids] } : request;
	}
}
