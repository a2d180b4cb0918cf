import { poolReportSchema } from '../../src/protocol/admin-api.ts';

export const FAULTS = ['kill', 'stop', 'restart', 'drain'] as const;
export type Fault = (typeof FAULTS)[number];

export async function poolOf(url: string) {
	return poolReportSchema.parse(await (await fetch(`${url}/admin/pool`)).json());
}

/** Does it to one worker of the running server, chosen by `random`. False when there was none to do it to. */
export async function inflict(url: string, fault: Fault, random: () => number): Promise<boolean> {
	const { workers } = await poolOf(url);
	const ready = workers.filter(({ state, drained }) => state === 'ready' && !drained);
	const victim = ready[Math.floor(random() * ready.length)];
	if (victim === undefined || victim.pid === null) return false;
	switch (fault) {
		case 'kill':
			process.kill(victim.pid, 'SIGKILL');
			return true;
		case 'stop':
			process.kill(victim.pid, 'SIGSTOP');
			return true;
		case 'restart':
			await operate(url, 'restart', victim.id);
			return true;
		case 'drain':
			// The last one that serves stays.
			if (ready.length < 2) return false;
			await operate(url, 'drain', victim.id);
			setTimeout(() => void operate(url, 'undrain', victim.id).catch(() => {}), 3000);
			return true;
	}
}

async function operate(url: string, verb: string, worker: string): Promise<void> {
	await fetch(`${url}/admin/${verb}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ worker }),
	});
}
