import { exponential } from '../bench/random.ts';

/** One generation as it was measured: what it asked for and what that took. */
export type ServiceTime = {
	promptTokens: number;
	cachedTokens: number;
	completionTokens: number;
	prefillMs: number;
	decodeMs: number;
};

/** One turn of a conversation: its prompt is the whole conversation so far and `newTokens` more. */
export type Turn = {
	conversation: number;
	/** When the client sends it: for the first turn, and after the answer to the one before for the others. */
	arrivesMs: number;
	thinkMs: number;
	promptTokens: number;
	completionTokens: number;
};
export type Conversation = { arrivesMs: number; turns: Omit<Turn, 'arrivesMs' | 'conversation'>[] };

/** What one token costs on one worker, as the recording says. */
export type Costs = { prefillMsPerToken: number; decodeMsPerToken: number };

export function costsOf(recorded: readonly ServiceTime[]): Costs {
	const evaluated = recorded.map((one) => one.prefillMs / Math.max(1, one.promptTokens - one.cachedTokens));
	const decoded = recorded.map((one) => one.decodeMs / Math.max(1, one.completionTokens - 1));
	return { prefillMsPerToken: median(evaluated), decodeMsPerToken: median(decoded) };
}

export type WorkloadOptions = {
	conversations: number;
	/** Share of what the scarcer of both, slots or evaluation of prompts, could do if nothing was in a cache. */
	utilisation: number;
	workers: number;
	slotsPerWorker: number;
	/** Prompts of a team are longer than those of the recording: they carry documents and code. */
	promptScale: number;
};

/** Conversations that begin at random, with lengths drawn from the recording. `random` decides everything. */
export function makeWorkload(
	recorded: readonly ServiceTime[],
	options: WorkloadOptions,
	random: () => number,
): Conversation[] {
	const costs = costsOf(recorded);
	const draw = (): ServiceTime => {
		const one = recorded[Math.floor(random() * recorded.length)];
		if (one === undefined) throw new RangeError('an empty recording');
		return one;
	};
	const conversations = Array.from({ length: options.conversations }, () => {
		let promptTokens = 0;
		const turns = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, index) => {
			const { completionTokens, ...one } = draw();
			const added = Math.ceil(options.promptScale * (one.promptTokens - (index === 0 ? 0 : one.cachedTokens)));
			promptTokens += added;
			const turn = {
				promptTokens,
				completionTokens,
				thinkMs: exponential(random, 4 * completionTokens * costs.decodeMsPerToken),
			};
			promptTokens += completionTokens;
			return turn;
		});
		return { arrivesMs: 0, turns };
	});
	const turns = conversations.flatMap((conversation) => conversation.turns);
	const prefillMs = sum(turns.map((turn) => turn.promptTokens * costs.prefillMsPerToken));
	const decodeMs = sum(turns.map((turn) => turn.completionTokens * costs.decodeMsPerToken));
	const { workers, slotsPerWorker, utilisation } = options;
	const scarcestMs = Math.max(prefillMs / workers, (prefillMs + decodeMs) / (workers * slotsPerWorker));
	const totalMs = scarcestMs / utilisation;
	let atMs = 0;
	for (const conversation of conversations) {
		atMs += exponential(random, totalMs / conversations.length);
		conversation.arrivesMs = atMs;
	}
	return conversations;
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
	return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
