import { type ClientRow, formatCounts, formatTable, listNotes } from './table.ts';

/** CLIENTS.md, of a run of all clients against the embedded model. */
export function clientsDocument(rows: readonly ClientRow[], date: string): string {
	const bulleted = (lines: string[]) => lines.map((line) => `- ${line}`).join('\n');
	const failed = listNotes(rows, 'failed');
	return `# Clients

The clients that people use, each as its registry has it, against the built server with the embedded model.
${date}, written by \`npm run test:sdks -- --write\`, which installs them: ${formatCounts(rows)}.

${formatTable(rows)}

Each column is what a program of [scripts/test-sdks/clients](scripts/test-sdks/clients) does, its answers checked:

- whole, streamed: an answer with its usage; by the client's stream helper too where it has one.
- reasoning: the thought, whole and streamed, where the client itself shows it.
- tools: a call, its result sent back, the answer that uses it; the call streamed too.
- structured: a JSON schema through the client's own helper where it has one, and the right value in it; of LangChain
  deepseek, whose helper forces a call, the structure alone: what the call is filled with is the model's affair.
- responses: the Responses API.
- wrong key, unknown model, too long: what the client makes of the refusal, of class, status, code and message those
  that it tells.
- abort: the client leaves in mid-stream, and \`/metrics\` shows the slot free again.

– is what the client does not offer:

${bulleted(listNotes(rows, 'not offered'))}
${failed.length === 0 ? '' : `\nWhat failed:\n\n${bulleted(failed)}\n`}`;
}
