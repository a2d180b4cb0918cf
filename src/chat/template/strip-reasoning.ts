const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * An assistant message of the history without its inline thought, closed or not. A thought stands first, or ends in
 * R1's own form (newline, mark, blank line) where the client's server had left the opening mark in its prompt; marks
 * elsewhere are the answer's own words and stay.
 */
export function stripReasoning(content: string): string {
	let rest = content;
	while (rest.trimStart().startsWith(OPEN)) {
		const end = rest.indexOf(CLOSE);
		if (end === -1) return '';
		rest = rest.slice(end + CLOSE.length).trimStart();
	}
	const unopened = rest.indexOf(`\n${CLOSE}\n\n`);
	if (unopened === -1 || rest.slice(0, unopened).includes(OPEN)) return rest;
	return rest.slice(unopened + CLOSE.length + 1).trimStart();
}
