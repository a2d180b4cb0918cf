import type { ChatTemplate } from '../chat/template/template.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';

export type BannerModel = {
	name: string;
	aliases: string[];
	info: WorkerInfo;
	workers: number;
	/** null where the template could not be used. */
	reasoning: ChatTemplate['traits']['reasoning'] | null;
};

export type BannerFacts = {
	version: string;
	url: string;
	models: BannerModel[];
	keyCount: number;
	isLoopback: boolean;
};

const REASONING_WORDS = { always: 'always reasons', optional: 'reasons when asked', never: 'does not reason' } as const;

/** What a person wants to know once the server is ready; the last line can be pasted into a shell. */
export function formatBanner({ version, url, models, keyCount, isLoopback }: BannerFacts): string {
	const inside = models[0]?.info.versions;
	const engine = inside ? `  (${describeEngine(inside)})` : '';
	const lines = ['', `retort ${version}${engine}`, '', `  ${url}/v1`];
	for (const model of models) lines.push(`  ${describeModel(model)}`);
	lines.push(`  ${describeAccess(keyCount, isLoopback)}`, '', 'Try it:', '');
	lines.push(curlLine(url, models[0]?.name ?? 'model', keyCount > 0), '');
	return lines.join('\n');
}

function describeModel({ name, aliases, info, workers, reasoning }: BannerModel): string {
	const names = [name, ...aliases].join(', ');
	const capacity = `${count(workers, 'worker')} x ${count(info.slots, 'slot')} x ${info.contextTokens} tokens`;
	const trait = reasoning === null ? 'its chat template cannot be used' : REASONING_WORDS[reasoning];
	// Not every engine tells its model's size and its threads.
	const { parameters } = info.model;
	const size = parameters === 0 ? [] : [`${describeSize(parameters)} parameters`];
	const threads = info.threads === 0 ? [] : [count(info.threads, 'thread')];
	return `${names}: ${[...size, capacity, ...threads, trait].join(', ')}`;
}

function describeEngine({ llamaCpp, backend }: WorkerInfo['versions']): string {
	return llamaCpp === '-' ? backend : `llama.cpp ${llamaCpp}, ${backend}`;
}

function describeSize(parameters: number): string {
	if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)}B`;
	return `${(parameters / 1e6).toFixed(1)}M`;
}

function describeAccess(keyCount: number, isLoopback: boolean): string {
	if (keyCount > 0) return `${count(keyCount, 'API key')} in force`;
	return isLoopback ? 'no API keys: open to this machine only' : 'NO API KEYS: OPEN TO THE NETWORK (--insecure)';
}

function count(amount: number, noun: string): string {
	return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function curlLine(url: string, model: string, needsKey: boolean): string {
	const body = { model, stream: true, messages: [{ role: 'user', content: 'What is 17+25?' }] };
	const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
	const key = needsKey ? ' -H "authorization: Bearer $RETORT_KEY"' : '';
	return `curl -N ${url}/v1/chat/completions -H 'content-type: application/json'${key} -d '${quoted}'`;
}
