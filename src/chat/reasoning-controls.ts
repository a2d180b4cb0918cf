import { invalidRequest, type RetortError } from '../errors.ts';
import type { Effort, ReasoningField } from '../protocol/chat-reasoning.ts';
import type { ChatRequest } from '../protocol/chat-request.ts';

/** What a request says about its thought, whichever dialect it speaks. Absent means that it says nothing. */
export type ReasoningControls = {
	thinking: boolean | undefined;
	budgetTokens: number | undefined;
	effort: Exclude<Effort, 'none'> | undefined;
	maxMs: number | undefined;
	field: ReasoningField | undefined;
};

/** One spelling of one intent. */
type Statement<Value> = { param: string; value: Value };

/**
 * The one place that knows the dialects. Two spellings that disagree are a 400 that names both; a budget and an effort
 * do not disagree, the smaller of the two binds.
 */
export function readReasoningControls(request: ChatRequest): ReasoningControls {
	const budgets = readBudgets(request);
	const efforts = readEfforts(request);
	const switches: Statement<boolean>[] = [
		...statements([['reasoning.enabled', request.reasoning?.enabled]]),
		...statements([['thinking.type', request.thinking?.type && request.thinking.type !== 'disabled']]),
		...statements([['think', request.think === undefined ? undefined : request.think !== false]]),
		...statements([['chat_template_kwargs.enable_thinking', request.chat_template_kwargs?.enable_thinking]]),
		...efforts.map(({ param, value }) => ({ param, value: value !== 'none' })),
		...budgets.map(({ param, value }) => ({ param, value: value > 0 })),
	];
	const effort = agreed(efforts);
	if (request.reasoning?.samples !== undefined && (request.n ?? 1) > 1) {
		throw invalidRequest('reasoning.samples', null, "'reasoning.samples' and 'n' exclude each other.");
	}
	return {
		thinking: agreed(switches),
		budgetTokens: agreed(budgets),
		effort: effort === 'none' ? undefined : effort,
		maxMs: request.max_thinking_ms,
		field: readField(request),
	};
}

function readBudgets(request: ChatRequest): Statement<number>[] {
	return statements<number>([
		['reasoning.max_tokens', request.reasoning?.max_tokens],
		['thinking.budget_tokens', request.thinking?.budget_tokens],
		['thinking_token_budget', request.thinking_token_budget],
		['thinking_budget_tokens', request.thinking_budget_tokens],
		['reasoning_budget_tokens', request.reasoning_budget_tokens],
		['max_thinking_tokens', request.max_thinking_tokens],
	]);
}

function readEfforts(request: ChatRequest): Statement<Effort>[] {
	return statements<Effort>([
		['reasoning_effort', request.reasoning_effort],
		['reasoning.effort', request.reasoning?.effort],
		['think', typeof request.think === 'string' ? request.think : undefined],
	]);
}

function readField(request: ChatRequest): ReasoningField | undefined {
	const said = statements<ReasoningField>([
		['reasoning_field', request.reasoning_field],
		['include_reasoning', request.include_reasoning === false ? 'hidden' : undefined],
		['reasoning.exclude', request.reasoning?.exclude === true ? 'hidden' : undefined],
		['separate_reasoning', request.separate_reasoning === false ? 'tags' : undefined],
		['reasoning_format', request.reasoning_format && FIELD_OF_FORMAT[request.reasoning_format]],
	]);
	const field = agreed(said);
	// The positive forms of the switches name no field: they only rule one out.
	const ruledOut = statements<ReasoningField>([
		['include_reasoning', request.include_reasoning === true ? 'hidden' : undefined],
		['reasoning.exclude', request.reasoning?.exclude === false ? 'hidden' : undefined],
		['separate_reasoning', request.separate_reasoning === true ? 'tags' : undefined],
	]);
	const [first] = said;
	const against = ruledOut.find(({ value }) => value === field);
	if (first !== undefined && against !== undefined) throw disagreement(against.param, first.param);
	return field;
}

const FIELD_OF_FORMAT: Record<NonNullable<ChatRequest['reasoning_format']>, ReasoningField | undefined> = {
	none: 'tags',
	raw: 'tags',
	deepseek: 'reasoning_content',
	parsed: 'reasoning',
	hidden: 'hidden',
	auto: undefined,
};

function statements<Value>(pairs: [param: string, value: Value | undefined][]): Statement<Value>[] {
	return pairs.flatMap(([param, value]) => (value === undefined ? [] : [{ param, value }]));
}

function agreed<Value>(said: Statement<Value>[]): Value | undefined {
	const [first, ...others] = said;
	const other = others.find(({ value }) => value !== first?.value);
	if (first !== undefined && other !== undefined) throw disagreement(other.param, first.param);
	return first?.value;
}

function disagreement(param: string, other: string): RetortError {
	return invalidRequest(param, 'invalid_value', `'${param}' and '${other}' disagree about the reasoning.`);
}
