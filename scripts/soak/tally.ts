import type { Ending } from './requests.ts';

/** What the run has seen so far. */
export class Tally {
	readonly endings: Record<string, number> = {};
	readonly faults: Record<string, number> = {};
	readonly violations: string[] = [];
	/** Requests under way, by kind and beginning. */
	readonly open = new Set<{ kind: string; sinceMs: number }>();

	ended(kind: string, ending: Ending): void {
		if (typeof ending === 'object') this.violations.push(`${kind}: ${ending.violation}`);
		add(this.endings, `${kind} ${typeof ending === 'object' ? 'VIOLATION' : ending}`);
	}

	inflicted(fault: string): void {
		add(this.faults, fault);
	}

	violated(what: unknown): void {
		this.violations.push(what instanceof Error ? what.message : String(what));
	}

	/** In seconds. */
	get oldestOpen(): number {
		const since = Math.min(performance.now(), ...[...this.open].map(({ sinceMs }) => sinceMs));
		return Math.round((performance.now() - since) / 1000);
	}
}

function add(counts: Record<string, number>, name: string): void {
	counts[name] = (counts[name] ?? 0) + 1;
}
