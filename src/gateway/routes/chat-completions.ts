import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { collectCompletion } from '../../chat/collect-completion.ts';
import { encodeChunks } from '../../chat/encode-chunks.ts';
import { encodeProgress } from '../../chat/encode-progress.ts';
import { describeProgress } from '../../chat/progress.ts';
import type { Config } from '../../config/schema.ts';
import { shuttingDown } from '../../errors.ts';
import { type ChatRequest, parseChatRequest } from '../../protocol/chat-request.ts';
import { addRoute } from '../add-route.ts';
import type { Answer } from '../answer.ts';
import { type AnswerServices, answerOnce } from '../answer-once.ts';
import { callerOf } from '../caller.ts';
import { type AskedChat, completionOf } from '../completion-of.ts';
import { firstOf, whenStarted } from '../first-event.ts';
import type { GrammarCompiler } from '../grammar-compiler.ts';
import type { ModelTemplates } from '../model-templates.ts';
import { toRetortError } from '../plugins/errors.ts';
import { prepareCompletion } from '../prepare-completion.ts';
import { type ResolvedModel, withModel } from '../resolve-model.ts';
import { type CompletionServices, runChoices } from '../run-completion.ts';
import { streamTimes } from '../stream-times.ts';

export type ChatServices = CompletionServices &
	AnswerServices & { config: Config; version: string; templates: ModelTemplates; grammars: GrammarCompiler };

const PROGRESS_MS = 1000;

/**
 * POST /v1/chat/completions. Whole and streamed answers are one path until their last step: the whole one collects the
 * very events that the stream sends. Nothing is sent before the generation holds a slot, so that everything that can
 * be refused until then is a status of its own.
 */
export function addChatCompletionsRoute(app: FastifyInstance, services: ChatServices): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/chat/completions',
		takesSlot: true,
		handler: (request, reply) =>
			answerOnce(services, request, reply, (abort) => createChatCompletion(services, request, reply, abort)),
	});
}

async function createChatCompletion(
	services: ChatServices,
	request: FastifyRequest,
	reply: FastifyReply,
	abort: AbortController,
): Promise<Answer> {
	if (services.running.isDraining) throw shuttingDown();
	const chat = parseChatRequest(request.body);
	const caller = callerOf(request);
	return withModel(services, caller, chat.model, abort.signal, (resolved) =>
		beginChatCompletion(services, { request, reply, caller, chat, abort }, resolved),
	);
}

async function beginChatCompletion(
	services: ChatServices,
	asked: AskedChat & { chat: ChatRequest },
	resolved: ResolvedModel,
): Promise<Answer> {
	const { request, caller, chat, abort } = asked;
	const { model } = resolved;
	request.modelLabel = model.name;
	const prepared = await prepareCompletion(services, { chat, resolved, caller, signal: abort.signal });
	const asksForProgress = chat.stream_options?.include_progress === true;
	let onQueued: () => void = () => {};
	const queued = new Promise<void>((resolve) => {
		onQueued = resolve;
	});
	const completion = { ...completionOf(asked, prepared, chat.stream === true), onQueued };
	const { progress } = completion;
	const events = runChoices(services, completion, prepared.choices);
	const starting = firstOf(events);
	// Who wants to see itself wait gets its headers when it begins to, and a refusal after that as a frame.
	await (asksForProgress ? Promise.race([starting, queued]) : starting);
	request.hasGeneration = true;
	const chatEvents = asksForProgress ? whenStarted(starting) : await starting;
	if (chat.stream !== true) {
		try {
			return { type: 'whole', body: await collectCompletion(chatEvents, prepared.meta) };
		} finally {
			await events.return();
		}
	}
	return {
		type: 'stream',
		values: encodeChunks(chatEvents, prepared.meta),
		options: {
			...streamTimes(services.config),
			toError: (error) => toRetortError(error, request, services.log),
			onClose: () => events.return(),
			comment: () => describeProgress(progress.snapshot()),
			progress: asksForProgress
				? { everyMs: PROGRESS_MS, read: () => encodeProgress(progress.snapshot(), prepared.meta) }
				: undefined,
		},
	};
}
