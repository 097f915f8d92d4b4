/** The screen of a trace, from the demonstration's to the largest and the most hostile. */

import { expect, test } from 'vitest';

import { sendLargeTrace } from './support/many';
import { sendTrace, type SpanSent } from './support/otlp';
import { browser, experimentNamed, server, setUp } from './support/set-up';

setUp();

interface Found {
  traces: { id: string; experiment: string; span_count: number }[];
}

const HOSTILE = '<script>window.hit = 1</script><img src=x onerror="window.hit=1"> \u001b[31mred\u202egnp.exe';

test('every span of an agent can be read, a tag edited and feedback given', async () => {
  await server.demo();
  const { experiments } = (await server.call('POST', '/api/v1/experiments/search', {})) as { experiments: { id: string }[] };
  const { traces } = (await server.call('POST', '/api/v1/traces/search', { experiments: experiments.map(({ id }) => id), limit: 100 })) as Found;
  const trace = traces.sort((a, b) => b.span_count - a.span_count)[0];
  if (!trace) throw new Error('the demonstration sent nothing');
  const { page } = browser;
  await page.goto(`${server.url}/experiments/${trace.experiment}/traces/${trace.id}?tab=details`);
  await page.getByRole('treeitem').first().waitFor();
  expect(await page.getByRole('treeitem').count()).toBe(trace.span_count);
  for (const item of await page.getByRole('treeitem').all()) {
    const name = await item.locator('bdi').innerText();
    const length = /[\d.]+m?s(?=\s|$)/.exec(await item.innerText())?.[0] ?? 'none';
    await item.click();
    await page.getByRole('heading', { level: 2, name }).waitFor();
    await page.getByRole('region', { name: 'Span', exact: true }).getByRole('definition').first().filter({ hasText: new RegExp(`^${length.replace('.', '\\.')}$`) }).waitFor();
  }
  await browser.assertAccessible('trace-details');
  await page.getByRole('button', { name: 'Edit tags' }).click();
  await page.getByLabel('Tag', { exact: true }).fill('reviewed');
  await page.getByLabel('Value', { exact: true }).fill('yes');
  await page.getByRole('button', { name: 'Set' }).click();
  await page.getByTitle('reviewed: yes').waitFor();
  await page.getByRole('button', { name: 'Remove tag reviewed' }).click();
  await page.getByTitle('reviewed: yes').waitFor({ state: 'detached' });
  await page.getByRole('tab', { name: 'Assessments' }).click();
  await page.getByRole('button', { name: 'Good answer' }).click();
  await page.getByRole('article', { name: 'user_feedback' }).waitFor();
  await browser.assertAccessible('trace-assessments');
  for (const tab of ['Summary', 'Transcript', 'Raw']) {
    await page.getByRole('tab', { name: tab }).click();
    await page.getByRole('button', { name: /^Copy/ }).nth(1).waitFor();
    await browser.assertAccessible(`trace-${tab.toLowerCase()}`);
  }
  expect(browser.complaints()).toEqual([]);
});

