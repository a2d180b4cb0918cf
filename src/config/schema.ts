/**
 * The configuration file's shape and, with the *-schema.ts beside it, the only home of its defaults. config/default.yaml
 * (commented) and config/schema.json are generated from it and held in step by tests. Every description ends up in both.
 */
import { z } from 'zod';
import { keySchema, limitsSchema } from './key-schema.ts';
import { modelSchema } from './model-schema.ts';
import { reasoningSchema } from './reasoning-schema.ts';
import { section } from './section.ts';
import { announcementsSchema, workerSchema, workersSchema } from './worker-schema.ts';

const serverSchema = section({
	host: z
		.string()
		.default('127.0.0.1')
		.describe('Address to listen on. Beyond loopback needs keys, or insecure: true.'),
	port: z.int().min(0).max(65535).default(8080).describe('Port to listen on; 0 picks a free one.'),
	insecure: z.boolean().default(false).describe('Allow listening beyond loopback without any API key.'),
	trustedProxies: z.array(z.string()).default([]).describe('CIDRs whose X-Forwarded-For is believed.'),
	corsOrigins: z
		.array(z.string())
		.default([])
		.describe('Origins that browsers may call from; empty sends no CORS headers.'),
	gateways: z
		.int()
		.min(1)
		.max(64)
		.default(1)
		.describe(
			'Gateway processes behind the one port, on the same workers. Kept responses and Idempotency-Keys are of one process each, unless they share Redis.',
		),
	bodyLimitBytes: z.int().positive().default(8_388_608).describe('Largest request body; larger is a 413.'),
	maxConnections: z.int().positive().default(10_000).describe('Open client sockets at most.'),
	heartbeatSeconds: z
		.number()
		.positive()
		.max(15)
		.default(10)
		.describe('Longest silence on a stream before an SSE comment.'),
	slowReaderSeconds: z.number().positive().default(30).describe('A client that takes nothing for so long is cut off.'),
	drainSeconds: z.number().nonnegative().default(30).describe('Grace for running streams after SIGTERM.'),
});

const queueSchema = section({
	maxLength: z.int().nonnegative().default(512).describe('Requests that may wait for a slot; more are a 503.'),
	deadlineSeconds: z.number().positive().default(60).describe('Longest wait for a slot; longer is a 503.'),
});

const samplingDefaultsSchema = section({
	temperature: z
		.number()
		.min(0)
		.max(2)
		.default(0.6)
		.describe('When a request is silent. 0.6 is what DeepSeek recommends.'),
	topP: z.number().min(0).max(1).default(0.95).describe('When a request is silent.'),
	topK: z.int().nonnegative().default(0).describe('0 is off.'),
	minP: z.number().min(0).max(1).default(0).describe('0 is off.'),
	repetitionPenalty: z.number().positive().default(1).describe('1 is off.'),
});

const cacheSchema = section({
	scope: z
		.enum(['key', 'group', 'all'])
		.default('key')
		.describe('Who may share cached prefixes. Sharing is a timing side channel.'),
	parkedBytes: z
		.int()
		.nonnegative()
		.default(1_073_741_824)
		.describe(
			'Memory of each worker for conversations that gave up their slot; at most half of what is free in /dev/shm, 0 for none. Linux only.',
		),
});

const responsesSchema = section({
	maxEntries: z
		.int()
		.nonnegative()
		.default(1000)
		.describe('Responses kept for previous_response_id and GET /v1/responses/{id}, in memory; 0 keeps none.'),
	ttlSeconds: z.number().positive().default(86_400).describe('How long a response is kept.'),
	maxBytes: z.int().positive().default(67_108_864).describe('Memory for kept responses, about; the oldest go first.'),
	reasoning: z
		.enum(['auto', 'text', 'summary', 'both'])
		.default('auto')
		.describe(
			'Where /v1/responses shows the thought. auto: the summary when the request asks for one, otherwise both, since AI SDK and LangChain read the summary alone.',
		),
});

const redisSchema = section({
	url: z
		.string()
		.regex(/^rediss?:\/\/\S+$/, 'redis://HOST:PORT, or rediss:// for TLS')
		.nullable()
		.default(null)
		.describe(
			'Redis or Valkey that several gateways share: limits, revoked keys, stored responses, idempotency, affinity. null keeps all of it in this process.',
		),
	prefix: z.string().default('retort:').describe('Of every key there.'),
	timeoutMs: z
		.int()
		.min(10)
		.max(1000)
		.default(75)
		.describe('Nothing waits longer for it; then each gateway holds its share of the limits by itself.'),
	leaseSeconds: z
		.number()
		.min(3)
		.default(30)
		.describe('A running request of a gateway that died counts against its key for so long.'),
});

const metricsSchema = section({
	vllmNames: z
		.boolean()
		.default(false)
		.describe(
			"Also tell queue, load and tokens under vLLM's names (vllm:num_requests_waiting, ...), which llm-d and KEDA examples read.",
		),
});

const loggingSchema = section({
	level: z
		.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
		.default('info')
		.describe('Prompts, answers and keys are logged at no level.'),
	format: z.enum(['auto', 'json', 'pretty']).default('auto').describe('auto: readable on a terminal, JSON otherwise.'),
});

export const configSchema = z.strictObject({
	server: serverSchema,
	models: z
		.record(z.string().min(1), modelSchema)
		.default({})
		.describe('Served models by the name that requests use; empty serves the embedded pocket-reasoner.'),
	routes: z
		.record(z.string().min(1), z.record(z.string().min(1), z.number().positive()))
		.default({})
		.describe(
			'Names that lead to models by weight, each key always to the same one: r1: {r1-7b: 0.9, r1-7b-next: 0.1}.',
		),
	fallbacks: z
		.record(z.string().min(1), z.array(z.string().min(1)))
		.default({})
		.describe('Models that serve in place of one that is overloaded or not there, in this order: r1-7b: [r1-1.5b].'),
	keys: z.array(keySchema).default([]).describe('API keys; empty leaves the server open on loopback.'),
	limits: limitsSchema.describe('For keys without limits of their own, and by IP where there is no key.'),
	queue: queueSchema,
	workers: workersSchema,
	worker: workerSchema,
	announcements: announcementsSchema,
	sampling: samplingDefaultsSchema,
	reasoning: reasoningSchema,
	cache: cacheSchema,
	responses: responsesSchema,
	redis: redisSchema,
	metrics: metricsSchema,
	logging: loggingSchema,
});
export type Config = z.infer<typeof configSchema>;
