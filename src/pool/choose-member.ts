import { shuttingDown } from '../errors.ts';
import type { AffinityTable } from './affinity-table.ts';
import type { Ask } from './ask.ts';
import { type Draws, pickWorker } from './pick-worker.ts';
import type { ServedModel } from './served-model.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { Worker } from './worker.ts';

export type ChosenMember = { member: SupervisedWorker; worker: Worker; knownShare: number };

/** Shows a model's workers to `pickWorker`. Only reads: the caller takes the lease, in the same synchronous step. */
export function chooseMember(
	members: readonly SupervisedWorker[],
	{ placement, avoid }: Ask,
	affinity: AffinityTable,
	draws: Draws,
): ChosenMember | null {
	const known = affinity.lookup(placement.prefixes);
	const candidates = members.map((member) => ({
		id: member.id,
		isReady: member.worker !== null && !avoid.has(member.lifecycle.launchKey),
		slots: member.openSlots,
		busySlots: member.leases.size,
		knownShare: known.get(member.lifecycle.launchKey) ?? 0,
		pendingPromptTokens: member.pendingPromptTokens,
		prefillMsPerToken: member.pace.prefillMsPerToken,
	}));
	const id = pickWorker(candidates, placement.promptTokens, draws);
	const member = members.find((candidate) => candidate.id === id);
	const worker = member?.worker ?? null;
	if (member === undefined || worker === null) return null;
	return { member, worker, knownShare: known.get(member.lifecycle.launchKey) ?? 0 };
}

/** A launch for what takes no slot. Throws why there is none. */
export function anyMember(served: ServedModel): { launchKey: string; worker: Worker } {
	const [least] = served.members
		.filter((member) => member.worker !== null)
		.sort((left, right) => left.leases.size - right.leases.size);
	const worker = least?.worker ?? null;
	if (least === undefined || worker === null) throw served.refusal() ?? shuttingDown();
	return { launchKey: least.lifecycle.launchKey, worker };
}