test('a part of the time is chosen by dragging, and pointing at a span shows its figures', async () => {
  const { page } = browser;
  const { traces } = (await server.call('POST', '/api/v1/traces/search', { experiments: [await experimentNamed('mortgage-agents')], limit: 1, filter: "span.name = 'supervisor' AND status = 'OK'" })) as Found;
  await page.goto(`${server.url}/traces/${traces[0]?.id ?? ''}`);
  const axis = page.getByRole('img', { name: 'Time axis' });
  await axis.waitFor();
  const marks = () => axis.innerText();
  const all = await marks();
  const { x, y, width } = (await axis.boundingBox()) ?? { x: 0, y: 0, width: 0 };
  const dragged = async (from: number, to: number, at: number) => {
    await page.mouse.move(x + width * from, at);
    await page.mouse.down();
    await page.mouse.move(x + width * to, at, { steps: 5 });
    await page.mouse.up();
  };
  const selected = () => page.getByRole('treeitem', { selected: true }).locator('bdi').innerText();
  const chosen = await selected();
  // Over the rows, the axis and the small picture alike; no row is chosen by it.
  await dragged(0.5, 0.9, y + 100);
  await expect.poll(marks).not.toBe(all);
  expect(await selected()).toBe(chosen);
  await page.getByRole('button', { name: 'Show all of the time (0)' }).click();
  await expect.poll(marks).toBe(all);
  await dragged(0.2, 0.4, y - 10);
  await expect.poll(marks).not.toBe(all);
  await browser.assertAccessible('trace-zoomed');
  await page.mouse.dblclick(x + width / 2, y - 10);
  await expect.poll(marks).toBe(all);
  await page.keyboard.press('+');
  await expect.poll(marks).not.toBe(all);
  await page.keyboard.press('0');
  await expect.poll(marks).toBe(all);

  const call = page.getByRole('treeitem', { name: /ChatOpenAI/ }).first();
  await call.hover();
  const card = page.getByRole('tooltip');
  await card.waitFor();
  expect(await card.innerText()).toMatch(/Duration\s+[\d.]+m?s · [\d.]+% of the trace[^]*Model\s+gpt-4o[^]*tokens in/);
  await browser.screenshot('trace-hover');
  await page.mouse.move(5, 5);
  await card.waitFor({ state: 'detached' });
  await call.click();
  await expect.poll(selected).toBe('ChatOpenAI');
  expect(browser.complaints()).toEqual([]);
});

test('words are marked in all that is shown of a span, counted, and jumped to', async () => {
  const { page } = browser;
  const id = await server.send({ experiment: 'words', name: 'answer', input: `An **apple** a day.\n\n${'Filler. '.repeat(9000)}\n\nThe last Apple.`, output: 'No apples here, <i>apple</i>' });
  await page.goto(`${server.url}/traces/${id}`);
  await page.getByLabel('Search trace').fill('apple');
  const said = page.getByRole('status').filter({ hasText: /span$/ });
  // The second one is beyond what is loaded at first.
  await expect.poll(() => said.innerText()).toBe('1 of 4, 1 span');
  const marked = (name: string) => page.evaluate((of) => [...(CSS.highlights.get(of) ?? [])].map((range) => [(range as Range).cloneContents().textContent, (range as Range).getBoundingClientRect().top < window.innerHeight]), name);
  expect((await marked('found')).map(([text]) => text)).toEqual(['apple', 'Apple', 'apple', 'apple']);
  await page.keyboard.press('Enter');
  await expect.poll(() => said.innerText()).toBe('2 of 4, 1 span');
  await expect.poll(() => marked('found-here')).toEqual([['Apple', true]]);
  await browser.assertAccessible('trace-find');
  await page.keyboard.press('Shift+Enter');
  await expect.poll(() => said.innerText()).toBe('1 of 4, 1 span');
  await expect.poll(() => new URL(page.url()).searchParams.get('find')).toBe('apple');

  // The list's search goes on in the trace.
  await page.goto(`${server.url}/experiments/${await experimentNamed('words')}/traces?text=last%20apple`);
  await page.locator('[data-trace]').first().click();
  await expect.poll(() => said.innerText()).toBe('1 of 1, 1 span');
  await expect.poll(() => marked('found-here')).toEqual([['last Apple', true]]);
  expect(browser.complaints()).toEqual([]);
});

