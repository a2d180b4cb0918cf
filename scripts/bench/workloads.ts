import { exponential, type Random, seededRandom } from './random.ts';
import { randomWords } from './words.ts';

export type Turn = {
	label: string;
	user: string;
	maxTokens: number;
	/** Thinking budget; null asks for no thought, so that every token is an answer token. */
	thinkingTokens: number | null;
	/** Reading time before this turn. */
	pauseMs: number;
	/** The client leaves after so many deltas. */
	abortAfterDeltas: number | null;
};

export type Conversation = {
	system: string | null;
	/** Open loop: when it begins, in ms from the start of the round. Null: when a lane is free. */
	startMs: number | null;
	/** Repeats, each time with other words, until everything else has ended. */
	background: boolean;
	turns: Turn[];
};

/** One round of load. `lanes` conversations without a start time run at once. */
export type Plan = { lanes: number; conversations: Conversation[] };

export const workloadNames = ['decode', 'prefill', 'mixed', 'chat', 'burst', 'abort', 'gateway', 'whole'] as const;
export type WorkloadName = (typeof workloadNames)[number];

export type WorkloadOptions = {
	concurrency: number;
	/** Requests (or conversations) a lane; null takes the workload's own. */
	requests: number | null;
	promptTokens: number | null;
	outputTokens: number | null;
	/** Open loop: conversations a second, Poisson. Null is a closed loop. */
	arrivalsPerSecond: number | null;
	/** Prompt length in tokens -> words, measured on the target. */
	wordsFor: (tokens: number) => number;
	/** Differs for every round. */
	seed: string;
};

/** The round of a workload: pure, the same options give the same plan. */
export function planWorkload(name: WorkloadName, options: WorkloadOptions): Plan {
	const plan = closedPlan(name, options, seededRandom(`${options.seed}:text`));
	if (options.arrivalsPerSecond === null) return plan;
	const arrivals = seededRandom(`${options.seed}:arrivals`);
	const meanMs = 1000 / options.arrivalsPerSecond;
	let startMs = 0;
	for (const conversation of plan.conversations) {
		if (conversation.background) continue;
		conversation.startMs = startMs;
		startMs += exponential(arrivals, meanMs);
	}
	return plan;
}

function closedPlan(name: WorkloadName, options: WorkloadOptions, random: Random): Plan {
	const text = (tokens: number) => randomWords(random, Math.max(1, options.wordsFor(tokens))).join(' ');
	const turn = (label: string, promptTokens: number, maxTokens: number): Turn => ({
		label,
		user: text(options.promptTokens ?? promptTokens),
		maxTokens: options.outputTokens ?? maxTokens,
		thinkingTokens: null,
		pauseMs: 0,
		abortAfterDeltas: null,
	});
	const alone = (first: Turn): Conversation => ({ system: null, startMs: null, background: false, turns: [first] });
	const many = (each: number, make: (index: number) => Conversation): Plan => ({
		lanes: options.concurrency,
		conversations: Array.from({ length: options.concurrency * (options.requests ?? each) }, (_, index) => make(index)),
	});
	switch (name) {
		case 'decode':
			return many(1, () => alone(turn('decode', 24, 256)));
		case 'prefill':
			return many(2, () => alone(turn('prefill', 2000, 4)));
		case 'mixed': {
			const streams = Array.from({ length: options.concurrency }, () => ({
				...alone({ ...turn('background', 24, 256), user: text(24), maxTokens: 256 }),
				background: true,
			}));
			const long = Array.from({ length: options.requests ?? 4 }, () =>
				alone({ ...turn('long', 2000, 8), pauseMs: 1000 }),
			);
			return { lanes: 1, conversations: [...streams, ...long] };
		}
		case 'chat': {
			const system = text(options.promptTokens ?? 200);
			return many(1, () => ({
				system,
				startMs: null,
				background: false,
				turns: Array.from({ length: 6 }, (_, index) => ({
					...turn('chat', 20, 256),
					user: text(20),
					thinkingTokens: Math.round(((options.outputTokens ?? 256) * 96) / 256),
					pauseMs: index === 0 ? 0 : 500,
				})),
			}));
		}
		case 'burst': {
			const plan = many(1, () => alone(turn('burst', 24, 64)));
			for (const conversation of plan.conversations) conversation.startMs = 0;
			return plan;
		}
		case 'abort':
			return many(6, (index) => {
				const abortAfterDeltas = index % 3 === 1 ? 4 + Math.floor(random() * 28) : null;
				return alone({ ...turn('decode', 24, 64), abortAfterDeltas });
			});
		case 'gateway':
			return many(1, () => alone(turn('gateway', 24, 100)));
		case 'whole':
			return many(20, () => alone(turn('whole', 24, 16)));
	}
}
