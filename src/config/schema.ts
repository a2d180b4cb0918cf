/**
 * The configuration file's shape and, with model-schema.ts, the only home of its defaults. config/default.yaml (commented) and
 * config/schema.json are generated from or held in step with this file by tests. Every description ends up in both.
 */
import { z } from 'zod';
import { modelSchema } from './model-schema.ts';

/** Absent and {} mean the same, for every section has a complete default; where absent means more, unwrap() one. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
	return z.strictObject(shape).prefault({} as never); // every key has a default, which the type of prefault cannot see
}

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

const limitsSchema = section({
	requestsPerMinute: z.int().positive().nullable().default(null).describe('Requests a minute; null for no limit.'),
	tokensPerMinute: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe('Prompt and completion tokens a minute, reserved at admission, settled at the end.'),
	concurrentRequests: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe('Requests running or queued at the same time.'),
});

export const reasoningFieldSchema = z.enum(['reasoning_content', 'reasoning', 'both', 'tags', 'hidden']);
export type ReasoningField = z.infer<typeof reasoningFieldSchema>;

const keySchema = z.strictObject({
	id: z
		.string()
		.regex(/^[A-Za-z0-9_.-]{1,64}$/, '1..64 letters, digits, _ . -')
		.describe('Shown in logs and metrics; never the key itself.'),
	name: z.string().optional().describe('For people.'),
	sha256: z
		.string()
		.regex(/^[0-9a-f]{64}$/, 'a lower-case hex SHA-256 of the key')
		.describe('printf %s "$KEY" | sha256sum'),
	group: z.string().optional().describe('Keys of one group may share cached prefixes with cacheScope: group.'),
	models: z.array(z.string()).optional().describe('Models this key may use; absent means all.'),
	weight: z
		.int()
		.min(1)
		.max(100)
		.optional()
		.describe('Turns of this key while others take one each, when requests wait for slots; absent means 1.'),
	admin: z.boolean().default(false).describe('May call /admin.'),
	reasoningField: reasoningFieldSchema.optional().describe('Overrides reasoning.field for this key.'),
	maxThinkingTokens: z.int().nonnegative().optional().describe('Ceiling of the thinking budget for this key.'),
	defaultThinkingTokens: z
		.int()
		.nonnegative()
		.optional()
		.describe("Thinking budget of this key's requests that name none, in place of reasoning.defaultMaxTokens."),
	limits: limitsSchema.unwrap().optional().describe('Limits of this key, in place of the top-level ones.'),
});
export type KeyConfig = z.infer<typeof keySchema>;

const queueSchema = section({
	maxLength: z.int().nonnegative().default(512).describe('Requests that may wait for a slot; more are a 503.'),
	deadlineSeconds: z.number().positive().default(60).describe('Longest wait for a slot; longer is a 503.'),
});

const workersSchema = section({
	loadSeconds: z
		.number()
		.positive()
		.default(300)
		.describe('A worker that has not loaded its model by then is killed and started again.'),
	stallSeconds: z
		.number()
		.positive()
		.default(10)
		.describe('A busy worker without progress for so long is killed and replaced.'),
	generationSeconds: z
		.number()
		.positive()
		.default(3600)
		.describe('A generation that runs for so long ends with an error; the wait for its slot is not counted.'),
	drainSeconds: z
		.number()
		.nonnegative()
		.default(60)
		.describe(
			'A worker that is restarted on request lets what it runs finish for so long; the rest goes on elsewhere.',
		),
	outliveSeconds: z
		.number()
		.positive()
		.nullable()
		.default(null)
		.describe(
			'Local workers live on for so long when the server ends, and the next one on this port takes them over with their models loaded; null ends them with it. Linux.',
		),
	memoryBudgetMiB: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe(
			'Memory for all loaded models together: the least recently used make room for others; null for no bound.',
		),
	memoryLimitMiB: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe("JavaScript heap of a worker process; null leaves Node's default."),
});

const optionalText = z.string().nullable().default(null);

const workerSchema = section({
	listen: optionalText.describe('What `retort worker` listens on: unix:/path or tcp://host:port.'),
	model: optionalText.describe('Which of models it serves; null where there is one.'),
	tokenFile: optionalText.describe(
		'Bearer token that gateways must show. Beyond loopback it takes this or clientCaFile.',
	),
	certFile: optionalText.describe('Certificate (PEM): it serves https then.'),
	keyFile: optionalText.describe('Its private key (PEM).'),
	clientCaFile: optionalText.describe('Authority (PEM) whose certificates gateways must show: mutual TLS.'),
	announce: z
		.array(z.string())
		.default([])
		.describe('Gateways that it tells of itself, as http://gateway:8080, with its token: they need not list it.'),
	announceUrl: optionalText.describe(
		'Where those reach it, if not at the address that it tells them from; their announcements.allow has to name it.',
	),
});

const announcementsSchema = section({
	tokenFile: optionalText.describe(
		'Token of workers that announce themselves, which is theirs as well; null: none may.',
	),
	allow: z
		.array(z.string())
		.default([])
		.describe('Hosts that they may name: names, *.domain, addresses, CIDRs. Otherwise only where they tell it from.'),
	expirySeconds: z
		.number()
		.min(3)
		.default(30)
		.describe('One that was not heard of for so long leaves; it tells of itself three times as often.'),
	caFile: optionalText.describe('Authority (PEM) that https workers are checked against; null: the system trusts.'),
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

const effortSchema = section({
	none: z.number().min(0).max(1).default(0).describe('Share for reasoning_effort none.'),
	minimal: z.number().min(0).max(1).default(0.1).describe('Share for reasoning_effort minimal.'),
	low: z.number().min(0).max(1).default(0.25).describe('Share for reasoning_effort low.'),
	medium: z.number().min(0).max(1).default(0.5).describe('Share for reasoning_effort medium.'),
	high: z.number().min(0).max(1).default(0.8).describe('Share for reasoning_effort high.'),
	xhigh: z.number().min(0).max(1).default(0.95).describe('Share for reasoning_effort xhigh.'),
	max: z.number().min(0).max(1).default(1).describe('Share for reasoning_effort max.'),
});

const reasoningSchema = section({
	field: reasoningFieldSchema
		.default('reasoning_content')
		.describe('Where clients find the thought, unless key or request say otherwise.'),
	effort: effortSchema.describe('Share of the tokens that a request leaves for thinking, by effort.'),
	defaultMaxTokens: z
		.int()
		.nonnegative()
		.nullable()
		.default(null)
		.describe('Thinking budget of a request that names none; null leaves all but the reserve.'),
	maxTokens: z.int().nonnegative().nullable().default(null).describe('Ceiling of any thinking budget.'),
	answerReserveTokens: z
		.int()
		.positive()
		.default(1024)
		.describe('Kept for the answer: the smaller of this and half of max_tokens.'),
	graceShare: z
		.number()
		.min(0)
		.max(1)
		.default(0.1)
		.describe('Share of the budget within which the thought may still end its sentence.'),
	closing: z
		.string()
		.default('\n\nTime to answer.\n')
		.describe('Put at the end of a thought that was closed for it; a model may have words of its own.'),
	closesOnLoop: z.boolean().default(true).describe('Close a thought that repeats itself.'),
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
