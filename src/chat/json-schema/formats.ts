import { parsePattern } from './parse-pattern.ts';
import type { Language } from './pattern-syntax.ts';

const LEAP = '(?:\\d\\d[2468][048]|\\d\\d[13579][26]|\\d\\d0[48]|[02468][048]00|[13579][26]00)-02-29';
const COMMON =
	'\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
const DATE = `(?:${LEAP}|${COMMON})`;
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)';
const HEX = '[0-9a-fA-F]';
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]\\d|\\d)';
const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4})';
const PATH_CHARACTER = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const URI = `https?://(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\\.[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::${PORT})?(?:/${PATH_CHARACTER}*)*(?:\\?(?:${PATH_CHARACTER}|[/?])*)?(?:#(?:${PATH_CHARACTER}|[/?])*)?`;

const DAYS = '\\d{1,9}D';
const CLOCK = 'T(?:\\d{1,9}H(?:\\d{1,9}M(?:\\d{1,9}S)?)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S)';
const MONTHS = `\\d{1,9}M(?:${DAYS})?`;
const CALENDAR = `(?:\\d{1,9}Y(?:${MONTHS})?|${MONTHS}|${DAYS})`;

/** Each a part of what the format allows, never more: RFC 3339, 4122, 5321, 3986, 8601. */
const SOURCES: Record<string, string> = {
	date: DATE,
	time: TIME,
	'date-time': `${DATE}T${TIME}`,
	duration: `P(?:\\d{1,9}W|${CALENDAR}(?:${CLOCK})?|${CLOCK})`,
	uuid: `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`,
	uuid4: `${HEX}{8}-${HEX}{4}-4${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`,
	email: `[A-Za-z0-9_+-]+(?:\\.[A-Za-z0-9_+-]+)*@(?:${LABEL}\\.)+[A-Za-z]{2,24}`,
	hostname: '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,2}',
	uri: URI,
	ipv4: `${OCTET}(?:\\.${OCTET}){3}`,
	ipv6: `(?:${HEX}{1,4}:){7}${HEX}{1,4}`,
};
/** They tell a form how to show a field, and say nothing of its text. */
const WITHOUT_MEANING = new Set([
	'password',
	'binary',
	'path',
	'file-path',
	'directory-path',
	// What zod 4 calls its checks; what they check is in patterns beside them.
	'starts_with',
	'ends_with',
	'includes',
	'regex',
	'lowercase',
	'uppercase',
]);

/** Parsed once: as many as there are formats. */
const languages = new Map<string, Language>();

/** What a format's strings are; 'any' where it restricts none, null where it is unknown here. */
export function formatLanguage(name: string): Language | 'any' | null {
	if (WITHOUT_MEANING.has(name)) return 'any';
	const known = languages.get(name);
	if (known !== undefined) return known;
	const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
	if (source === undefined) return null;
	const language = parsePattern(`^(?:${source})$`);
	languages.set(name, language);
	return language;
}

/** zod's own patterns that are beyond parsePattern, and the format that is a part of each. Source: zod 4, regexes.ts. */
const FORMAT_OF_PATTERN: Record<string, string> = {
	'^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?)$':
		'duration',
	'^(?=.{1,253}\\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\\.?$':
		'hostname',
};

/** Throws PatternRefusal. */
export function patternLanguage(source: string): Language {
	const format = Object.hasOwn(FORMAT_OF_PATTERN, source) ? FORMAT_OF_PATTERN[source] : undefined;
	const language = format === undefined ? null : formatLanguage(format);
	return language === null || language === 'any' ? parsePattern(source) : language;
}