test('a trace and a span are rated, and an opinion is changed, taken back and said again', async () => {
  const { page } = browser;
  const id = await server.send({ experiment: 'rated', name: 'answer', input: 'how was it?' });
  await page.goto(`${server.url}/traces/${id}`);
  const span = page.getByRole('region', { name: 'Span', exact: true });
  await span.getByRole('button', { name: 'Add assessment' }).click();
  const form = page.getByRole('form', { name: 'New assessment' });
  await form.getByRole('radio', { name: '4 of 5' }).check({ force: true });
  await form.getByLabel('Your name').fill('ada');
  await form.getByLabel('Why').fill('nearly right');
  await browser.assertAccessible('assessment-editor');
  await form.getByRole('button', { name: 'Save' }).click();
  const rating = span.getByRole('article', { name: 'rating' });
  await rating.getByRole('img', { name: '4 of 5' }).waitFor();
  expect(await rating.innerText()).toMatch(/ada[^]*nearly right/);

  await rating.getByRole('button', { name: 'Edit rating' }).click();
  await page.getByRole('radio', { name: '2 of 5' }).check({ force: true });
  await page.getByRole('button', { name: 'Save' }).click();
  await rating.getByRole('img', { name: '2 of 5' }).waitFor();
  await rating.getByRole('button', { name: '1 before' }).click();
  await rating.getByRole('list', { name: 'What was said before' }).getByRole('img', { name: '4 of 5' }).waitFor();

  // The trace has what is said of its spans, and more.
  await page.getByRole('tab', { name: /^Assessments/ }).click();
  const tab = page.getByRole('tabpanel', { name: /^Assessments/ });
  await tab.getByRole('article', { name: 'rating' }).getByRole('button', { name: 'answer' }).waitFor();
  await tab.getByRole('button', { name: 'Add assessment' }).click();
  await form.getByRole('button', { name: 'Expectation' }).click();
  await form.getByLabel('Text').fill('<b>it was fine</b>');
  await form.getByRole('button', { name: 'Save' }).click();
  await tab.getByRole('article', { name: 'expected_response' }).getByText('<b>it was fine</b>').waitFor();
  await tab.getByRole('button', { name: 'Add assessment' }).click();
  await form.getByRole('button', { name: 'Number' }).click();
  await form.getByLabel('Number').fill('0.25');
  await form.getByLabel('Name', { exact: true }).fill('closeness');
  await form.getByRole('button', { name: 'Save' }).click();
  await tab.getByRole('article', { name: 'closeness' }).getByText('0.25').waitFor();
  await browser.assertAccessible('trace-assessments-all');

  await tab.getByRole('button', { name: 'Delete rating' }).click();
  // What it replaced is said again.
  await tab.getByRole('article', { name: 'rating' }).getByRole('img', { name: '4 of 5' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await tab.getByRole('article', { name: 'rating' }).getByRole('img', { name: '2 of 5' }).waitFor();
  await tab.getByRole('button', { name: 'Good answer' }).click();
  await tab.getByRole('button', { name: 'Bad answer' }).click();
  await expect.poll(() => tab.getByRole('article', { name: 'user_feedback' }).allInnerTexts()).toEqual([expect.stringContaining('no')]);
  await tab.getByRole('button', { name: 'Bad answer' }).click();
  await expect.poll(async () => {
    const { assessments } = (await server.call('GET', `/api/v1/traces/${id}/tree`)) as { assessments: { name: string; valid: boolean; value: unknown; span_id: string | null }[] };
    return assessments.filter(({ valid }) => valid).map(({ name, value, span_id }) => [name, value, span_id !== null]).sort();
  }).toEqual([['closeness', 0.25, false], ['expected_response', '<b>it was fine</b>', false], ['rating', 2, true], ['user_feedback', true, false]]);
  expect(browser.complaints()).toEqual([]);
});

test('a cost says which tokens at which price it is made of, and an unknown one that it is unknown', async () => {
  const { page } = browser;
  const call = (model: string) => ({ 'mlflow.spanType': 'LLM', 'gen_ai.request.model': model, 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 100 });
  const known = await server.send({ experiment: 'costs', name: 'known', input: 'how much?', attributes: call('gpt-4o') });
  await page.goto(`${server.url}/traces/${known}`);
  const reckoning = page.getByRole('dialog', { name: 'What the cost of this trace is made of' });
  const line = async (place: number) => (await reckoning.getByRole('row').nth(place).getByRole('cell').allInnerTexts()).join(' ');
  await page.getByRole('definition').getByRole('button', { name: /^Cost \$0.0035/ }).first().click();
  await reckoning.getByRole('row').nth(3).waitFor();
  expect([await line(1), await line(2), await line(3)]).toEqual(['Input 1,000 × $2.50 $0.0025', 'Output 100 × $10.00 $0.001', 'Together $0.0035']);
  expect(await reckoning.innerText()).toMatch(/Built-in price table, version \d{4}-\d\d-\d\d · price of gpt-4o/);
  await browser.assertAccessible('trace-cost');
  await page.keyboard.press('Escape');
  await page.getByRole('region', { name: 'Span', exact: true }).getByRole('button', { name: /^Cost/ }).click();
  await page.getByRole('dialog', { name: 'What the cost of this span is made of' }).getByText('× $10.00').waitFor();

  const unknown = await server.send({ experiment: 'costs', name: 'unknown', input: 'how much?', attributes: call('our-own-model') });
  await page.goto(`${server.url}/traces/${unknown}`);
  await page.getByRole('treeitem').first().waitFor();
  await expect.poll(() => page.getByRole('definition').filter({ hasText: /^unknown$/ }).count()).toBe(2);
  expect(browser.complaints()).toEqual([]);
});

test('the cost of very many calls is reckoned to the last one', async () => {
  const { page } = browser;
  const calls = 230;
  const id = await sendTrace(server, 'costs', 77, [
    { id: 0, name: 'batch', from: 0, to: calls },
    ...Array.from({ length: calls }, (_, at): SpanSent => ({ id: at + 1, parent: 0, name: 'call', from: at, to: at + 1, attributes: { 'mlflow.spanType': 'LLM', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 1000 + at, 'gen_ai.usage.output_tokens': 100 } })),
  ]);
  await page.goto(`${server.url}/traces/${id}`);
  await page.getByRole('definition').getByRole('button', { name: /^Cost/ }).first().click();
  const reckoning = page.getByRole('dialog', { name: 'What the cost of this trace is made of' });
  await reckoning.getByText(`${calls} calls`).waitFor();
  const tokens = calls * 1000 + (calls * (calls - 1)) / 2;
  expect(await reckoning.getByRole('row').nth(1).innerText()).toContain(tokens.toLocaleString('en-US'));
  expect(browser.complaints()).toEqual([]);
});

test('many tags leave room for the trace', async () => {
  const { page } = browser;
  const id = await server.send({ experiment: 'tagged', name: 'tagged', input: 'how many?' });
  await server.call('POST', '/api/v1/traces/tags', { traces: [id], set: Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`key.${at}`, `a value ${at}`])) });
  await page.goto(`${server.url}/traces/${id}`);
  const tags = page.getByTitle(/^key\.\d+: /);
  await tags.first().waitFor();
  expect(await tags.count()).toBeLessThanOrEqual(12);
  await page.getByRole('button', { name: /^\d+ more$/ }).click();
  await expect.poll(() => tags.count()).toBe(90);
  const { y = 0 } = (await page.getByRole('treeitem').first().boundingBox()) ?? {};
  expect(y).toBeLessThan(500);
  await browser.assertAccessible('trace-many-tags');
  expect(browser.complaints()).toEqual([]);
});

