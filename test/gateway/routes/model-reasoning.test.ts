import { expect, test } from 'vitest';
import { eventsOf } from '../support/scripts.ts';
import { bearer, CHAT, KEY, OTHER_KEY, sha256, startGateway } from '../support/start-gateway.ts';

test('a model tells how it thinks and what may be asked of it', async () => {
	const { app } = await startGateway();
	expect((await app.inject('/v1/models/fake')).json().reasoning).toEqual({
		supported: true,
		mode: 'always',
		can_disable: true,
		field: 'reasoning_content',
		fields: ['reasoning_content', 'reasoning', 'both', 'tags', 'hidden'],
		efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
		default_max_tokens: null,
		max_tokens: null,
		answer_reserve_tokens: 1024,
		closes_on_loop: true,
	});
});

test('each key sees its own field and the smaller of the ceilings', async () => {
	const { app } = await startGateway({
		config: {
			keys: [
				{ id: 'one', sha256: sha256(KEY), reasoningField: 'hidden', maxThinkingTokens: 64 },
				{ id: 'two', sha256: sha256(OTHER_KEY), maxThinkingTokens: 640, defaultThinkingTokens: 100 },
			],
			reasoning: { maxTokens: 256 },
		},
	});
	const seenBy = async (key: string) => (await app.inject({ url: '/v1/models/fake', headers: bearer(key) })).json();
	expect((await seenBy(KEY)).reasoning).toMatchObject({ field: 'hidden', max_tokens: 64 });
	expect((await seenBy(OTHER_KEY)).reasoning).toMatchObject({
		field: 'reasoning_content',
		max_tokens: 256,
		default_max_tokens: 100,
	});
});

test("a thought is closed with the model's own words, where it has some", async () => {
	const closings: (string | null | undefined)[] = [];
	const script: NonNullable<Parameters<typeof startGateway>[0]>['script'] = async (turn) => {
		closings.push(turn.request.phases[0]?.closing);
		await turn.send(...eventsOf('Thought.', 'Answer.'));
		turn.end();
	};
	for (const closing of [null, '', '\nEnough.\n']) {
		const config = { models: { fake: { source: 'fake.gguf', closing } }, reasoning: { closing: '\nSo.\n' } };
		const { app } = await startGateway({ script, config });
		const response = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT });
		expect(response.statusCode).toBe(200);
	}
	expect(closings).toEqual(['\nSo.\n', '', '\nEnough.\n']);
});
