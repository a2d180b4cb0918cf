/** How a worker's last generations went, newest last; true for one that it broke. */
export type OutlierState = readonly boolean[];

const WINDOW = 20;
const FAILED_SHARE = 0.3;
const FAILED_IN_A_ROW = 5;

/**
 * Whether a worker that lives and answers breaks too much of what it is given: five in a row, or three in ten of the last
 * twenty. Pure; start with [], and anew after a verdict.
 */
export function watchOutlier(state: OutlierState, hasFailed: boolean): { state: OutlierState; isOutlier: boolean } {
	const recent = [...state, hasFailed].slice(-WINDOW);
	const lastSuccess = recent.lastIndexOf(false);
	const inARow = recent.length - 1 - lastSuccess;
	const failed = recent.filter(Boolean).length;
	const isOutlier = inARow >= FAILED_IN_A_ROW || (recent.length === WINDOW && failed >= FAILED_SHARE * WINDOW);
	return { state: recent, isOutlier };
}
