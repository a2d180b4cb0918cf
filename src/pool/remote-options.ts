import type { ClientTls } from './endpoint.ts';
import type { OpenAiOptions } from './stock/openai/openai-endpoint.ts';

/** Workers that somebody else runs: what a host in the configuration says, its files read. */
export type RemoteOptions = {
	/** One worker; or one for each address that a name has, asked for again and again. */
	where: { type: 'url' | 'dns' | 'srv'; url: string };
	refreshMs: number;
	token: string | null;
	tls: ClientTls | null;
	/** What runs there; an object, since an engine may have to be told more than its kind. */
	engine: { kind: 'retort' | 'llama-server' } | ({ kind: 'openai' } & Omit<OpenAiOptions, 'basePath'>);
};
