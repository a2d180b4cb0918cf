import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { createTokenizer, type Tokenizer } from '../../src/pool/stock/openai/tokenizer.ts';

/** Tokens of the fake: each byte is one, and these. */
export const BOS = 256;
export const EOS = 257;
export const THINK = 258;
export const END_THINK = 259;
export const OTHER_END = 260;
const MARKS = ['<bos>', '<eos>', '<think>', '</think>', '<end>'].map((text, index) => ({ id: 256 + index, text }));

export const bytesOf = (text: string): number[] => [...Buffer.from(text)];

const bodySchema = z.looseObject({
	model: z.string(),
	prompt: z.union([z.string(), z.array(z.number())]),
	max_tokens: z.number(),
	stream: z.literal(true),
	logit_bias: z.record(z.string(), z.number()).default({}),
	stop: z.array(z.string()).default([]),
	stop_token_ids: z.array(z.number()).default([]),
	return_token_ids: z.boolean().default(false),
	return_tokens_as_token_ids: z.boolean().default(false),
	logprobs: z.number().nullish(),
});
export type CompletionBody = z.infer<typeof bodySchema>;

export type FakeEndpoint = {
	url: string;
	completions: CompletionBody[];
	requests: { method: string; url: string; authorization: string | null }[];
	running(): number;
	close(): Promise<void>;
};

export type FakeOptions = {
	/** Whose wire this is; `plain` knows OpenAI's own fields alone, `llama.cpp` tokenises besides. */
	dialect?: 'vllm' | 'sglang' | 'plain' | 'llama.cpp';
	/** The tokens that follow a prompt. */
	next: (prompt: readonly number[]) => readonly number[];
	/** Takes a completion over, byte by byte if it likes; true when it did. */
	answer?: (body: CompletionBody, response: ServerResponse) => boolean;
	/** Releases before they told ids. */
	tellsNoIds?: boolean;
	models?: unknown;
	tokensOf?: (text: string) => number[];
	/** Status of /v1/models and /health. */
	status?: () => number;
};

/** An OpenAI-compatible server as far as a gateway sees it, without a model. */
export async function startFakeEndpoint(options: FakeOptions): Promise<FakeEndpoint> {
	const { dialect = 'vllm', tokensOf = readText, status = () => 200 } = options;
	const completions: CompletionBody[] = [];
	const requests: FakeEndpoint['requests'] = [];
	let running = 0;
	const server = createServer((request, response) => {
		handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
	});

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { method = '', url = '', headers } = request;
		requests.push({ method, url, authorization: headers.authorization ?? null });
		if (url === '/v1/models') return json(response, status(), options.models ?? modelsOf(dialect));
		if (url === '/health') return void response.writeHead(status()).end();
		const body: unknown = JSON.parse(await readAll(request));
		if (url === '/tokenize' && dialect !== 'plain') return json(response, 200, { tokens: tokenize(body) });
		if (url !== '/v1/completions') return json(response, 404, { error: { message: 'no such thing' } });
		const completion = bodySchema.parse(body);
		completions.push(completion);
		running += 1;
		response.once('close', () => {
			running -= 1;
		});
		if (options.answer?.(completion, response)) return;
		const prompt = typeof completion.prompt === 'string' ? [BOS, ...readText(completion.prompt)] : completion.prompt;
		const tellsIds = completion.return_token_ids && options.tellsNoIds !== true;
		complete(completion, prompt, options.next(prompt), { dialect, tellsIds }, response);
	}

	/** Each engine takes its own field and no other. */
	function tokenize(body: unknown): number[] {
		if (dialect === 'llama.cpp') {
			const { content } = z.object({ content: z.string(), parse_special: z.literal(true) }).parse(body);
			return tokensOf(content);
		}
		return tokensOf(z.object({ prompt: z.string(), add_special_tokens: z.literal(false) }).parse(body).prompt);
	}

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		// A TCP server's address is never a string.
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		completions,
		requests,
		running: () => running,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function modelsOf(dialect: string) {
	const isEngine = dialect === 'vllm' || dialect === 'sglang';
	return {
		data: [{ id: 'fake', owned_by: isEngine ? dialect : 'somebody', ...(isEngine ? { max_model_len: 256 } : {}) }],
	};
}