test('hostile text and a line of ten megabytes are shown as text', async () => {
  const { page } = browser;
  const hostile = await server.send({ experiment: 'hostile', name: HOSTILE, input: `${HOSTILE}\n\n[click](javascript:window.hit=1) [ok](https://a.example/)`, output: 'x'.repeat(10_000_000) });
  await page.goto(`${server.url}/traces/${hostile}`);
  await page.getByText('Load all').waitFor();
  await page.getByText('<script>window.hit = 1</script>').first().waitFor();
  expect(await page.evaluate(() => [(window as unknown as { hit?: number }).hit, document.querySelectorAll('a[href^="javascript"]').length])).toEqual([undefined, 0]);
  await page.getByRole('link', { name: 'ok', exact: true }).waitFor();
  expect(browser.complaints()).toEqual([]);
});

test('a trace of 32,000 spans opens, and its last span can be reached', async () => {
  const id = await sendLargeTrace(server, 32_000);
  const { page } = browser;
  await page.goto(`${server.url}/experiments/0/traces/${id}?tab=details`);
  await page.getByRole('treeitem').first().waitFor();
  expect(await page.getByRole('treeitem').count()).toBeLessThan(100);
  await page.getByLabel('Search trace').fill('the last one');
  await page.getByRole('status').filter({ hasText: '1 span' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('treeitem', { name: /the last one/ }).waitFor();
  await browser.screenshot('trace-32000');
  expect(browser.complaints()).toEqual([]);
});
