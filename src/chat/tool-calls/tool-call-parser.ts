import type { AnswerParser } from '../answer-parser.ts';
import { createAnswerPieces } from './answer-pieces.ts';
import { AFTER_CALL, CALL_STEPS, type CallStep } from './call-steps.ts';
import { createJsonScanner, type JsonScanner } from './json-scanner.ts';
import { createMarkFinder } from './mark-finder.ts';
import { HERMES, openingMark, R1, type ToolFormat } from './tool-format.ts';

export type ToolCallParserOptions = {
	format: Pick<ToolFormat, 'kind' | 'opensWithToken'>;
	/** A call of any other function is text. */
	names: ReadonlySet<string>;
	/** The id of the next call. */
	newId: () => string;
	/** `required` and named functions: a grammar held the answer to calls, however the opening mark is tokenised. */
	isBound: boolean;
};

const LONGEST_NAME = 64;

/**
 * Tells the calls of an answer from its text, a character at a time: each is looked at a bounded number of times, and
 * how the text was cut makes no difference. A call is told as soon as its arguments begin; what only began like one is
 * text, and so is what follows the last call. White space before a call is nobody's.
 */
export function createToolCallParser(options: ToolCallParserOptions): AnswerParser {
	const { kind } = options.format;
	const opening = openingMark(options.format);
	const finder = createMarkFinder(opening);
	const steps = CALL_STEPS[kind];
	const argumentsAt = steps.findIndex((one) => one.kind === 'arguments');
	const pieces = createAnswerPieces();

	/** Index in `steps`; null outside of calls. */
	let step: number | null = null;
	/** Characters of the step's text, or of its name, that came. */
	let stepText = '';
	let name = '';
	/** What has to be given back as text should this be no call after all. */
	let held = '';
	let scanner: JsonScanner = createJsonScanner();
	/** Between two calls: whether another may begin without the opening mark (r1), or the closing one may come. */
	let isAfterCall = false;
	/** Of what is held then, all behind the white space. */
	let seen = '';

	function beginCall(raw: string): void {
		step = 0;
		stepText = '';
		name = '';
		held = raw;
		isAfterCall = false;
	}

	/** It was no call. What it looked like is text, the last character of it read anew. */
	function giveUp(character: string): void {
		const raw = held;
		leaveCall();
		pieces.content(raw);
		outside(character);
	}

	function outside(character: string): void {
		if (options.format.opensWithToken && !options.isBound) {
			pieces.content(character);
			return;
		}
		held += character;
		if (finder.accept(character)) {
			const before = held.slice(0, held.length - opening.length);
			held = '';
			pieces.content(before);
			beginCall(opening);
			return;
		}
		const keep = finder.matched();
		const free = held.slice(0, held.length - keep);
		held = held.slice(held.length - keep);
		pieces.content(free);
	}

	/** Whether the character was taken; else the step is over and the next one looks at it. */
	function take(current: CallStep, character: string): 'taken' | 'next' | 'broken' {
		switch (current.kind) {
			case 'space':
				return /\s/.test(character) ? 'taken' : 'next';
			case 'text':
				if (current.text[stepText.length] !== character) return 'broken';
				stepText += character;
				if (stepText.length === current.text.length) advance();
				return 'taken';
			case 'name':
				if (character === current.end) {
					if (!options.names.has(name)) return 'broken';
					advance();
					return 'taken';
				}
				name += character;
				return name.length > LONGEST_NAME ? 'broken' : 'taken';
			case 'arguments':
				return takeArguments(character);
			case 'end':
				return 'next';
		}
	}

	function takeArguments(character: string): 'taken' | 'broken' {
		const isFirst = stepText === '';
		if (isFirst) scanner = createJsonScanner();
		const state = scanner.accept(character);
		if (state === 'broken') return 'broken';
		if (isFirst) {
			stepText = character;
			held = '';
			pieces.beginCall(options.newId(), name);
		}
		pieces.arguments(character);
		if (state === 'done') advance();
		return 'taken';
	}

	function advance(): void {
		step = (step ?? 0) + 1;
		stepText = '';
		if (steps[step]?.kind !== 'end') return;
		leaveCall();
		isAfterCall = true;
	}

	/** Behind a call: white space, then the next one, or the mark that closes them all, or text after all. */
	function afterCall(character: string): void {
		held += character;
		if (seen === '' && /\s/.test(character)) return;
		seen += character;
		const mark = AFTER_CALL[kind].find((one) => one.startsWith(seen));
		if (mark !== undefined && mark.length > seen.length) return;
		const raw = held;
		leaveCall();
		if (mark === undefined) {
			for (let index = 0; index < raw.length; index++) outside(raw.charAt(index));
		} else if (mark === HERMES.begin) {
			beginCall(raw);
		} else if (mark === R1.callBegin) {
			beginCall(raw.slice(0, raw.length - mark.length));
			for (let index = 0; index < mark.length; index++) inside(mark.charAt(index));
		}
	}

	function leaveCall(): void {
		step = null;
		held = '';
		seen = '';
		isAfterCall = false;
		finder.reset();
	}

	function inside(character: string): void {
		for (;;) {
			const current = step === null ? undefined : steps[step];
			if (current === undefined || step === null) {
				if (isAfterCall) afterCall(character);
				else outside(character);
				return;
			}
			const result = take(current, character);
			if (result === 'taken') {
				// Before the arguments begin all of it may turn out to be text; afterwards it is a call's.
				if (current.kind !== 'arguments' && step !== null && step <= argumentsAt) held += character;
				return;
			}
			if (result === 'broken') {
				giveUp(character);
				return;
			}
			step++;
			stepText = '';
		}
	}

	return {
		push(text, special) {
			if (special && step === null && !isAfterCall) {
				// Any other control token out here is none of the answer's text.
				if (text === opening) {
					const before = held;
					held = '';
					finder.reset();
					pieces.content(before);
					beginCall(opening);
				}
				return pieces.take();
			}
			for (let index = 0; index < text.length; index++) inside(text.charAt(index));
			return pieces.take();
		},
		end() {
			const rest = isAfterCall ? '' : held;
			held = '';
			if (step === null || step <= argumentsAt) pieces.content(rest);
			pieces.end();
			return pieces.take();
		},
	};
}
