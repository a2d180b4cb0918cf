import type { ClientTls } from './endpoint.ts';

/** Workers that somebody else runs: what a host in the configuration says, its files read. */
export type RemoteOptions = {
	/** One worker; or one for each address that a name has, asked for again and again. */
	where: { type: 'url' | 'dns' | 'srv'; url: string };
	refreshMs: number;
	token: string | null;
	tls: ClientTls | null;
	engine: EngineOptions;
};

/** What runs there, and what an engine that is not ours cannot tell. */
export type EngineOptions =
	| { kind: 'retort' }
	| { kind: 'llama-server' }
	| {
			kind: 'openai';
			/** The engine's own name of the model; null takes the first of its /v1/models. */
			model: string | null;
			slots: number;
			contextTokens: number | null;
			chatTemplate: string | null;
	  };
