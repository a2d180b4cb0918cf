/** A model as memory sees it. */
export type Resident = {
	name: string;
	/** What it holds when it is loaded. */
	bytes: number;
	/** Loaded, on its way to it, or not gone yet. */
	isHeld: boolean;
	/** Something runs on it or waits for it: it stays. */
	isBusy: boolean;
	lastUsedMs: number;
	/** Unloaded after so long without a request; null never for that reason. */
	ttlMs: number | null;
};

export type LoadPlan =
	/** Unload these first, then load. */
	{ type: 'load'; evict: string[] } | { type: 'refuse'; neededBytes: number; budgetBytes: number; busyBytes: number };

/** Pure. What has to go so that `wanted` fits: the least recently used that are idle, and no more of them than needed. */
export function planLoad(models: readonly Resident[], wanted: string, budgetBytes: number | null): LoadPlan {
	const others = models.filter((model) => model.name !== wanted && model.isHeld);
	const neededBytes = models.find((model) => model.name === wanted)?.bytes ?? 0;
	if (budgetBytes === null) return { type: 'load', evict: [] };
	let heldBytes = sum(others);
	const idle = others.filter((model) => !model.isBusy && model.bytes > 0);
	idle.sort((one, other) => one.lastUsedMs - other.lastUsedMs);
	const evict: string[] = [];
	for (const model of idle) {
		if (heldBytes + neededBytes <= budgetBytes) break;
		evict.push(model.name);
		heldBytes -= model.bytes;
	}
	if (heldBytes + neededBytes <= budgetBytes) return { type: 'load', evict };
	return { type: 'refuse', neededBytes, budgetBytes, busyBytes: heldBytes };
}

/** Pure. The models whose time without a request is over. */
export function planUnload(models: readonly Resident[], nowMs: number): string[] {
	return models
		.filter(
			({ isHeld, isBusy, ttlMs, lastUsedMs }) => isHeld && !isBusy && ttlMs !== null && nowMs - lastUsedMs >= ttlMs,
		)
		.map(({ name }) => name);
}

function sum(models: readonly Resident[]): number {
	return models.reduce((total, { bytes }) => total + bytes, 0);
}
