import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepReserve } from '../../src/tokens/keep-reserve.ts';
import { createPhaseMachine } from '../../src/tokens/phase-machine.ts';
import { phase, reasoning } from './phases.ts';

const answer = phase();
const thought = reasoning();

describe('the reserve', () => {
	it('changes nothing where the phase has enough room, or none is asked for', () => {
		const bounded = { ...thought, maxTokens: 10, softLimitTokens: 9 };
		expect(keepReserve(bounded, 20, 100)).toBe(bounded);
		expect(keepReserve(thought, 0, 100)).toBe(thought);
	});

	it('closes an unbounded thought before it eats the answer, and lets it land softly', () => {
		expect(keepReserve(thought, 20, 100)).toMatchObject({ maxTokens: 76, softLimitTokens: 69 });
	});

	it('keeps the grace of a budget that it makes smaller', () => {
		const phase = keepReserve({ ...thought, softLimitTokens: 100, maxTokens: 200 }, 20, 100);
		expect(phase).toMatchObject({ maxTokens: 76, softLimitTokens: 38 });
	});

	it('takes no more than half of the room', () => {
		expect(keepReserve(thought, 1024, 40)).toMatchObject({ maxTokens: 16 });
		expect(keepReserve(thought, 1024, 4)).toMatchObject({ maxTokens: 0, softLimitTokens: 0 });
	});

	it('is there when the thought is over, whatever the model draws', () => {
		fc.assert(
			fc.property(
				fc.record({
					room: fc.integer({ min: 8, max: 200 }),
					reserve: fc.integer({ min: 1, max: 300 }),
					soft: fc.option(fc.integer({ min: 1, max: 150 })),
					start: fc.boolean(),
				}),
				({ room, reserve, soft, start }) => {
					const limits = { softLimitTokens: soft, maxTokens: soft === null ? null : soft + Math.ceil(soft / 10) };
					const phase = keepReserve({ ...thought, ...limits, startToken: start ? 1 : null }, reserve, room);
					const machine = createPhaseMachine([phase, answer], room);
					machine.begin(0);
					for (let now = 1; machine.phase === 0 && !machine.isFinished; now++) {
						machine.push(
							{ id: start && now === 1 ? 1 : 10 + (now % 40), isEndOfGeneration: false, text: 'x', isReplay: false },
							now,
						);
					}
					expect(room - machine.completionTokens).toBeGreaterThanOrEqual(Math.min(reserve, Math.floor(room / 2)));
				},
			),
		);
	});
});
