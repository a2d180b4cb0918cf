import type { WorkerInfo } from '../protocol/worker-api.ts';

/** Changes with what may change an answer, as far as we are told: a stock engine does not say which file it runs. */
export function systemFingerprint(version: string, { model }: WorkerInfo): string {
	const parts = ['retort', version, model.fingerprint.slice(0, 8)];
	return parts.filter((part) => part !== '').join('-');
}
