import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** Tokens of the fake: each byte is one, and these. */
export const BOS = 256;
export const EOS = 257;
export const THINK = 258;
export const END_THINK = 259;
const MARKS: { id: number; text: string; isControl: boolean }[] = [
	{ id: BOS, text: '<bos>', isControl: true },
	{ id: EOS, text: '<eos>', isControl: true },
	{ id: THINK, text: '<think>', isControl: false },
	{ id: END_THINK, text: '</think>', isControl: false },
];

const tokenizeSchema = z.object({
	content: z.union([z.string(), z.array(z.union([z.string(), z.number()]))]),
	add_special: z.boolean().default(false),
	parse_special: z.boolean().default(true),
	with_pieces: z.boolean().default(false),
});
const completionSchema = z.looseObject({
	prompt: z.array(z.number()),
	n_predict: z.number(),
	stop: z.array(z.string()),
	logit_bias: z.array(z.tuple([z.number(), z.union([z.number(), z.literal(false)])])).default([]),
});
export type CompletionBody = z.infer<typeof completionSchema>;

export type FakeLlamaServer = {
	url: string;
	completions: CompletionBody[];
	running(): number;
	close(): Promise<void>;
};

export const bytesOf = (text: string): number[] => [...Buffer.from(text)];

/**
 * llama-server as far as a gateway sees it, without a model: `next` says which tokens follow a prompt. `answer` takes a
 * /completion over, byte by byte if it likes; true when it did.
 */
export async function startFakeLlamaServer(options: {
	next: (prompt: readonly number[]) => readonly number[];
	answer?: (body: CompletionBody, response: ServerResponse) => boolean;
	props?: Record<string, unknown>;
}): Promise<FakeLlamaServer> {
	const completions: CompletionBody[] = [];
	let running = 0;
	const server = createServer((request, response) => {
		handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
	});

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (request.url === '/props') return json(response, { ...props, ...options.props });
		if (request.url === '/health') return json(response, { status: 'ok' });
		if (request.url === '/v1/models')
			return json(response, { data: [{ meta: { n_vocab: 260, n_ctx_train: 512, n_params: 7, size: 9 } }] });
		const body: unknown = JSON.parse(await readAll(request));
		if (request.url === '/tokenize') return json(response, { tokens: tokenize(body) });
		const completion = completionSchema.parse(body);
		completions.push(completion);
		running += 1;
		response.once('close', () => {
			running -= 1;
		});
		if (options.answer?.(completion, response)) return;
		complete(completion, options.next(completion.prompt), response);
	}

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		// A TCP server's address is never a string.
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		completions,
		running: () => running,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

const props = {
	default_generation_settings: { n_ctx: 256 },
	total_slots: 2,
	model_path: '/models/fake.gguf',
	chat_template: 'a template',
	bos_token: '<bos>',
	eos_token: '<eos>',
	build_info: 'b1',
};

/** As the real one: a token that ends inside a character is sent with the one that completes it, without its id. */
function complete(body: CompletionBody, tokens: readonly number[], response: ServerResponse): void {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	const banned = new Set(body.logit_bias.filter(([, bias]) => bias === false).map(([id]) => id));
	let count = 0;
	let open: number[] = [];
	let text = '';
	let reason = 'limit';
	send(response, { content: '', tokens: [0], prompt_progress: { total: body.prompt.length, cache: 0, processed: 1 } });
	for (const id of tokens.filter((token) => !banned.has(token))) {
		if (body.n_predict >= 0 && count >= body.n_predict) break;
		count += 1;
		open.push(...pieceOf(id));
		const content = Buffer.from(open).toString('utf8');
		if (!content.includes('\ufffd')) {
			send(response, { content, tokens: [id], tokens_predicted: count });
			text += content;
			open = [];
		}
		if (id === EOS) reason = 'eos';
		else if (body.stop.some((word) => text.endsWith(word))) reason = 'word';
		else continue;
		break;
	}
	send(response, { stop: true, stop_type: reason, tokens_predicted: count });
	response.end();
}

export function send(response: ServerResponse, event: unknown): void {
	response.write(`data: ${JSON.stringify(event)}\n\n`);
}

/** Control tokens are no text there. */
function pieceOf(id: number): number[] {
	const mark = MARKS.find((one) => one.id === id);
	if (mark === undefined) return [id];
	return mark.isControl ? [] : bytesOf(mark.text);
}

function tokenize(body: unknown) {
	const { content, add_special, parse_special, with_pieces } = tokenizeSchema.parse(body);
	const parts = typeof content === 'string' ? [content] : content;
	const ids = parts.flatMap((part) => (typeof part === 'number' ? [part] : readText(part, parse_special)));
	if (add_special) ids.unshift(BOS);
	if (!with_pieces) return ids;
	return ids.map((id) => {
		const mark = MARKS.find((one) => one.id === id);
		return { id, piece: mark?.text ?? (id < 128 ? String.fromCharCode(id) : [id]) };
	});
}

/** User-defined tokens are found whether special tokens are asked for or not. */
function readText(text: string, parsesSpecial: boolean): number[] {
	const known = MARKS.filter(({ isControl }) => parsesSpecial || !isControl);
	const ids: number[] = [];
	for (let rest = text; rest !== ''; ) {
		const mark = known.find((one) => rest.startsWith(one.text));
		const first = mark?.text ?? String.fromCodePoint(rest.codePointAt(0) ?? 0);
		if (mark === undefined) ids.push(...bytesOf(first));
		else ids.push(mark.id);
		rest = rest.slice(first.length);
	}
	return ids;
}

function json(response: ServerResponse, value: unknown): void {
	response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function readAll(request: IncomingMessage): Promise<string> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of request) chunks.push(chunk);
	return Buffer.concat(chunks).toString('utf8');
}
