import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		globalSetup: [],
		testTimeout: 30_000,
		hookTimeout: 60_000,
		// Two cores: more processes only take each other's time.
		maxWorkers: 2,
	},
});
