import { contextLengthExceeded, invalidRequest } from '../errors.ts';
import type { GenerateRequest, Grammar } from '../protocol/worker-api.ts';
import { resolvePhases } from '../tokens/resolve-phases.ts';
import type { ResolvedPhase } from '../tokens/resolved-phase.ts';
import type { Native, NativeGrammar } from './binding.ts';
import type { createPromptTokeniser } from './tokenise-prompt.ts';
import type { Vocabulary } from './vocabulary.ts';

export type ResolvedGrammar = { grammar: NativeGrammar; triggerToken: number | null };

export type ResolvedRequest = {
	prompt: number[];
	phases: ResolvedPhase[];
	grammars: (ResolvedGrammar | null)[];
};

/** llama.cpp's GBNF parser recurses: 20,000 open parentheses are a SIGSEGV. */
const MAX_GRAMMAR_DEPTH = 200;
const MAX_GRAMMAR_CHARACTERS = 1_000_000;

/** Texts of a request to ids and grammars. Throws 400s: the prompt does not fit, a token is none, a grammar is broken. */
export function resolveRequest(
	request: GenerateRequest,
	engine: {
		vocabulary: Vocabulary;
		tokenisePrompt: ReturnType<typeof createPromptTokeniser>;
		native: Native;
		contextTokens: number;
	},
): ResolvedRequest {
	const { vocabulary, contextTokens } = engine;
	const prompt = engine.tokenisePrompt(request.prompt);
	for (const id of [...prompt, ...request.resume]) {
		if (id >= vocabulary.size) throw invalidRequest('messages', 'invalid_value', `There is no token ${id}.`);
	}
	if (prompt.length === 0) throw invalidRequest('messages', 'invalid_value', 'The prompt is empty.');
	// One cell has to be left for what is generated.
	if (prompt.length >= contextTokens) throw contextLengthExceeded(contextTokens, prompt.length);
	const oneToken = (text: string | null, param: string): number | null => {
		if (text === null) return null;
		const id = vocabulary.marks.get(text) ?? vocabulary.tokenise(text, true);
		if (typeof id === 'number') return id;
		const [only] = id;
		if (id.length !== 1 || only === undefined) {
			throw invalidRequest(param, 'invalid_value', `${JSON.stringify(text)} is not one token of this model.`);
		}
		return only;
	};
	const inert = (text: string) => [...vocabulary.tokenise(text, false)];
	const roomTokens = Math.min(request.maxTokens ?? Number.POSITIVE_INFINITY, contextTokens - prompt.length);
	for (const { sampling } of request.phases) {
		for (const [id] of sampling.logitBias) {
			if (id >= vocabulary.size) throw invalidRequest('logit_bias', 'invalid_value', `There is no token ${id}.`);
		}
	}
	const phases = resolvePhases(request.phases, { oneToken, inert, roomTokens });
	const grammars = request.phases.map(({ grammar }, index): ResolvedGrammar | null => {
		if (grammar === null) return null;
		return {
			grammar: compileGrammar(grammar, engine.native),
			triggerToken: oneToken(grammar.triggerToken, `phases[${index}].grammar.triggerToken`),
		};
	});
	return { prompt, phases, grammars };
}

function compileGrammar(grammar: Grammar, native: Native): NativeGrammar {
	const refuse = (why: string) => invalidRequest('response_format', 'invalid_value', `The grammar ${why}.`);
	if (grammar.gbnf.length > MAX_GRAMMAR_CHARACTERS) throw refuse('is too large');
	if (nestingDepth(grammar.gbnf) > MAX_GRAMMAR_DEPTH) throw refuse('is nested too deeply');
	try {
		return native.compileGrammar(grammar.gbnf);
	} catch {
		throw refuse('cannot be parsed');
	}
}

/** Open parentheses at most, outside of literals, classes and comments. */
function nestingDepth(gbnf: string): number {
	let depth = 0;
	let deepest = 0;
	for (const [token] of gbnf.matchAll(/"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|#[^\n]*|[()]/gs)) {
		if (token === '(') deepest = Math.max(deepest, ++depth);
		else if (token === ')' && depth > 0) depth--;
	}
	return deepest;
}
