import type { Random } from './random.ts';

/**
 * Common words. Prompts are drawn from them at random, so that no two share more than the template's prefix and a
 * server's prefix cache gains nothing that the workload does not mean it to gain.
 */
const WORDS =
	'time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city name team minute idea body information back parent face others level office door health person art war history party result change morning reason research girl guy moment air teacher force education foot boy age policy music market sense road field river table garden window paper letter light winter summer green small large early young important public able human local sure clear white free open short simple strong dark red blue hard best better left long next old high low great big new good first last own other same'.split(
		' ',
	);

export function randomWords(random: Random, count: number): string[] {
	return Array.from({ length: count }, () => WORDS[Math.floor(random() * WORDS.length)] ?? 'time');
}

/** The same words from another start: as long, but no common prefix with the first. */
export function rotateWords(text: string, by: number): string {
	const words = text.split(' ');
	const start = words.length === 0 ? 0 : by % words.length;
	return [...words.slice(start), ...words.slice(0, start)].join(' ');
}
