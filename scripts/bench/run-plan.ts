import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type BodyOptions, type ChatMessage, requestBody } from './request-body.ts';
import type { RequestRecord } from './request-record.ts';
import { runRequest } from './run-request.ts';
import type { Target } from './target.ts';
import { rotateWords } from './words.ts';
import type { Conversation, Plan, Turn } from './workloads.ts';

export type RoundResult = { records: RequestRecord[]; startMs: number; endMs: number; generatorCpuMs: number };

export type RunOptions = Omit<BodyOptions, 'model' | 'seed'> & { seed: number; keepsContent: boolean };

/** Runs one round of load against one target; ends when every conversation has. */
export async function runPlan(target: Target, plan: Plan, options: RunOptions): Promise<RoundResult> {
	const records: RequestRecord[] = [];
	const foregroundEnded = new AbortController();
	setMaxListeners(0, foregroundEnded.signal);
	const startMs = performance.now();
	const cpu = process.cpuUsage();
	let sent = 0;

	const ask = async (
		turn: Turn,
		messages: ChatMessage[],
		context: { index: number; followsAbort: boolean; keepsContent: boolean; isBackground: boolean },
	) => {
		sent += 1;
		const record = await runRequest(target, {
			body: requestBody(turn, messages, { ...options, model: target.model, seed: options.seed + sent }),
			label: turn.label,
			turn: context.index,
			followsAbort: context.followsAbort,
			abortAfterDeltas: turn.abortAfterDeltas,
			keepsContent: context.keepsContent,
			signal: context.isBackground ? foregroundEnded.signal : null,
		});
		records.push(record);
		return record;
	};

	const converse = async (conversation: Conversation, after: RequestRecord | null): Promise<RequestRecord | null> => {
		const messages: ChatMessage[] =
			conversation.system === null ? [] : [{ role: 'system', content: conversation.system }];
		let last = after;
		for (const [index, turn] of conversation.turns.entries()) {
			if (turn.pauseMs > 0) await delay(turn.pauseMs);
			messages.push({ role: 'user', content: turn.user });
			last = await ask(turn, messages, {
				index,
				followsAbort: last?.aborted ?? false,
				keepsContent: options.keepsContent || conversation.turns.length > 1,
				isBackground: conversation.background,
			});
			if (last.error !== null) break;
			messages.push({ role: 'assistant', content: last.content });
		}
		return last;
	};

	const foreground = plan.conversations.filter((conversation) => !conversation.background);
	const background = plan.conversations.filter((conversation) => conversation.background);
	const queue = foreground.filter((conversation) => conversation.startMs === null);
	const lane = async () => {
		let last: RequestRecord | null = null;
		for (let next = queue.shift(); next !== undefined; next = queue.shift()) last = await converse(next, last);
	};
	const scheduled = foreground.map(async (conversation) => {
		if (conversation.startMs === null) return;
		await delay(conversation.startMs);
		await converse(conversation, null);
	});
	const repeated = background.map(async (conversation) => {
		for (let turn = 0; !foregroundEnded.signal.aborted; turn += 1) {
			const turns = conversation.turns.map((each) => ({ ...each, user: rotateWords(each.user, turn) }));
			const last = await converse({ ...conversation, turns }, null);
			if (last?.error !== null) break;
		}
	});
	await Promise.all([...Array.from({ length: plan.lanes }, lane), ...scheduled]);
	foregroundEnded.abort();
	await Promise.all(repeated);
	const used = process.cpuUsage(cpu);
	return { records, startMs, endMs: performance.now(), generatorCpuMs: (used.user + used.system) / 1000 };
}
