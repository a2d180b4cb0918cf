// Whether the time that a wrong key takes tells how much of it is right: npm run check:key-timing -- [pairs].
// Keys that are right but for their last character against keys that are wrong from the first one, in turn; Mann-Whitney U.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { createKeyRing } from '../../src/gateway/key-ring.ts';
import { quantile } from './quantile.ts';

const pairs = Number(process.argv[2] ?? 20_000);
const keys = Array.from({ length: 20 }, () => `sk-${randomBytes(24).toString('hex')}`);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const ring = createKeyRing(keys.map((key, index) => ({ id: `key-${index}`, sha256: sha256(key), admin: false })));
const digit = () => randomBytes(1).toString('hex').charAt(0);
/** Strings made in one way, new ones each time: what is measured is not the place of one string in memory. */
const wrongAtTheEnd = (key: string) => `${key.slice(0, -1)}${digit()}x`;
const nearly = () => wrongAtTheEnd(keys[randomInt(keys.length)] ?? '');
const nowhere = () => wrongAtTheEnd(`xx-${randomBytes(24).toString('hex')}`);

function nanoseconds(token: string): number {
	const started = process.hrtime.bigint();
	ring.find(token);
	return Number(process.hrtime.bigint() - started);
}

for (let warm = 0; warm < 5000; warm++) nanoseconds(warm % 2 === 0 ? nearly() : nowhere());
const near: number[] = [];
const far: number[] = [];
for (let pair = 0; pair < pairs; pair++) {
	// Who comes second finds warmer caches: they take turns at that too.
	const [first, second] = pair % 2 === 0 ? ([near, far] as const) : ([far, near] as const);
	first.push(nanoseconds(first === near ? nearly() : nowhere()));
	second.push(nanoseconds(second === near ? nearly() : nowhere()));
}

/** Standard normal deviate of the rank sum of the first. */
function deviate(one: readonly number[], other: readonly number[]): number {
	const all = [...one.map((value) => ({ value, isOne: true })), ...other.map((value) => ({ value, isOne: false }))];
	all.sort((left, right) => left.value - right.value);
	let rankSum = 0;
	for (let start = 0; start < all.length; ) {
		let end = start;
		while (end < all.length && all[end]?.value === all[start]?.value) end += 1;
		const rank = (start + 1 + end) / 2; // of equals: their mean
		for (let index = start; index < end; index += 1) if (all[index]?.isOne) rankSum += rank;
		start = end;
	}
	const mean = (one.length * (all.length + 1)) / 2;
	return (rankSum - mean) / Math.sqrt((one.length * other.length * (all.length + 1)) / 12);
}

const z = deviate(near, far);
console.log(
	`median ${quantile(near, 0.5)} ns for a key that is nearly right, ${quantile(far, 0.5)} ns for one that is not`,
);
console.log(`Mann-Whitney z ${z.toFixed(2)} over ${pairs} pairs; beyond 4 the two could be told apart`);
if (Math.abs(z) > 4) process.exitCode = 1;
