import { expect, test } from 'vitest';
import { ModelTemplates } from '../../src/gateway/model-templates.ts';
import { fakeInfo } from '../support/fake-worker.ts';
import { R1_INFO } from './support/scripts.ts';

test('a template is prepared once a model, and anew when another model has taken its name', () => {
	const templates = new ModelTemplates();
	const first = templates.of('m', R1_INFO);
	expect(templates.of('m', { ...R1_INFO })).toBe(first);
	const other = { ...R1_INFO, model: { ...R1_INFO.model, fingerprint: 'other' } };
	expect(templates.of('m', other)).not.toBe(first);
	const another = { ...other, chatTemplate: `${other.chatTemplate} ` };
	expect(templates.of('m', another)).not.toBe(templates.of('m', other));
});

test('a template that cannot be used is an internal error that keeps its reasons to itself, each time', () => {
	const templates = new ModelTemplates();
	const info = fakeInfo({ chatTemplate: '{% for x in %}' });
	for (let round = 0; round < 2; round += 1) {
		expect(() => templates.of('m', info)).toThrowError(
			expect.objectContaining({ status: 500, code: 'internal_error', message: expect.not.stringContaining('for x') }),
		);
	}
});
