import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { clientLeft } from './errors.ts';

/** The client's address as limits count it: an IPv6 client owns its whole /64, so that is one address. */
export function addressOf(request: FastifyRequest): string {
	return normalizeIP(ipOf(request), 64);
}

/** Throws `client_closed_request` where the client is gone: its socket has no address then, whatever fastify's type says. */
export function ipOf(request: FastifyRequest): string {
	const ip: string | undefined = request.ip;
	if (ip === undefined) throw clientLeft();
	return ip;
}
