/** First fault of an answer that should read "t0 t1 t2 ...", or null: shows lost, repeated and reordered tokens. */
export function sequenceFault(content: string, tokens: number): string | null {
	const parts = content.trim() === '' ? [] : content.trim().split(' ');
	const wrong = parts.findIndex((part, index) => part !== `t${index}`);
	if (wrong !== -1) return `token ${wrong} is ${parts[wrong]}`;
	return parts.length === tokens ? null : `${parts.length} tokens of ${tokens}`;
}
