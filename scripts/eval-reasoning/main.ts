import { parseArgs } from 'node:util';
import { readProblems, takePerFamily } from '../eval-pocket/problem.ts';
import { evaluateBudgets } from './budgets.ts';
import { evaluateEndReasoning } from './end-reasoning.ts';
import { startHarness } from './harness.ts';
import { evaluateQuality } from './quality.ts';
import { evaluateSeparation } from './separation.ts';

const usage = `npm run eval:reasoning -- [options]
  --sections A,B     of budgets, quality, separation, end (all)
  --per-family N     held-out problems of every family (5; quality takes four times as many)
  --families A,B     (add,subtract,multiply,compare,letters,words,series,sort)
  --concurrency N    requests at once (8)
  --problems FILE    (models/pocket-reasoner/eval/problems.jsonl)
  --dist FOLDER      the build whose worker is run (dist)`;

const { values } = parseArgs({
	options: {
		help: { type: 'boolean', default: false },
		sections: { type: 'string', default: 'budgets,quality,separation,end' },
		'per-family': { type: 'string', default: '5' },
		families: { type: 'string', default: 'add,subtract,multiply,compare,letters,words,series,sort' },
		concurrency: { type: 'string', default: '8' },
		problems: { type: 'string', default: 'models/pocket-reasoner/eval/problems.jsonl' },
		dist: { type: 'string', default: 'dist' },
	},
});

async function main(): Promise<void> {
	const sections = values.sections.split(',');
	const count = Number(values['per-family']);
	const concurrency = Number(values.concurrency);
	const all = readProblems(values.problems).filter(({ answer }) => answer !== undefined);
	const few = takePerFamily(all, count, values.families.split(','));
	const many = takePerFamily(all, 4 * count, values.families.split(','));
	const harness = await startHarness({ dist: values.dist, slots: concurrency });
	try {
		if (sections.includes('budgets')) await evaluateBudgets(harness, few, concurrency);
		if (sections.includes('separation')) await evaluateSeparation(harness, few, concurrency);
		if (sections.includes('end')) await evaluateEndReasoning(harness, few);
		if (sections.includes('quality')) await evaluateQuality(harness, many, concurrency);
	} finally {
		await harness.close();
	}
}

if (values.help) console.log(usage);
else await main();
