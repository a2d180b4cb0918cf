import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createResponseEncoder, type ResponseEncoder } from '../chat/apis/encode-response-events.ts';
import type { ReasoningChannels } from '../chat/apis/output-item.ts';
import { describeResponse } from '../chat/apis/response-head.ts';
import { toChatRequest, toResponsesTerms } from '../chat/apis/responses-to-chat.ts';
import { describeProgress } from '../chat/progress.ts';
import type { ChoiceEvent } from '../chat/weave-choices.ts';
import type { Config } from '../config/schema.ts';
import { shuttingDown } from '../errors.ts';
import type { ResponsesEvent } from '../protocol/responses-event.ts';
import { parseResponsesRequest, type ResponsesRequest } from '../protocol/responses-request.ts';
import type { ResponseObject } from '../protocol/responses-response.ts';
import type { Answer } from './answer.ts';
import { callerOf, scopeOf } from './caller.ts';
import { type AskedChat, completionOf } from './completion-of.ts';
import { isClientLeft, isResponseCancelled } from './errors.ts';
import { firstOf } from './first-event.ts';
import { NAMED_EVENTS } from './framing.ts';
import type { LiveResponses } from './live-responses.ts';
import { toRetortError } from './plugins/errors.ts';
import { prepareCompletion } from './prepare-completion.ts';
import { type ResolvedModel, withModel } from './resolve-model.ts';
import { asInput, resolveConversation } from './response-items.ts';
import type { KeptItem, ResponseKeeper } from './response-store.ts';
import type { ChatServices } from './routes/chat-completions.ts';
import { runChoices } from './run-completion.ts';
import { streamTimes } from './stream-times.ts';

export type ResponseServices = ChatServices & { store: ResponseKeeper; live: LiveResponses };

/**
 * One response, on the path of chat completions: its request becomes a chat request, its events are encoded from the
 * same chat events. Returns once a slot is held; what can be refused until then throws.
 */
export async function createResponse(
	services: ResponseServices,
	request: FastifyRequest,
	reply: FastifyReply,
	abort: AbortController,
): Promise<Answer> {
	if (services.running.isDraining) throw shuttingDown();
	const wanted = parseResponsesRequest(request.body);
	const caller = callerOf(request);
	return withModel(services, caller, wanted.model, abort.signal, (resolved) =>
		beginResponse(services, { request, reply, caller, wanted, abort }, resolved),
	);
}

async function beginResponse(
	services: ResponseServices,
	asked: AskedChat & { wanted: ResponsesRequest },
	resolved: ResolvedModel,
): Promise<Answer> {
	const { config, store, live } = services;
	const { request, caller, wanted, abort } = asked;
	const { model } = resolved;
	request.modelLabel = model.name;
	const scope = scopeOf(caller.keyId);
	const input = await resolveConversation(wanted, store, scope);
	const chat = toChatRequest(wanted, input);
	const id = `resp_${randomBytes(24).toString('hex')}`;
	const prepared = await prepareCompletion(services, { chat, resolved, caller, signal: abort.signal, id }).catch(
		inResponsesTerms,
	);
	const isStreamed = wanted.stream === true;
	const completion = completionOf(asked, prepared, isStreamed);
	const events = runChoices(services, completion, prepared.choices);
	const started = await firstOf(events).catch(inResponsesTerms);
	request.hasGeneration = true;

	const isStored = wanted.store !== false && store.keepsAny;
	const encoder = createResponseEncoder({
		head: describeResponse({
			id,
			createdAt: prepared.meta.created,
			model: model.name,
			request: wanted,
			isStored,
			sampling: config.sampling,
		}),
		field: prepared.meta.field,
		channels: channelsOf(wanted, config.responses.reasoning),
		nowSeconds: () => Math.floor(Date.now() / 1000),
	});
	live.add({ id, scope, isStored, response: encoder.response });
	const close = () => {
		live.remove(id);
		return started.return();
	};
	const values = encode(started, encoder, {
		fail: (error) => (isStreamed && !isClientLeft(error) ? toRetortError(error, request, services.log) : null),
		ended: async (response) => {
			if (isStored) await store.put(scope, keep(response, input));
			live.remove(id);
		},
	});
	if (!isStreamed) {
		try {
			for await (const _ of values);
			return { type: 'whole', body: encoder.response() };
		} finally {
			await close();
		}
	}
	return {
		type: 'stream',
		values,
		options: {
			...streamTimes(config),
			toError: (error) => toRetortError(error, request, services.log),
			onClose: close,
			hasFailed: () => encoder.response().status === 'failed',
			comment: () => describeProgress(completion.progress.snapshot()),
			framing: NAMED_EVENTS,
		},
	};
}

/** A refusal of what the request became, thrown by the names that the client used. */
function inResponsesTerms(error: unknown): never {
	throw toResponsesTerms(error);
}

async function* encode(
	events: AsyncIterable<ChoiceEvent>,
	encoder: ResponseEncoder,
	hooks: {
		/** The failure as the client is to see it in the stream; null where it is not for the stream. */
		fail(error: unknown): Parameters<ResponseEncoder['fail']>[0] | null;
		/** Before the last event goes out: who has read it may already name this response. */
		ended(response: ResponseObject): Promise<void>;
	},
): AsyncGenerator<ResponsesEvent, void, undefined> {
	async function* told(encoded: Iterable<ResponsesEvent>) {
		for (const event of encoded) {
			if ('response' in event && event.response.status !== 'in_progress') await hooks.ended(event.response);
			yield event;
		}
	}
	try {
		for await (const { event } of events) yield* told(encoder.push(event));
	} catch (error) {
		if (isResponseCancelled(error)) {
			yield* told(encoder.cancel());
			return;
		}
		const failure = hooks.fail(error);
		if (failure === null) throw error;
		yield* told(encoder.fail(failure));
	}
}

function keep(response: ResponseObject, input: KeptItem[]) {
	return { response, input, output: response.output.map(asInput) };
}

/** Asked for a summary, a client reads the summary; one that is silent may be of those that read nothing else. */
function channelsOf({ reasoning }: ResponsesRequest, configured: Config['responses']['reasoning']): ReasoningChannels {
	switch (configured) {
		case 'auto':
			return { text: (reasoning?.summary ?? reasoning?.generate_summary) === undefined, summary: true };
		case 'text':
			return { text: true, summary: false };
		case 'summary':
			return { text: false, summary: true };
		case 'both':
			return { text: true, summary: true };
	}
}
