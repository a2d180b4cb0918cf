import { z } from 'zod';

const tlsSchema = z.strictObject({
	caFile: z
		.string()
		.optional()
		.describe('Authority that the other side is checked against; absent: the system trusts.'),
	certFile: z.string().optional().describe('Our certificate, where the other side asks for one (mutual TLS).'),
	keyFile: z.string().optional().describe('Its private key.'),
	serverName: z.string().optional().describe('Name that the certificate has to carry; absent: the name in the URL.'),
});

const hostSchema = z.strictObject({
	kind: z
		.enum(['retort', 'llama-server', 'openai'])
		.default('retort')
		.describe("What runs there: `retort worker`, llama.cpp's own server, or any /v1 that streams (vLLM, SGLang, ...)."),
	url: z
		.string()
		.optional()
		.describe(
			'One worker: http://host:port, https://host:port, or unix:/path; of kind openai also https://host/api/v1.',
		),
	dns: z
		.string()
		.optional()
		.describe('In place of url: http(s)://name:port, one worker for each A and AAAA record (a headless service).'),
	srv: z.string().optional().describe('In place of url: http(s)://_service._tcp.name, one worker for each SRV record.'),
	refreshSeconds: z.number().min(1).default(10).describe('How often dns and srv are asked again.'),
	tokenFile: z.string().optional().describe('File with the bearer token that is shown there.'),
	tokenEnv: z.string().min(1).optional().describe('In place of tokenFile: the environment variable that holds it.'),
	tls: tlsSchema.optional().describe('For https.'),
	servedName: z.string().min(1).optional().describe("Of kind openai: the model's name there; absent: as here."),
	tokenizer: z
		.string()
		.optional()
		.describe(
			"Of kind openai: the model's folder as Hugging Face has it, of which tokenizer.json, tokenizer_config.json and config.json are read.",
		),
});
export type HostConfig = z.infer<typeof hostSchema>;

/** A served model, and where its workers are. */
export const modelSchema = z.strictObject({
	source: z
		.string()
		.optional()
		.describe('A GGUF file, or hf:user/repo:QUANT; absent where only hosts serve the model.'),
	sha256: z
		.string()
		.regex(/^[0-9a-f]{64}$/)
		.optional()
		.describe('Checked before the file is loaded.'),
	aliases: z.array(z.string()).default([]).describe('Other names that requests may use.'),
	workers: z.int().nonnegative().default(1).describe('Local worker processes.'),
	hosts: z.array(hostSchema).default([]).describe('Workers elsewhere.'),
	load: z
		.enum(['start', 'demand'])
		.default('start')
		.describe('When its workers are started: with the server, or with the first request for it.'),
	ttlSeconds: z
		.number()
		.positive()
		.nullable()
		.default(null)
		.describe('Unloaded after so long without a request, and loaded again with the next; null keeps it.'),
	memoryMiB: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe('What one worker of it takes, for workers.memoryBudgetMiB; null estimates it from the file.'),
	slots: z.int().min(1).max(256).default(4).describe('Requests that one worker runs at once.'),
	contextTokens: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe("Context of one slot; null takes the model's own, 8192 at most."),
	threads: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe('CPU threads a worker; null takes the physical cores, and one thread for a model of less than 64 MiB.'),
	gpuLayers: z
		.union([z.int().nonnegative(), z.enum(['auto', 'max'])])
		.default('auto')
		.describe('Layers on the GPU.'),
	batchTokens: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe(
			'Tokens that are computed at once, at most; null takes 512, on a GPU 1024. A model with heads of less than 64 takes no more than 64 on CPU, which is faster.',
		),
	prefillSliceTokens: z.int().positive().default(512).describe('Prompt tokens between two steps of decoding streams.'),
	closing: z
		.string()
		.nullable()
		.default(null)
		.describe(
			"Words that close this model's thoughts at their budget; null takes reasoning.closing, '' closes without a word, as suits a model that never saw such a sentence.",
		),
	speculation: z.boolean().default(true).describe('Guess what the text repeats, where that is measured to be faster.'),
	draft: z
		.string()
		.nullable()
		.default(null)
		.describe(
			'A smaller model of the same vocabulary (a GGUF file, or hf:user/repo:QUANT), whose guesses are verified while one stream decodes alone: the text stays the same. Used where measured to be faster.',
		),
	embeddings: z.boolean().nullable().default(null).describe('Make embeddings, not text; null: what the file says.'),
});
export type ModelConfig = z.infer<typeof modelSchema>;
