import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPhaseMachine } from '../../src/tokens/phase-machine.ts';
import type { PhaseStep } from '../../src/tokens/phase-step.ts';
import { CLOSE, CLOSING, phase, reasoning } from './phases.ts';

const THINK = 1;
const END = 3;

const token = (id: number, text = `t${id}`, isReplay = false) => ({
	id,
	isEndOfGeneration: id === END,
	text,
	isReplay,
});

/** Pushes ids until the machine finishes; drawn ids are repeated from the last one on. */
function play(machine: ReturnType<typeof createPhaseMachine>, ids: number[], texts: Record<number, string> = {}) {
	const steps: PhaseStep[] = machine.begin(0);
	let now = 0;
	for (const id of ids) {
		if (machine.isFinished) break;
		steps.push(...machine.push(token(id, texts[id]), ++now).steps);
	}
	return steps;
}

function fedIds(steps: readonly PhaseStep[]): number[] {
	return steps.flatMap((step) => {
		if (step.type === 'token' || step.type === 'mark') return [step.id];
		return step.type === 'phase-end' ? [...step.ids] : [];
	});
}

const ends = (steps: readonly PhaseStep[]) =>
	steps.flatMap((step) => (step.type === 'phase-end' ? [`${step.phase}:${step.reason}:${step.tokens}`] : []));

