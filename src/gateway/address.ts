import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';

/** The client's address as limits count it: an IPv6 client owns its whole /64, so that is one address. */
export function addressOf(request: FastifyRequest): string {
	return normalizeIP(request.ip, 64);
}
