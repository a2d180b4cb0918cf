import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { startRetort } from '../../test/support/retort-server.ts';
import type { ServiceTime } from './workload.ts';

/** `npm run simulate:placement -- --record FILE`: conversations with the embedded model, and what each turn took. */
export async function record(path: string): Promise<void> {
	const server = await startRetort(['--slots', '4']);
	try {
		await Promise.all([0, 1, 2].map((client) => converse(server.url, client)));
		const recorded = server.logs().flatMap((line): ServiceTime[] => {
			const { msg, outcome, promptTokens, cachedTokens, completionTokens, queueMs, firstTokenMs, totalMs } = line;
			if (msg !== 'generation ended' || outcome !== 'completed' || firstTokenMs === null) return [];
			return [
				{
					promptTokens: Number(promptTokens),
					cachedTokens: Number(cachedTokens),
					completionTokens: Number(completionTokens),
					prefillMs: Number(firstTokenMs) - Number(queueMs),
					decodeMs: Number(totalMs) - Number(firstTokenMs),
				},
			];
		});
		writeFileSync(path, `${JSON.stringify(recorded)}\n`);
	} finally {
		await server.stop();
	}
}

const answerSchema = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) });

const CONVERSATIONS = 16;
const TURNS = 4;

async function converse(url: string, client: number): Promise<void> {
	for (let conversation = 0; conversation < CONVERSATIONS; conversation += 1) {
		const messages: { role: string; content: string }[] = [];
		for (let turn = 0; turn < TURNS; turn += 1) {
			const words = 'and one more '.repeat((conversation * 7 + turn * 13 + client) % 30);
			messages.push({ role: 'user', content: `What is ${10 + conversation}+${20 + turn}? ${words}` });
			const response = await fetch(`${url}/v1/chat/completions`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ model: 'pocket-reasoner', max_tokens: 200, messages }),
			});
			const { choices } = answerSchema.parse(await response.json());
			messages.push({ role: 'assistant', content: choices[0]?.message.content ?? '' });
		}
	}
}