describe('phases', () => {
	it('go from thought to answer on the end token, with the separator forced', () => {
		const machine = createPhaseMachine([reasoning(), phase()], null);
		const steps = play(machine, [10, 11, CLOSE, 12, END]);
		expect(fedIds(steps)).toEqual([10, 11, CLOSE, 60, 12]);
		expect(ends(steps)).toEqual(['0:closed:2', '1:eos:1']);
		expect(steps.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
		expect([machine.completionTokens, machine.reasoningTokens]).toEqual([5, 3]);
	});

	it('close a thought at its budget with the closing words', () => {
		const machine = createPhaseMachine([reasoning({ maxTokens: 2 }), phase()], null);
		const steps = play(machine, [10, 11, 12, END]);
		expect(fedIds(steps)).toEqual([10, 11, 50, 51, CLOSE, 60, 12]);
		expect(ends(steps)).toEqual(['0:budget:4', '1:eos:1']);
	});

	it('land softly at the first sentence end past the soft limit', () => {
		const machine = createPhaseMachine([reasoning({ softLimitTokens: 2, maxTokens: 9, closing: [] }), phase()], null);
		const steps = play(machine, [10, 11, 12, 13, 14, END], { 10: 'A.', 11: ' b', 12: ' c', 13: ' d.' });
		expect(ends(steps)[0]).toBe('0:budget:4');
	});

	it('close a thought at its deadline, and one that goes round in circles', () => {
		const late = createPhaseMachine([reasoning({ maxMs: 3 }), phase()], null);
		expect(ends(play(late, [10, 11, 12, 13, 14, END]))[0]).toBe('0:deadline:5');
		const looping = createPhaseMachine([reasoning({ closesOnLoop: true }), phase()], null);
		const circle = Array.from({ length: 200 }, (_, n) => 10 + (n % 7));
		expect(ends(play(looping, [...circle, END]))[0]).toMatch(/^0:loop:/);
		expect(ends(play(createPhaseMachine([reasoning(), phase()], 150), circle))).toEqual(['0:length:150']);
	});

	it('end for the client with the next token, before the first one too', () => {
		const machine = createPhaseMachine([reasoning(), phase()], null);
		machine.begin(0);
		machine.push(token(10), 1);
		expect(machine.requestEnd('answer')).toBe(false);
		expect(machine.requestEnd('reasoning')).toBe(true);
		expect(ends(machine.push(token(11), 2).steps)).toEqual(['0:ended-by-client:4']);
		expect(machine.requestEnd('reasoning')).toBe(false);
		const early = createPhaseMachine([reasoning(), phase()], null);
		expect(early.requestEnd('reasoning')).toBe(true);
		expect(ends(early.begin(0))).toEqual(['0:ended-by-client:0']);
	});

	it('answer even when the model ends inside its thought', () => {
		const machine = createPhaseMachine([reasoning(), phase()], null);
		const steps = play(machine, [10, END, 12, END]);
		expect(fedIds(steps)).toEqual([10, CLOSE, 60, 12]);
		expect(ends(steps)).toEqual(['0:eos:1', '1:eos:1']);
		expect(machine.push(token(11), 9)).toEqual({ steps: [], redraw: null });
	});

	it('refuse to end an answer that has no text yet, white space between two tries included', () => {
		const machine = createPhaseMachine([phase({ emptyRetries: 1 })], null);
		machine.begin(0);
		expect(machine.push(token(END), 1).redraw).toEqual([END]);
		expect(machine.push(token(10, '\n'), 2).redraw).toBe(null);
		expect(machine.push(token(END), 3).redraw).toEqual([END]);
		expect(machine.push(token(END), 4).redraw).toEqual([END, END]);
		const steps = machine.push(token(END), 5).steps;
		expect(ends(steps)).toEqual(['0:eos:1']);
		expect(steps[0]).toMatchObject({ emptyRetries: 1 });
	});

	it('tell a soft landing from a hard one', () => {
		const limits = { softLimitTokens: 1, maxTokens: 3, closing: [] };
		const landing = (texts: Record<number, string>) =>
			play(createPhaseMachine([reasoning(limits), phase()], null), [10, 11, 12, END], texts).find(
				({ type }) => type === 'phase-end',
			);
		expect(landing({ 11: 'b.' })).toMatchObject({ reason: 'budget', tokens: 2, landsSoftly: true });
		expect(landing({})).toMatchObject({ reason: 'budget', tokens: 3, landsSoftly: false });
	});

	it('refuse an empty close once, but not one that was sent before', () => {
		const machine = createPhaseMachine([reasoning({ emptyRetries: 1 }), phase()], null);
		machine.begin(0);
		machine.push(token(10, '\n'), 1);
		expect(machine.push(token(CLOSE), 2)).toEqual({ steps: [], redraw: [CLOSE, CLOSE] });
		expect(ends(machine.push(token(CLOSE), 3).steps)).toEqual(['0:closed:1']);
		const replay = createPhaseMachine([reasoning({ emptyRetries: 1 }), phase()], null);
		replay.begin(0);
		expect(ends(replay.push(token(CLOSE, '', true), 1).steps)).toEqual(['0:closed:0']);
	});

	it('draw the first token again when an optional thought is not opened', () => {
		const machine = createPhaseMachine([reasoning({ startToken: THINK }), phase()], null);
		machine.begin(0);
		expect(machine.isOpening).toBe(true);
		const { steps, redraw } = machine.push(token(10), 1);
		expect(ends(steps)).toEqual(['0:skipped:0']);
		expect(redraw).toEqual([]);
		expect([machine.phase, machine.completionTokens]).toEqual([1, 0]);
		const replay = createPhaseMachine([reasoning({ startToken: THINK }), phase()], null);
		replay.begin(0);
		expect(fedIds(replay.push(token(10, 'x', true), 1).steps)).toEqual([10]);
	});

	it('open an optional thought on its token, which is counted', () => {
		const machine = createPhaseMachine([reasoning({ startToken: THINK }), phase()], null);
		const steps = play(machine, [THINK, 10, CLOSE, 12, END]);
		expect(fedIds(steps)).toEqual([THINK, 10, CLOSE, 60, 12]);
		expect(machine.reasoningTokens).toBe(3);
	});

	it('stop when the context has no cell left', () => {
		const machine = createPhaseMachine([reasoning(), phase()], null);
		machine.begin(0);
		machine.push(token(10), 1);
		expect(ends(machine.endForLength(2))).toEqual(['0:length:1']);
		expect(machine.endForLength(3)).toEqual([]);
	});

	it('never exceed max tokens, count what they feed, and finish exactly once, whatever is drawn', () => {
		fc.assert(
			fc.property(
				fc.array(fc.constantFrom(10, 11, 12, CLOSE, END, THINK), { maxLength: 60 }),
				fc.record({
					maxTokens: fc.option(fc.nat(20)),
					softLimitTokens: fc.option(fc.nat(20)),
					maxMs: fc.option(fc.integer({ min: 1, max: 30 })),
					startToken: fc.constantFrom(null, THINK),
					emptyRetries: fc.constantFrom(0, 1),
				}),
				fc.option(fc.nat(30)),
				(drawn, changes, maxTokens) => {
					const machine = createPhaseMachine([reasoning(changes), phase()], maxTokens);
					const steps = play(machine, drawn);
					const fed = fedIds(steps);
					expect(machine.completionTokens).toBe(fed.length);
					expect(machine.reasoningTokens).toBeLessThanOrEqual(fed.length);
					if (maxTokens !== null) expect(fed.length).toBeLessThanOrEqual(maxTokens);
					expect(steps.filter(({ type }) => type === 'finish')).toHaveLength(machine.isFinished ? 1 : 0);
					const first = steps.find((step) => step.type === 'phase-end');
					if (first?.type === 'phase-end' && changes.maxTokens !== null && first.phase === 0) {
						expect(first.tokens).toBeLessThanOrEqual(changes.maxTokens + CLOSING.length);
					}
				},
			),
		);
	});

	it('count a token that skips an optional phase as an answer, drawn or replayed', () => {
		const make = () => createPhaseMachine([reasoning({ startToken: THINK }), phase()], null);
		const live = make();
		live.begin(0);
		expect(live.push(token(10), 1).redraw).toEqual([]);
		live.push(token(10), 1);
		const replay = make();
		replay.begin(0);
		replay.push(token(10, undefined, true), 1);
		for (const machine of [live, replay])
			expect([machine.phase, machine.completionTokens, machine.reasoningTokens]).toEqual([1, 1, 0]);
	});

	it('give the same steps when what was fed is replayed', () => {
		fc.assert(
			fc.property(
				fc.array(fc.constantFrom(10, 11, CLOSE, END), { minLength: 1, maxLength: 30 }),
				fc.nat(8),
				(drawn, budget) => {
					const make = () => createPhaseMachine([reasoning({ maxTokens: budget }), phase()], 40);
					const live = make();
					const fed = fedIds(play(live, drawn));
					const replay = make();
					const again = fedIds(replay.begin(0));
					while (again.length < fed.length) {
						again.push(...fedIds(replay.push(token(fed[again.length] ?? 0, undefined, true), 1).steps));
					}
					expect(again).toEqual(fed);
					expect(replay.phase).toBe(live.isFinished ? replay.phase : live.phase);
				},
			),
		);
	});
});
