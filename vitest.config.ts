import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		globalSetup: [],
		// For a machine that is busy with other things: nothing waits so long by itself.
		testTimeout: 120_000,
		hookTimeout: 120_000,
		// Two cores: more processes only take each other's time.
		maxWorkers: 2,
	},
});
