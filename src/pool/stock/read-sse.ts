import { LineSplitter } from '../line-splitter.ts';

/** The data of server-sent events that hold one line each, as engines send them; comments and other fields are skipped. */
export function createSseReader(maxLineBytes: number): { push(chunk: Uint8Array): string[]; end(): void } {
	const lines = new LineSplitter(maxLineBytes);
	return {
		push: (chunk) =>
			lines.push(chunk).flatMap((line) => {
				const data = /^data: ?(.*?)\r?$/.exec(line)?.[1];
				return data === undefined || data === '[DONE]' ? [] : [data];
			}),
		end: () => lines.end(),
	};
}
