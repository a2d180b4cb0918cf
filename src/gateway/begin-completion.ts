import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ChatEvent } from '../chat/chat-event.ts';
import { parseOutput } from '../chat/parse-output.ts';
import { describeProgress } from '../chat/progress.ts';
import { watchStop } from '../chat/watch-stop.ts';
import { shuttingDown } from '../errors.ts';
import type { ChatRequest } from '../protocol/chat-request.ts';
import { abortOnDisconnect } from './answer.ts';
import { callerOf } from './caller.ts';
import { type AskedChat, completionOf } from './completion-of.ts';
import { firstOf } from './first-event.ts';
import type { Framing } from './framing.ts';
import { toRetortError } from './plugins/errors.ts';
import { prepareCompletion } from './prepare-completion.ts';
import { type ResolvedModel, withModel } from './resolve-model.ts';
import type { ChatServices } from './routes/chat-completions.ts';
import { runCompletion } from './run-completion.ts';
import { sendStream } from './send-stream.ts';
import { streamTimes } from './stream-times.ts';

export type ChatInOtherWords = {
	chat: ChatRequest;
	/** The generation's. */
	id: string;
	isStreamed: boolean;
	/** The refusal with its parameter named as the client did. */
	toTerms?(error: unknown): unknown;
};

export type BegunCompletion = {
	model: string;
	/** False where configuration or key keep the thought to themselves. */
	showsThought: boolean;
	events: AsyncIterable<ChatEvent>;
	/** The stop string that ended the answer; asked when it is over. */
	stopSequence(): string | null;
	/** Reads the events to their end, and gives back what the generation took. */
	collect(read: (event: ChatEvent) => void): Promise<void>;
	stream(values: AsyncGenerator<unknown>, framing: Framing): FastifyReply;
};

/**
 * One answer to a chat request that came in another API's words. Returns once a slot is held: what can be refused until
 * then throws. The caller takes `collect` or `stream`.
 */
export async function beginCompletion(
	services: ChatServices,
	request: FastifyRequest,
	reply: FastifyReply,
	wanted: ChatInOtherWords,
): Promise<BegunCompletion> {
	if (services.running.isDraining) throw shuttingDown();
	const caller = callerOf(request);
	const abort = abortOnDisconnect(request, reply);
	return withModel(services, caller, wanted.chat.model, abort.signal, (resolved) =>
		beginWith(services, { request, reply, caller, wanted, abort }, resolved),
	);
}

async function beginWith(
	services: ChatServices,
	asked: AskedChat & { wanted: ChatInOtherWords },
	resolved: ResolvedModel,
): Promise<BegunCompletion> {
	const { request, reply, caller, abort } = asked;
	const { chat, id, isStreamed, toTerms = (error) => error } = asked.wanted;
	const { config, log } = services;
	const { model } = resolved;
	request.modelLabel = model.name;
	const prepared = await prepareCompletion(services, { chat, resolved, caller, signal: abort.signal, id }).catch(
		(error: unknown) => {
			throw toTerms(error);
		},
	);
	const completion = completionOf(asked, prepared, isStreamed);
	const stop = watchStop(prepared.parse.stop);
	const started = await firstOf(runCompletion(services, completion));
	request.hasGeneration = true;
	const events = parseOutput(stop.watch(started), prepared.parse);
	return {
		model: model.name,
		showsThought: prepared.meta.field !== 'hidden',
		events,
		stopSequence: stop.found,
		async collect(read) {
			try {
				for await (const event of events) read(event);
			} finally {
				await started.return();
			}
		},
		stream: (values, framing) =>
			sendStream(reply, values, {
				...streamTimes(config),
				abort,
				framing,
				toError: (error) => toRetortError(error, request, log),
				onClose: () => started.return(),
				comment: () => describeProgress(completion.progress.snapshot()),
			}),
	};
}

/** The values that an encoder makes of each event. */
export async function* encodeEvents<Value>(
	events: AsyncIterable<ChatEvent>,
	push: (event: ChatEvent) => Iterable<Value>,
): AsyncGenerator<Value, void, undefined> {
	for await (const event of events) yield* push(event);
}
