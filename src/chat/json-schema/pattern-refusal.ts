/** What of ECMA-262's syntax is not read here, in words for the client. */
export class PatternRefusal {
	readonly why: string;
	constructor(why: string) {
		this.why = why;
	}
}
