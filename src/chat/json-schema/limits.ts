/** What one schema may cost: beyond any of these it is refused, so that no request can stall a worker. */
export const LIMITS = {
	/** Of the schema as compact JSON. */
	bytes: 32_768,
	/** Levels of nesting of the schema's own JSON. */
	depth: 64,
	/** Declared properties in all. */
	properties: 256,
	/** Enum values in all. */
	enumValues: 500,
	/** Of lengths and item counts. llama.cpp refuses, or quietly drops, bounds past 2,000; longer ones are built of blocks. */
	repetitions: 100_000,
	rules: 8_000,
	/** Of the finished grammar. */
	characters: 600_000,
	/** Alternatives that one place of the schema multiplies out to. */
	alternatives: 128,
	/** Schema locations looked at, repetitions by $ref included. */
	expansions: 20_000,
	/** States of one pattern's automaton, its length bounds multiplied in. */
	automatonStates: 1_500,
	/** Elementary steps of building automata, for a whole schema. */
	automatonSteps: 2_000_000,
	/** Of multipleOf: one state per remainder and digit. */
	multipleOf: 500,
} as const;
