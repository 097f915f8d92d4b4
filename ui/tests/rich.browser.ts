/** What a span can hold: messages of every kind, documents, failures, links; and traces that run or are very long. */

import { expect, test } from 'vitest';

import { sendTrace, type SpanSent } from './support/otlp';
import { sendRichTrace } from './support/rich';
import { browser, experimentNamed, server, setUp } from './support/set-up';

setUp();

const span = () => browser.page.getByRole('region', { name: 'Span', exact: true });
const choose = (name: RegExp, place = 0) => browser.page.getByRole('treeitem', { name }).nth(place).click();
const nothing = () => expect(browser.complaints()).toEqual([]);

test('documents are cards, and a link leads to the trace it is of', async () => {
  const { page } = browser;
  const linked = await server.send({ experiment: 'rich', name: 'earlier', input: 'before' });
  const id = await sendRichTrace(server, 'rich', linked);
  await page.goto(`${server.url}/traces/${id}`);
  await choose(/find_documents/);
  const documents = span().getByRole('article', { name: /^Document \d/ });
  await documents.nth(1).waitFor();
  expect(await documents.first().innerText()).toMatch(/policy-7\s+score 0\.912/);
  expect(await documents.first().locator('strong').innerText()).toBe('within two days');
  await browser.assertAccessible('rich-documents');
  await span().getByRole('link', { name: new RegExp(linked.slice(0, 12)) }).click();
  await page.waitForURL(`**/traces/${linked}*`);
  nothing();
});

test('pictures, sound, thinking and calls of tools are shown as what they are', async () => {
  const { page } = browser;
  await page.goBack();
  await choose(/chat #1/);
  await expect.poll(() => span().getByRole('img', { name: 'In this message' }).evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(1);
  expect(await span().locator('audio').evaluate((sound) => (sound as HTMLAudioElement).src.slice(0, 22))).toBe('data:audio/wav;base64,');
  await span().getByText('Thinking').click();
  await span().getByText('The picture shows the number A-1093.', { exact: true }).waitFor();
  expect(await span().getByText('Calls lookup_order').count()).toBe(1);
  await browser.assertAccessible('rich-chat');
  await page.getByRole('tab', { name: 'Transcript' }).click();
  const said = page.getByRole('list', { name: 'Conversation' }).getByRole('listitem');
  await said.nth(4).waitFor();
  // The system's words and the question once, thinking with the call, its result, and the answer last.
  expect((await said.allInnerTexts()).map((words) => words.split('\n')[0])).toEqual(['user', 'system', 'assistant', 'tool', 'assistant']);
  expect(await said.last().innerText()).toContain('It was sent on Monday');
  await browser.assertAccessible('rich-transcript');
  nothing();
});

test('a failure says where it was, and repeated calls are told apart', async () => {
  const { page } = browser;
  await page.getByRole('tab', { name: 'Details & Timeline' }).click();
  expect(await page.getByRole('treeitem', { name: /lookup_order/ }).allInnerTexts()).toEqual([expect.stringContaining('#1'), expect.stringContaining('#2')]);
  await choose(/lookup_order/);
  await span().getByText('File "/srv/app/orders.py", line 42, in lookup').waitFor();
  await browser.assertAccessible('rich-failure');
  nothing();
});

test('a running trace fills in by itself, and so does the span that is looked at', async () => {
  const { page } = browser;
  const root = { id: 0, name: 'long job', from: 0, attributes: { 'mlflow.spanType': 'AGENT', 'mlflow.spanInputs': 'begin' } };
  const id = await sendTrace(server, 'running', 901, [root], 5000);
  await page.goto(`${server.url}/traces/${id}`);
  await page.getByRole('treeitem', { name: /running/ }).waitFor();
  await browser.assertAccessible('trace-running');
  await sendTrace(server, 'running', 901, [{ id: 1, parent: 0, name: 'first step', from: 100, to: 600 }], 5000);
  await page.getByRole('treeitem', { name: /first step/ }).waitFor();
  await sendTrace(server, 'running', 901, [{ ...root, to: 4000, attributes: { ...root.attributes, 'mlflow.spanOutputs': 'it is done' } }], 5000);
  await span().getByText('it is done').first().waitFor();
  await page.getByRole('treeitem', { name: /4\.00s/ }).waitFor();
  nothing();
});

test('a conversation of very many calls goes on as it is read, to its end', async () => {
  const { page } = browser;
  const calls = Array.from({ length: 450 }, (_, at): SpanSent => ({
    id: at + 1, parent: 0, name: 'chat', from: at * 10, to: at * 10 + 9,
    attributes: { 'mlflow.spanType': 'LLM', 'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: `question ${at}` }] }], 'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'text', content: `answer ${at}` }] }] },
  }));
  const id = await sendTrace(server, 'talks', 902, [{ id: 0, name: 'talk', from: 0, to: 5000 }, ...calls]);
  await page.goto(`${server.url}/experiments/${await experimentNamed('talks')}/traces/${id}?tab=transcript`);
  await page.getByText('answer 0', { exact: true }).waitFor();
  const said = page.getByRole('list', { name: 'Conversation' }).getByRole('listitem');
  expect(await said.count()).toBeLessThan(900);
  const panel = page.getByRole('tabpanel', { name: 'Transcript' });
  await expect.poll(async () => {
    await panel.evaluate((box) => { box.scrollTop = box.scrollHeight; });
    return said.count();
  }).toBe(900);
  await page.getByText('answer 449', { exact: true }).waitFor();
  nothing();
});

test('two traces of 32,000 spans are compared, and only what is looked at is loaded', async () => {
  const { page } = browser;
  const COUNT = 32_000;
  const made = (changed: number) => Array.from({ length: COUNT }, (_, at): SpanSent => ({
    id: at, ...(at === 0 ? {} : { parent: at % 100 === 1 ? 0 : at - ((at - 1) % 100) }),
    name: `step ${at % 7}`, from: at, to: at === 0 ? COUNT : at + 1, attributes: { 'mlflow.spanInputs': at === changed ? 'another one' : `input ${at}` },
  }));
  const last = COUNT - 1;
  const [a, b] = [await sendTrace(server, 'large', 903, made(-1)), await sendTrace(server, 'large', 904, made(last))];
  const asked: number[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/spans')) asked.push((request.postDataJSON() as { spans: string[] }).spans.length);
  });
  const began = Date.now();
  await page.goto(`${server.url}/experiments/${await experimentNamed('large')}/compare?a=${a}&b=${b}`);
  const spans = page.getByRole('region', { name: 'Matched spans' });
  await spans.getByRole('button').first().waitFor();
  console.log(`two traces of ${COUNT} spans: there after ${Date.now() - began} ms`);
  await page.getByLabel('Inputs of both').getByText('input 0').waitFor();
  await browser.assertAccessible('compare-large');
  await spans.evaluate((box) => { box.scrollTop = box.scrollHeight; });
  const differing = spans.getByRole('button').last();
  await differing.getByText('inputs').waitFor();
  await differing.click();
  await page.getByLabel('Inputs of B').getByText('another').waitFor();
  expect(await page.getByLabel('Inputs of A').innerText()).toBe(`input ${last}`);
  expect(Math.max(...asked)).toBeLessThanOrEqual(100);
  expect(asked.reduce((sum, count) => sum + count, 0)).toBeLessThan(2000);
  nothing();
});
