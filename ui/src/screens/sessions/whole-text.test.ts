import { expect, test } from 'vitest';

import type { Schemas } from '@/api/client';

import { isCut, wholeText } from './whole-text';

const long = `${'ü'.repeat(1500)} the end`;
const preview = `${'ü'.repeat(997)}...`;
const said = (role: string, ...content: string[]) => ({ role, parts: content.map((text) => ({ type: 'text', content: text })) });
const span = (part: Partial<Schemas['SpanView']>) => ({ inputs: null, outputs: null, messages: { input: [], output: [] }, ...part });

test('a preview was cut when it has all letters it may have, and dots', () => {
  expect([isCut(preview), isCut('short...'), isCut('ü'.repeat(1000)), isCut(null)]).toEqual([true, false, false, false]);
});

test('the whole text is found in messages, values and JSON', () => {
  expect(wholeText(preview, 'output', [span({}), span({ messages: { input: [said('user', `${long}?`)], output: [said('assistant', 'first'), said('assistant', long)] } })])).toBe(long);
  expect(wholeText(preview, 'input', [span({ inputs: { question: { text: long } } })])).toBe(long);
  const inputs = { a: 'x'.repeat(2000) };
  expect(wholeText(`${JSON.stringify(inputs).slice(0, 997)}...`, 'input', [span({ inputs })])).toBe(JSON.stringify(inputs));
  expect(wholeText(preview, 'input', [span({ inputs: 'something else' })])).toBeNull();
});
