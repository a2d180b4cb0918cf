/**
 * How a model writes its calls. `r1`: DeepSeek's marks around a name and a fenced JSON. `hermes`: a JSON with name and
 * arguments in `<tool_call>`, as Qwen and the Hermes models do.
 */
export type ToolFormat = {
	kind: 'r1' | 'hermes';
	/** The model's own template lists the functions and shows calls and results; else tool-turns.ts does. */
	isTemplates: boolean;
	/** What opens the calls is one token of the vocabulary: text that spells it opens nothing, and a grammar can wait for it. */
	opensWithToken: boolean;
};

export const R1 = {
	callsBegin: '<｜tool▁calls▁begin｜>',
	callsEnd: '<｜tool▁calls▁end｜>',
	callBegin: '<｜tool▁call▁begin｜>',
	callEnd: '<｜tool▁call▁end｜>',
	separator: '<｜tool▁sep｜>',
	outputsBegin: '<｜tool▁outputs▁begin｜>',
	outputsEnd: '<｜tool▁outputs▁end｜>',
	outputBegin: '<｜tool▁output▁begin｜>',
	outputEnd: '<｜tool▁output▁end｜>',
} as const;

export const HERMES = { begin: '<tool_call>', end: '</tool_call>' } as const;

/** Text that opens the calls of an answer. */
export function openingMark({ kind }: Pick<ToolFormat, 'kind'>): string {
	return kind === 'r1' ? R1.callsBegin : HERMES.begin;
}

/**
 * The template's own format where it does the whole of it and writes one that is read here; else R1's for models with
 * R1's marks, and Hermes', which a model can be told of in its system text, for the others.
 */
export function chooseToolFormat(model: {
	traits: { rendersTools: boolean; rendersToolCalls: boolean };
	/** A conversation with a call, as the template shows it; null where it cannot. */
	renderedCall: string | null;
	/** Texts of the vocabulary's control and user-defined tokens. */
	special: readonly string[];
}): ToolFormat {
	const { traits, renderedCall, special } = model;
	const doesAll = traits.rendersTools && traits.rendersToolCalls;
	const own = doesAll ? formOf(renderedCall ?? '') : null;
	const hasR1Marks = special.includes('<｜Assistant｜>') || special.includes(R1.callsBegin);
	const kind = own ?? (hasR1Marks ? 'r1' : 'hermes');
	return { kind, isTemplates: own !== null, opensWithToken: special.includes(openingMark({ kind })) };
}

function formOf(renderedCall: string): ToolFormat['kind'] | null {
	if (/<tool_call>\s*\{\s*"name"/.test(renderedCall)) return 'hermes';
	const r1Head = `${R1.callsBegin}${R1.callBegin}function${R1.separator}`;
	return renderedCall.includes(r1Head) && renderedCall.includes(`\n\`\`\`${R1.callEnd}${R1.callsEnd}`) ? 'r1' : null;
}
