import type { z } from 'zod';

export type Tag =
	| 'Chat'
	| 'Responses'
	| 'Completions'
	| 'Embeddings'
	| 'Messages'
	| 'Ollama'
	| 'Models'
	| 'Tokens'
	| 'Server';

/** In which form failures are told: OpenAI's where it is not said. */
export type Envelope = 'OpenAi' | 'Anthropic' | 'Ollama';

export type Parameter = {
	name: string;
	in: 'path' | 'query' | 'header';
	description: string;
	/** JSON schema; a string where there is none. */
	schema?: object;
	example?: unknown;
};

export type Answer = {
	description: string;
	/** The whole answer as JSON. */
	json?: z.ZodType;
	/** One value after the other, in place of the JSON or beside it; server-sent events where no media type is named. */
	stream?: { event: z.ZodType; description: string; media?: string; end?: '[DONE]' };
	/** What is neither: a media type. */
	media?: string;
	/** Names of components.headers beside x-request-id, which every answer has. */
	headers?: string[];
};

/** One line of the API's document: a method and path of the server, with what it takes and gives. */
export type Operation = {
	method: 'get' | 'post' | 'delete';
	path: string;
	id: string;
	tag: Tag;
	summary: string;
	description?: string;
	/** Answered without a key. */
	isPublic?: true;
	/** Makes tokens, so the limits on them apply, and the queue may be full. */
	generates?: true;
	envelope?: Envelope;
	parameters?: Parameter[];
	request?: z.ZodType;
	/** Bodies by name. */
	examples?: Record<string, object>;
	answer: Answer;
	/** Other statuses of its own, with the schema of their body. */
	otherAnswers?: Record<number, { description: string; json: z.ZodType }>;
	/** Statuses of failures beside those that every operation has. */
	failures?: number[];
};