/** The stream as vLLM and SGLang write it: a chunk a character, the end's reason, then a chunk with the counts. */
function complete(
	body: CompletionBody,
	prompt: readonly number[],
	tokens: readonly number[],
	{ dialect, tellsIds }: { dialect: string; tellsIds: boolean },
	response: ServerResponse,
): void {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	const drawn = tokens.filter((id) => (body.logit_bias[id] ?? 0) > -100).slice(0, body.max_tokens);
	let open: number[] = [];
	let ids: number[] = [];
	let text = '';
	for (const [index, id] of drawn.entries()) {
		ids.push(id);
		const ends = id === EOS || id === OTHER_END || body.stop_token_ids.includes(id);
		if (!ends) open.push(...pieceOf(id));
		// What a character of the prompt's end lacked is no text of its own.
		if (text === '' && open.every((byte) => (byte & 0xc0) === 0x80)) open = [];
		let delta = Buffer.from(open).toString('utf8');
		if (delta.includes('\ufffd')) continue;
		open = [];
		const word = body.stop.find((stop) => (text + delta).endsWith(stop));
		if (word !== undefined) delta = delta.slice(0, -word.length);
		text += delta;
		const isLast = ends || word !== undefined || index === drawn.length - 1;
		const matched = ends && id !== EOS ? id : dialect === 'sglang' && ends ? id : (word ?? null);
		const finish = ends || word !== undefined ? 'stop' : 'length';
		send(response, {
			choices: [
				{
					index: 0,
					text: delta,
					finish_reason: isLast ? finish : null,
					...(tellsIds ? { token_ids: ids } : {}),
					...(isLast && dialect === 'vllm' ? { stop_reason: matched } : {}),
					...(isLast && dialect === 'sglang' ? { matched_stop: matched } : {}),
					logprobs: body.logprobs === null || body.logprobs === undefined ? null : logprobsOf(body, ids),
				},
			],
		});
		ids = [];
		if (isLast) break;
	}
	send(response, {
		choices: [],
		usage: { prompt_tokens: prompt.length, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 1 } },
	});
	response.end('data: [DONE]\n\n');
}

function logprobsOf(body: CompletionBody, ids: readonly number[]) {
	const name = (id: number) =>
		body.return_tokens_as_token_ids ? `token_id:${id}` : Buffer.from(pieceOf(id)).toString('utf8');
	return {
		tokens: ids.map(name),
		token_logprobs: ids.map(() => -0.5),
		top_logprobs: ids.map((id) => ({ [name(id)]: -0.5, [name(88)]: -1.5 })),
		text_offset: ids.map(() => 0),
	};
}

export function send(response: ServerResponse, event: unknown): void {
	response.write(`data: ${JSON.stringify(event)}\n\n`);
}

function pieceOf(id: number): number[] {
	const mark = MARKS.find((one) => one.id === id);
	return mark === undefined ? [id] : bytesOf(mark.text);
}

/** Marks are found wherever they are spelled, as these engines' tokenisers do. */
function readText(text: string): number[] {
	const ids: number[] = [];
	for (let rest = text; rest !== ''; ) {
		const mark = MARKS.find((one) => rest.startsWith(one.text));
		const first = mark?.text ?? String.fromCodePoint(rest.codePointAt(0) ?? 0);
		if (mark === undefined) ids.push(...bytesOf(first));
		else ids.push(mark.id);
		rest = rest.slice(first.length);
	}
	return ids;
}

/** GPT-2's characters for bytes, as a byte-level tokenizer.json spells them. */
function characterOf(byte: number): string {
	const isVisible = (one: number) => (one > 32 && one < 127) || (one > 160 && one < 173) || one > 173;
	if (isVisible(byte)) return String.fromCharCode(byte);
	return String.fromCharCode(
		256 + Array.from({ length: byte }, (_, one) => one).filter((one) => !isVisible(one)).length,
	);
}

/** The folder's files of the fake's model. */
export const tokenizerFiles = {
	tokenizer: JSON.stringify({
		added_tokens: MARKS.map(({ id, text }) => ({ id, content: text, lstrip: false, rstrip: false, special: true })),
		decoder: { type: 'ByteLevel' },
		model: {
			type: 'BPE',
			vocab: Object.fromEntries(Array.from({ length: 256 }, (_, byte) => [characterOf(byte), byte])),
		},
	}),
	tokenizerConfig: JSON.stringify({
		bos_token: { content: '<bos>' },
		eos_token: '<eos>',
		add_bos_token: true,
		chat_template: 'a template',
	}),
	modelConfig: JSON.stringify({ vocab_size: 272 }),
	chatTemplate: null,
};

export const fakeTokenizer = (): Tokenizer => createTokenizer(tokenizerFiles);

function json(response: ServerResponse, status: number, value: unknown): void {
	response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function readAll(request: IncomingMessage): Promise<string> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of request) chunks.push(chunk);
	return Buffer.concat(chunks).toString('utf8');
}
