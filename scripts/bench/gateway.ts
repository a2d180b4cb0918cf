/**
 * retort in front of scripted workers, for the workloads `gateway` and `whole`: what is measured is the gateway's own
 * overhead. Prints its URL and that of a worker without the gateway, then a line of JSON a second: CPU, memory, garbage
 * collection and the delay of the event loop, of all gateway processes.
 */
import { parseArgs } from 'node:util';
import { gatewayFlags, gatewayOptions } from './gateway-flags.ts';
import { startGateway } from './start-gateway.ts';

const { values } = parseArgs({ options: gatewayFlags });
const gateway = await startGateway(gatewayOptions(values));
console.log(`the gateway: ${gateway.url}`);
console.log(`a worker without it: ${gateway.directUrl}`);
setInterval(() => {
	const sample = gateway.sample();
	if (sample === null) return;
	const rounded = Object.entries(sample).map(([name, value]) => [name, Number(value.toFixed(2))]);
	console.log(JSON.stringify(Object.fromEntries(rounded)));
}, 1000);

const leave = () => void gateway.stop().then(() => process.exit(0));
process.once('SIGTERM', leave);
process.once('SIGINT', leave);
