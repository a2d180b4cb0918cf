type LogLine = (fields: Record<string, unknown>, message: string) => void;

/** What the pool needs of a logger; pino's is one. */
export type PoolLog = { debug: LogLine; info: LogLine; warn: LogLine; error: LogLine };
