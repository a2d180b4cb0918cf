import type { RetortError } from '../errors.ts';

export type OllamaError = { error: string };

export function isOllamaUrl(url: string | undefined): boolean {
	return url?.startsWith('/api/') === true;
}

/** The same failure as Ollama's clients read it: before the first byte and in a stream. */
export function toOllamaError({ message }: RetortError): OllamaError {
	return { error: message };
}
