import type { Policy, WorkerView } from './policies.ts';
import type { Conversation, Costs } from './workload.ts';

export type SimulationResult = { policy: string; p50Ms: number; p95Ms: number; cachedShare: number; turns: number };

type Request = {
	conversation: number;
	turn: number;
	arrivedMs: number;
	promptTokens: number;
	historyTokens: number;
	completionTokens: number;
};
/** A slot's cache holds the conversation that it served last, up to its answer. */
type Slot = { isBusy: boolean; conversation: number | null; tokens: number; lastUsedMs: number };
type SimWorker = {
	id: string;
	speed: number;
	slots: Slot[];
	waiting: Request[];
	pendingPromptTokens: number;
	/** Prompts are evaluated one after the other. */
	prefillFreeMs: number;
};
type Event = { atMs: number; run: () => void };

/** How much each further stream slows a step of the batch. */
const STEP_SHARE = 0.1;

/**
 * Pure but for the policy's own draws: conversations on workers with slots and caches, event by event. A prompt's tokens
 * are evaluated where they are not in the slot's cache; decoding slows with the streams beside it.
 */
export function simulate(
	policy: Policy,
	options: { workers: { slots: number; speed: number }[]; costs: Costs; conversations: readonly Conversation[] },
): SimulationResult {
	const { costs, conversations } = options;
	const workers = options.workers.map(
		({ slots, speed }, index): SimWorker => ({
			id: `w${index}`,
			speed,
			slots: Array.from({ length: slots }, () => ({ isBusy: false, conversation: null, tokens: 0, lastUsedMs: 0 })),
			waiting: [],
			pendingPromptTokens: 0,
			prefillFreeMs: 0,
		}),
	);
	const events = new EventQueue();
	const central: Request[] = [];
	const firstTokenMs: number[] = [];
	let promptTokens = 0;
	let cachedTokens = 0;

	const busyOf = (worker: SimWorker) => worker.slots.filter(({ isBusy }) => isBusy).length;
	const viewOf = (worker: SimWorker): WorkerView => ({
		id: worker.id,
		slots: worker.slots.length,
		requests: busyOf(worker) + worker.waiting.length,
		pendingPromptTokens: worker.pendingPromptTokens,
		prefillMsPerToken: costs.prefillMsPerToken / worker.speed,
	});

	function send(conversation: number, turn: number, atMs: number): void {
		const wanted = conversations[conversation]?.turns[turn];
		const before = conversations[conversation]?.turns[turn - 1];
		if (wanted === undefined) return;
		const historyTokens = before === undefined ? 0 : before.promptTokens + before.completionTokens;
		arrive({ ...wanted, conversation, turn, arrivedMs: atMs, historyTokens }, atMs);
	}

	function arrive(request: Request, nowMs: number): void {
		if (policy.queue === 'central') {
			central.push(request);
			dispatch(nowMs);
			return;
		}
		const id = policy.pick(request, workers.map(viewOf));
		const worker = workers.find((one) => one.id === id);
		if (worker === undefined) return;
		worker.waiting.push(request);
		startWaiting(worker, nowMs);
	}

	function dispatch(nowMs: number): void {
		while (central[0] !== undefined) {
			const id = policy.pick(central[0], workers.map(viewOf));
			const worker = workers.find((one) => one.id === id);
			if (worker === undefined) return;
			worker.waiting.push(central[0]);
			central.shift();
			startWaiting(worker, nowMs);
		}
	}

	function startWaiting(worker: SimWorker, nowMs: number): void {
		while (worker.waiting[0] !== undefined && busyOf(worker) < worker.slots.length) {
			const [request] = worker.waiting.splice(0, 1);
			if (request !== undefined) start(worker, request, nowMs);
		}
	}

	function start(worker: SimWorker, request: Request, nowMs: number): void {
		const slot = chooseSlot(worker, request.conversation);
		const cached = slot.conversation === request.conversation ? Math.min(slot.tokens, request.historyTokens) : 0;
		const evaluated = request.promptTokens - cached;
		promptTokens += request.promptTokens;
		cachedTokens += cached;
		slot.isBusy = true;
		worker.pendingPromptTokens += evaluated;
		const beginsMs = Math.max(nowMs, worker.prefillFreeMs);
		const tokenMs = beginsMs + (evaluated * costs.prefillMsPerToken) / worker.speed;
		worker.prefillFreeMs = tokenMs;
		events.at(tokenMs, () => {
			worker.pendingPromptTokens -= evaluated;
			firstTokenMs.push(tokenMs - request.arrivedMs);
			const slowdown = 1 + STEP_SHARE * (busyOf(worker) - 1);
			const endMs = tokenMs + (request.completionTokens * costs.decodeMsPerToken * slowdown) / worker.speed;
			events.at(endMs, () => {
				slot.isBusy = false;
				slot.conversation = request.conversation;
				slot.tokens = request.promptTokens + request.completionTokens;
				slot.lastUsedMs = endMs;
				const thinkMs = conversations[request.conversation]?.turns[request.turn]?.thinkMs ?? 0;
				events.at(endMs + thinkMs, () => send(request.conversation, request.turn + 1, endMs + thinkMs));
				startWaiting(worker, endMs);
				dispatch(endMs);
			});
		});
	}

	for (const [index, { arrivesMs }] of conversations.entries()) events.at(arrivesMs, () => send(index, 0, arrivesMs));
	events.runAll();
	firstTokenMs.sort((one, other) => one - other);
	const quantile = (share: number) => firstTokenMs[Math.floor(share * firstTokenMs.length)] ?? 0;
	return {
		policy: policy.name,
		p50Ms: quantile(0.5),
		p95Ms: quantile(0.95),
		cachedShare: cachedTokens / promptTokens,
		turns: firstTokenMs.length,
	};
}

/** As a worker does: the slot that knows the conversation, else the least recently used. */
function chooseSlot(worker: SimWorker, conversation: number): Slot {
	const free = worker.slots.filter(({ isBusy }) => !isBusy);
	const known = free.find((slot) => slot.conversation === conversation);
	const [oldest] = free.sort((one, other) => one.lastUsedMs - other.lastUsedMs);
	const slot = known ?? oldest;
	if (slot === undefined) throw new RangeError('no slot is free');
	return slot;
}

/** A heap would be faster; a sorted list is shorter and fast enough for tens of thousands of events. */
class EventQueue {
	readonly #events: Event[] = [];

	at(atMs: number, run: () => void): void {
		let low = 0;
		let high = this.#events.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#events[middle]?.atMs ?? 0) > atMs) low = middle + 1;
			else high = middle;
		}
		this.#events.splice(low, 0, { atMs, run });
	}

	runAll(): void {
		for (let event = this.#events.pop(); event !== undefined; event = this.#events.pop()) event.run();
	}
}
