import type { Admitter, TokenEstimate } from './admission.ts';
import type { RunningCompletion, RunningCompletions } from './running-completions.ts';

export type PlaceSeeker = Omit<RunningCompletion, 'cancel'> & {
	abort: AbortController;
	estimate: TokenEstimate;
	/** Where the limits stand, for the response. Called before anything can be refused. */
	setHeaders(headers: Record<string, string>): void;
};

/** A place in the limits and an entry among the running. */
export type Place = {
	/** Gives both back; null where nothing was used. */
	leave(used: { promptTokens: number; completionTokens: number } | null): void;
};

/** Throws what the limits and a draining server refuse. */
export async function takePlace(
	services: { limits: Admitter; running: RunningCompletions },
	{ abort, estimate, setHeaders, ...entry }: PlaceSeeker,
): Promise<Place> {
	const admission = await services.limits.admit(entry.caller, estimate);
	setHeaders(admission.headers);
	if (admission.refusal !== null) throw admission.refusal;
	try {
		services.running.add({ ...entry, cancel: (reason) => abort.abort(reason) });
	} catch (error) {
		admission.end(0);
		throw error;
	}
	return {
		leave(used) {
			services.running.remove(entry.id);
			admission.end(used === null ? 0 : used.promptTokens + used.completionTokens);
		},
	};
}
