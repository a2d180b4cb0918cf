import { onTestFinished } from 'vitest';
import { type FakeWorker, type FakeWorkerOptions, startFakeWorker } from './fake-worker.ts';

/** A fake worker that is closed with the test. */
export async function startFake(options: FakeWorkerOptions = {}): Promise<FakeWorker> {
	const fake = await startFakeWorker(options);
	onTestFinished(() => fake.close());
	return fake;
}
