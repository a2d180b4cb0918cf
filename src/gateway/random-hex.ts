import { randomUUID } from 'node:crypto';

/**
 * 24 hexadecimal digits, 90 bits of them random: ids of requests and completions. Node draws UUIDs from a stock of random
 * bytes, where `randomBytes` asks the kernel each time, at several times the cost.
 */
export function randomHex24(): string {
	return randomUUID().replaceAll('-', '').slice(0, 24);
}
