/**
 * What operators and their tools ask of a gateway, behind an admin key:
 *
 *   GET  /admin/pool                          -> PoolReport
 *   POST /admin/drain, /undrain, /restart     WorkerRequest -> WorkerReport, as the worker then is
 *   POST /admin/revoke-key, /restore-key      KeyRequest -> KeyReport
 *
 * A restart is over when `launches` has grown and `state` is `ready`.
 */
import { z } from 'zod';

export const workerReportSchema = z.object({
	id: z.string(),
	model: z.string(),
	state: z
		.string()
		.describe(
			'idle, loading, probing, ready, probation, draining, ending, backing-off, circuit-open, refused or stopped.',
		),
	drained: z.boolean().describe("It gets no new work, by an operator's wish."),
	slots: z.int(),
	busy_slots: z.int(),
	tokens_per_second: z.number().nullable().describe('Of one stream, of late; null until measured.'),
	prompt_tokens_per_second: z.number().nullable(),
	cached_share: z
		.number()
		.nullable()
		.describe('Of all its prompt tokens, those that were in its cache; null before the first.'),
	completion_tokens: z.int(),
	restarts: z.int(),
	launches: z.int(),
	pid: z.int().nullable(),
	resident_bytes: z.int(),
	version: z
		.string()
		.nullable()
		.describe('Of retort and llama.cpp, as the worker says them; null until it has loaded.'),
	engine: z.string().nullable(),
	trouble: z.string().nullable().describe('Why it does not serve, in words; null while it does.'),
});
export type WorkerReport = z.infer<typeof workerReportSchema>;

export const poolReportSchema = z.object({
	version: z.string().describe('Of the gateway.'),
	queue_length: z.int(),
	models: z.array(z.object({ id: z.string(), aliases: z.array(z.string()), state: z.string() })),
	workers: z.array(workerReportSchema),
});
export type PoolReport = z.infer<typeof poolReportSchema>;

export const workerRequestSchema = z.strictObject({
	worker: z.string().min(1).max(1024).describe('Its `id` in `GET /admin/pool`.'),
});

/** The id of a key, as in the configuration; never the key. */
export const keyRequestSchema = z.strictObject({ key: z.string().min(1).max(64) });
/** `shared`: the other gateways hear of it. Otherwise it holds for this process, until it ends. */
export const keyReportSchema = z.object({ key: z.string(), revoked: z.boolean(), shared: z.boolean() });
export type KeyReport = z.infer<typeof keyReportSchema>;
