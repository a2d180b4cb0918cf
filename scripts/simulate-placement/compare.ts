import { seededRandom } from '../bench/random.ts';
import { leastConnections, type Policy, retort, roundRobin } from './policies.ts';
import { type SimulationResult, simulate } from './simulate.ts';
import { costsOf, makeWorkload, type ServiceTime } from './workload.ts';

export type CompareOptions = {
	workers: number;
	slotsPerWorker: number;
	utilisation: number;
	conversations: number;
	/** One worker in four runs at half the speed. */
	isMixed: boolean;
	seed: number;
};

const PROMPT_SCALE = 8;

/** The same conversations under each policy. The same options give the same figures. */
export function comparePolicies(recorded: readonly ServiceTime[], options: CompareOptions): SimulationResult[] {
	const workers = Array.from({ length: options.workers }, (_, index) => ({
		slots: options.slotsPerWorker,
		speed: options.isMixed && index % 4 === 3 ? 0.5 : 1,
	}));
	const workload = { ...options, promptScale: PROMPT_SCALE };
	const conversations = makeWorkload(recorded, workload, seededRandom(`workload ${options.seed}`));
	const policies: Policy[] = [
		roundRobin(),
		leastConnections(seededRandom(`least connections ${options.seed}`)),
		retort(seededRandom(`retort ${options.seed}`)),
	];
	return policies.map((policy) => simulate(policy, { workers, costs: costsOf(recorded), conversations }));
}
