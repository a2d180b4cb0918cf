import type { GatewayOptions } from './start-gateway.ts';

/** For parseArgs. */
export const gatewayFlags = {
	main: { type: 'string', default: 'dist/main.js' }, // another build, to lay beside this one
	// Before it, with spaces between: as it is started by npm start; --node-flags=--cpu-prof profiles it.
	'node-flags': {
		type: 'string',
		default: '--min-semi-space-size=32 --max-semi-space-size=32 --heap-growing-percent=20',
	},
	port: { type: 'string', default: '0' },
	gateways: { type: 'string', default: '1' },
	workers: { type: 'string', default: '1' },
	slots: { type: 'string', default: '2048' },
	'tokens-per-second': { type: 'string', default: '10' },
} as const;

export function gatewayOptions(values: Record<keyof typeof gatewayFlags, string>): GatewayOptions {
	return {
		main: values.main,
		nodeFlags: values['node-flags'].split(' ').filter((flag) => flag !== ''),
		port: Number(values.port),
		gateways: Number(values.gateways),
		workers: Number(values.workers),
		slots: Number(values.slots),
		tokensPerSecond: Number(values['tokens-per-second']),
	};
}
