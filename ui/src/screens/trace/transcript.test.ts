import { expect, test } from 'vitest';

import { mergeConversation, type Message } from './transcript';

const says = (role: string, content: string) => ({ role, name: null, parts: [{ type: 'text', content }] }) as unknown as Message;
const call = (id: string, type: string, start: number, end: number | null, input: Message[], output: Message[]) => ({ row: { id, type, offset_ms: start, duration_ms: end === null ? null : end - start }, messages: { input, output } });
const texts = (said: ReturnType<typeof mergeConversation>) => said.map(({ span, message }) => `${span}: ${String((message.parts[0] as { content: unknown }).content)}`);

const question = says('user', 'why?');
const first = says('assistant', 'I look it up');
const found = says('tool', 'because');
const answer = says('assistant', 'because it is so');
const agent = call('agent', 'AGENT', 5, 100, [question], [answer]);
const one = call('one', 'LLM', 10, 20, [question], [first]);
const two = call('two', 'LLM', 30, 40, [question, first, found], [answer]);

test('what is repeated stands once, and an agent answers after its calls', () => {
  expect(texts(mergeConversation([two, agent, one]))).toEqual(['agent: why?', 'one: I look it up', 'two: because', 'two: because it is so']);
  const silent = { ...two, messages: { input: two.messages.input, output: [] } };
  expect(texts(mergeConversation([agent, one, silent])).at(-1)).toBe('agent: because it is so');
});

test('thinking does not make a message another one', () => {
  const thought = { ...first, parts: [{ type: 'reasoning', content: 'hm' }, ...first.parts] };
  const texts = mergeConversation([{ ...one, messages: { input: [question], output: [thought] } }, two]).map(({ message }) => message.parts.length);
  expect(texts).toEqual([1, 2, 1, 1]);
});

test('what is said after calls that are not loaded waits for them', () => {
  expect(texts(mergeConversation([agent, one], 30))).toEqual(['agent: why?', 'one: I look it up']);
  expect(texts(mergeConversation([{ ...agent, row: { ...agent.row, duration_ms: null } }, one], 30))).toEqual(['agent: why?', 'one: I look it up']);
});

test('history that is repeated is not said again, but the same words in one call are', () => {
  const [hi, yes] = [says('user', 'hi'), says('assistant', 'yes')];
  const later = call('2', 'LLM', 100, 101, [hi, yes, hi], [says('assistant', 'again')]);
  expect(texts(mergeConversation([later, call('1', 'LLM', 99, 100, [hi], [yes])]))).toEqual(['1: hi', '1: yes', '2: hi', '2: again']);
});
