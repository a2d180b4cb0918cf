/**
 * Which of several answers to one question wins: the majority of their final answers, as in "self-consistency" (Wang et
 * al. 2022) and DeepSeek-R1's cons@64. Pure.
 */

/** One way to answer and how many samples gave it, as normalised as it was compared. */
export type Vote = { answer: string; count: number };

export type Ballot = {
	/** The answer's text. */
	content: string;
	calls: readonly { name: string; arguments: string }[];
	/** It was cut before its end: its last line is no answer. */
	isCut: boolean;
};

/** Longer ones are compared whole and told in short. */
const MAX_SHOWN = 200;

/**
 * The winner's index and the votes, most first; among equals whoever came first. What was cut, or is empty, votes only
 * where nothing else does.
 */
export function elect(ballots: readonly Ballot[]): { winner: number; votes: Vote[] } {
	const whole = ballots.map((ballot) => (ballot.isCut ? null : finalAnswer(ballot)));
	const answers = whole.some((answer) => answer !== null) ? whole : ballots.map(finalAnswer);
	const counts = new Map<string, { count: number; first: number }>();
	for (const [index, answer] of answers.entries()) {
		if (answer === null) continue;
		const known = counts.get(answer);
		if (known === undefined) counts.set(answer, { count: 1, first: index });
		else known.count += 1;
	}
	const ranking = [...counts].sort(([, a], [, b]) => b.count - a.count || a.first - b.first);
	return {
		winner: ranking[0]?.[1].first ?? 0,
		votes: ranking.map(([answer, { count }]) => ({ answer: answer.slice(0, MAX_SHOWN), count })),
	};
}

/** What an answer comes to: its calls, its last `\boxed{}`, its JSON value, or its last line. null for none. */
export function finalAnswer({ content, calls }: Pick<Ballot, 'content' | 'calls'>): string | null {
	if (calls.length > 0) {
		return calls.map((call) => `${call.name}(${canonicalJson(call.arguments) ?? call.arguments})`).join('\n');
	}
	const boxed = lastBoxed(content);
	if (boxed !== null) return normalise(boxed);
	const json = canonicalJson(unfenced(content));
	if (json !== null) return json;
	const line = content
		.split('\n')
		.map(normalise)
		.findLast((text) => text !== '');
	return line ?? null;
}

/** The content of the last complete `\boxed{...}`, whose braces may be nested. */
function lastBoxed(text: string): string | null {
	const mark = '\\boxed{';
	for (let at = text.lastIndexOf(mark); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(mark, at - 1)) {
		const end = closingBrace(text, at + mark.length);
		if (end >= 0) return text.slice(at + mark.length, end);
	}
	return null;
}

function closingBrace(text: string, from: number): number {
	let depth = 1;
	for (let at = from; at < text.length; at++) {
		const character = text[at];
		if (character === '\\') at++;
		else if (character === '{') depth++;
		else if (character === '}' && --depth === 0) return at;
	}
	return -1;
}

function unfenced(text: string): string {
	return /^\s*```\w*\n([\s\S]*?)\n?```\s*$/.exec(text)?.[1] ?? text;
}

/** The same text for the same value, whatever the spaces and the order of keys; null for what is no JSON. */
function canonicalJson(text: string): string | null {
	try {
		return JSON.stringify(sorted(JSON.parse(text)));
	} catch {
		return null;
	}
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** Letters' case, emphasis, spaces, thousands' commas and the full stop at the end make no difference. */
function normalise(text: string): string {
	return text
		.normalize('NFKC')
		.toLowerCase()
		.replace(/[*_`$]/g, '')
		.replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
		.replace(/\s+/g, ' ')
		.trim()
		.replace(/[\s.!,;:]+$/, '');
}
