import type { WorkerInfo } from '../protocol/worker-api.ts';

/**
 * Why a worker must not serve beside one that does, or null. Requests move between them in the middle of a thought, so
 * tokens and template have to be the same. An engine that tells no fingerprint is known by vocabulary and size.
 */
export function vetWorker(info: WorkerInfo, beside: WorkerInfo): string | null {
	const differs = (what: string, here: unknown, there: unknown) =>
		`another ${what}: it has ${String(here)}, the pool ${String(there)}`;
	const { fingerprint, vocabularySize, parameters } = info.model;
	const known = beside.model;
	if (fingerprint !== '' && known.fingerprint !== '' && fingerprint !== known.fingerprint)
		return differs('model (fingerprint)', fingerprint.slice(0, 12), known.fingerprint.slice(0, 12));
	if (vocabularySize > 0 && known.vocabularySize > 0 && vocabularySize !== known.vocabularySize)
		return differs('vocabulary', vocabularySize, known.vocabularySize);
	if (parameters > 0 && known.parameters > 0 && parameters !== known.parameters)
		return differs('model (parameters)', parameters, known.parameters);
	if (info.chatTemplate !== null && beside.chatTemplate !== null && info.chatTemplate !== beside.chatTemplate)
		return 'another chat template than the pool has';
	return null;
}
