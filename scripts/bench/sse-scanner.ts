/**
 * Cuts a byte stream into the payloads of its `data:` lines. Made for speed on a machine that the server under test
 * shares: no JSON here. Comments and other fields are skipped; LF and CRLF end a line; a split anywhere, within a
 * character too, changes nothing. Each payload of chat streams is one line, so lines are not joined to events.
 */
export class SseScanner {
	private readonly decoder = new TextDecoder();
	private rest = '';

	push(bytes: Uint8Array): string[] {
		const text = this.rest + this.decoder.decode(bytes, { stream: true });
		const payloads: string[] = [];
		let start = 0;
		for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
			if (text.startsWith('data:', start)) {
				const from = start + (text.charCodeAt(start + 5) === 32 ? 6 : 5);
				const to = text.charCodeAt(end - 1) === 13 ? end - 1 : end;
				payloads.push(text.slice(from, to));
			}
			start = end + 1;
		}
		this.rest = text.slice(start);
		return payloads;
	}
}
