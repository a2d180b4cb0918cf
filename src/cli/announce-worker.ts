import { setTimeout as delay } from 'node:timers/promises';
import { type AnnounceRequest, announceResponseSchema } from '../protocol/announce-api.ts';
import type { Log } from '../worker/log.ts';

/** A gateway that did not answer is told again after so long. */
const RETRY_MS = 5000;
const PATIENCE_MS = 5000;
/** The goodbye must not hold up the end. */
const GOODBYE_MS = 1000;

export type AnnounceOptions = {
	/** Base URLs. */
	gateways: readonly string[];
	token: string;
	what: Omit<AnnounceRequest, 'leaves'>;
	log: Log;
};

/** Tells each gateway of this worker, again and again. `leave` says goodbye and settles when they have heard, or did not in time. */
export function announceWorker(options: AnnounceOptions): { leave(): Promise<void> } {
	const { gateways, log, what } = options;
	const life = new AbortController();
	const loops = gateways.map(async (gateway) => {
		let lastTrouble: string | null = 'not told yet';
		while (!life.signal.aborted) {
			const told = await tell(gateway, { ...what, leaves: false }, options.token, PATIENCE_MS, life.signal);
			if (life.signal.aborted) return;
			const trouble = 'trouble' in told ? told.trouble : null;
			// Once, not every few seconds.
			if (trouble !== lastTrouble) {
				if (trouble === null) log.info({ gateway, model: what.model }, 'announced to the gateway');
				else log.warn({ gateway, model: what.model, reason: trouble }, 'not announced to the gateway');
			}
			lastTrouble = trouble;
			await delay('renewMs' in told ? told.renewMs : RETRY_MS, undefined, { signal: life.signal }).catch(() => {});
		}
	});
	return {
		async leave() {
			life.abort();
			await Promise.all(loops);
			const never = new AbortController().signal;
			const goodbye = { ...what, leaves: true };
			await Promise.all(gateways.map((gateway) => tell(gateway, goodbye, options.token, GOODBYE_MS, never)));
		},
	};
}

async function tell(
	gateway: string,
	body: AnnounceRequest,
	token: string,
	patienceMs: number,
	life: AbortSignal,
): Promise<{ renewMs: number } | { trouble: string }> {
	try {
		const response = await fetch(new URL('/workers/announce', gateway), {
			method: 'POST',
			headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
			body: JSON.stringify(body),
			// The token is for this gateway alone.
			redirect: 'manual',
			signal: AbortSignal.any([AbortSignal.timeout(patienceMs), life]),
		});
		const text = await response.text();
		if (response.status !== 200) return { trouble: `status ${response.status}: ${text.slice(0, 300)}` };
		return { renewMs: announceResponseSchema.parse(JSON.parse(text)).renew_seconds * 1000 };
	} catch (error) {
		const { cause } = error instanceof Error ? error : { cause: undefined };
		return { trouble: cause instanceof Error ? cause.message : String(error) };
	}
}
