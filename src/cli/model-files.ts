import { resolveModelSource } from '../worker/download-model.ts';

export type ModelFiles = {
	path: string;
	/** Of its draft model; null without one. */
	draftPath: string | null;
};

/** A model's files on this machine; those of `hf:` sources are downloaded first. Throws `download_failed`. */
export async function fetchModelFiles(
	{ source, sha256, draft }: { source: string; sha256: string | null; draft: string | null },
	options: Omit<Parameters<typeof resolveModelSource>[1], 'sha256'>,
): Promise<ModelFiles> {
	const path = await resolveModelSource(source, { ...options, sha256 });
	const draftPath = draft === null ? null : await resolveModelSource(draft, { ...options, sha256: null });
	return { path, draftPath };
}
