import { z } from 'zod';
import { section } from './section.ts';

/** Of the workers that this server has. */
export const workersSchema = section({
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

/** Of `retort worker`, which is one itself. */
export const workerSchema = section({
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

export const announcementsSchema = section({
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
