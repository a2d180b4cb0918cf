import { HERMES, R1, type ToolFormat } from './tool-format.ts';

/** What has to come next. `space`: any, or none. `name`: up to and with the end text. `end`: the call is over. */
export type CallStep =
	| { kind: 'space' }
	| { kind: 'text'; text: string }
	| { kind: 'name'; end: string }
	| { kind: 'arguments' }
	| { kind: 'end' };

const space: CallStep = { kind: 'space' };
const exactly = (text: string): CallStep => ({ kind: 'text', text });

/** A call as each format writes it, behind its opening mark. */
export const CALL_STEPS: Record<ToolFormat['kind'], readonly CallStep[]> = {
	r1: [
		space,
		exactly(`${R1.callBegin}function${R1.separator}`),
		{ kind: 'name', end: '\n' },
		exactly('```json\n'),
		space,
		{ kind: 'arguments' },
		space,
		exactly('```'),
		space,
		exactly(R1.callEnd),
		{ kind: 'end' },
	],
	hermes: [
		space,
		exactly('{'),
		space,
		exactly('"name"'),
		space,
		exactly(':'),
		space,
		exactly('"'),
		{ kind: 'name', end: '"' },
		space,
		exactly(','),
		space,
		exactly('"arguments"'),
		space,
		exactly(':'),
		space,
		{ kind: 'arguments' },
		space,
		exactly('}'),
		space,
		exactly(HERMES.end),
		{ kind: 'end' },
	],
};

/** Marks that may follow a call: that of the next one, or the one that closes them all. */
export const AFTER_CALL: Record<ToolFormat['kind'], readonly string[]> = {
	r1: [R1.callBegin, R1.callsEnd],
	hermes: [HERMES.begin],
};
