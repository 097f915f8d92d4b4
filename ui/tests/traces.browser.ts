/** The list of traces, with the demonstration's data. */

import fs from 'node:fs';

import { expect, test } from 'vitest';

import { sendManyTraces } from './support/many';
import { browser, demonstration, experiment, experimentNamed, server, setUp } from './support/set-up';

setUp(demonstration);

const grid = () => browser.page.getByRole('grid', { name: 'Traces' });
const rows = () => grid().locator('[data-trace]');
const total = () => browser.page.getByRole('status').filter({ hasText: /\d traces?/ }).innerText();

async function visit(search = '', id = experiment): Promise<void> {
  await browser.page.goto(`${server.url}/experiments/${id}/traces${search}`);
  await rows().first().waitFor();
  // What an earlier, failed test left behind is not this one's.
  browser.complaints();
}

test('thirty rows are seen at a glance, with no complaint about access', async () => {
  await visit();
  const seen = await rows().evaluateAll((all) => all.filter((row) => row.getBoundingClientRect().bottom <= window.innerHeight).length);
  expect(seen).toBeGreaterThanOrEqual(30);
  expect(await total()).toContain('120 traces');
  await browser.assertAccessible('traces');
  await browser.page.setViewportSize({ width: 900, height: 700 });
  await browser.assertAccessible('traces-small');
  await browser.page.setViewportSize({ width: 1440, height: 900 });
  expect(browser.complaints()).toEqual([]);
});

test('a value at the left becomes a filter, counts and histogram follow, and the address has it', async () => {
  const { page } = browser;
  await visit();
  await page.getByRole('checkbox', { name: /^Error/ }).click();
  await expect.poll(() => rows().count()).toBe(3);
  expect(new URL(page.url()).searchParams.get('q')).toBe("status = 'ERROR'");
  expect(await page.getByRole('img', { name: /traces over time/ }).getAttribute('aria-label')).toBe('3 traces over time, 3 failed');
  const shared = page.url();
  await page.goto('about:blank');
  await page.goto(shared);
  await expect.poll(() => rows().count()).toBe(3);
  await page.getByRole('checkbox', { name: /^Error/ }).click();
  await expect.poll(total).toContain('120 traces');
  await page.goBack();
  await expect.poll(() => rows().count()).toBe(3);
  expect(browser.complaints()).toEqual([]);
});

test('a trace is found by words of its request, which are marked', async () => {
  const { page } = browser;
  await visit();
  await page.keyboard.press('/');
  await page.keyboard.type('documents are still');
  await expect.poll(total).not.toContain('120');
  await expect.poll(() => grid().locator('mark').first().innerText().catch(() => '')).toMatch(/documents are still/i);
  expect(await grid().getByRole('columnheader').allInnerTexts()).toContain('Match');
  await browser.assertAccessible('traces-text');
  expect(browser.complaints()).toEqual([]);
});

test('the filter completes keys, operators and values, and says what is wrong', async () => {
  const { page } = browser;
  await visit();
  await page.keyboard.press('f');
  const field = page.getByRole('textbox', { name: 'Filter' });
  await field.pressSequentially('span.mod');
  await page.getByRole('option', { name: /span\.model/ }).waitFor();
  await page.keyboard.press('Tab');
  await page.getByRole('option', { name: '=', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  await page.getByRole('option', { name: 'gpt-4o-mini' }).waitFor();
  await browser.screenshot('traces-completion');
  await page.keyboard.type('gpt-4o-m');
  await expect.poll(() => page.getByRole('option').allInnerTexts()).toEqual(['gpt-4o-mini']);
  await page.keyboard.press('Tab');
  await expect.poll(() => new URL(page.url()).searchParams.get('q')).toMatch(/^span\.model = 'gpt-4o-mini'/);
  await expect.poll(total).toContain('120 traces');

  await field.fill("span.model = 'gpt-4o' AND dur > 3");
  await page.keyboard.press('Escape');
  await page.getByRole('alert').filter({ hasText: 'unknown filter key `dur` at character 27' }).waitFor();
  expect(await page.locator('.cm-fault').innerText()).toBe('dur');
  await browser.assertAccessible('traces-filter-error');
  expect(browser.complaints().filter((text) => !text.includes('400'))).toEqual([]);
});

test('a time is chosen by dragging over the histogram', async () => {
  const { page } = browser;
  await visit();
  const box = (await page.getByTestId('histogram').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + box.width * 0.5, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 10, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => new URL(page.url()).searchParams.get('from')).not.toBeNull();
  await expect.poll(async () => Number.parseInt(await total(), 10)).toBeLessThan(120);
  await page.getByRole('button', { name: /^Time range/ }).click();
  await page.getByRole('button', { name: 'All time' }).last().click();
  await expect.poll(total).toContain('120 traces');
  expect(browser.complaints()).toEqual([]);
});

test('columns are chosen, sized and sorted; the address and the browser remember them', async () => {
  const { page } = browser;
  await visit();
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'User' }).click();
  await page.keyboard.press('Escape');
  await grid().getByRole('columnheader', { name: 'User' }).waitFor();
  expect(new URL(page.url()).searchParams.get('cols')).toMatch(/,user$/);
  await visit();
  await grid().getByRole('columnheader', { name: 'User' }).waitFor();

  const edge = grid().getByRole('columnheader', { name: 'Trace ID' }).locator('span').last();
  const box = (await edge.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + 3, box.y + 8);
  await page.mouse.down();
  await page.mouse.move(box.x + 63, box.y + 8, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => new URL(page.url()).searchParams.get('cols')).toMatch(/id:15\d/);

  // By keys: wider, and then to the left of what was before it.
  const separator = grid().getByRole('separator', { name: /^Width of Request/ });
  await separator.focus();
  await page.keyboard.press('ArrowRight');
  const cols = () => new URL(page.url()).searchParams.get('cols') ?? '';
  await expect.poll(cols).toMatch(/,request:\d+,/);
  await page.keyboard.press('Shift+ArrowLeft');
  await expect.poll(cols).toMatch(/^start,state,request:\d+,id:15\d,response,/);
  // By dragging a title to the place of another one.
  await grid().getByRole('columnheader', { name: 'Cost' }).dragTo(grid().getByRole('columnheader', { name: 'State' }));
  await expect.poll(cols).toMatch(/^start,cost,state,request:/);

  await grid().getByRole('button', { name: 'Execution time' }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('sort')).toBe('duration desc');
  await expect.poll(() => grid().getByRole('columnheader', { name: 'Execution time' }).getAttribute('aria-sort')).toBe('descending');
  await page.evaluate(() => localStorage.clear());
  expect(browser.complaints()).toEqual([]);
});

test('the keyboard walks the list, a trace beside it follows, and a page shows it whole', async () => {
  const { page } = browser;
  const shown = () => new URL(page.url()).searchParams.get('trace');
  const idOf = (place: number) => rows().nth(place).getAttribute('data-trace');
  const panel = page.getByRole('complementary', { name: 'Trace', exact: true });
  await visit();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const [second, third] = [await idOf(1), await idOf(2)];
  await page.keyboard.press('Enter');
  await panel.getByRole('treeitem').first().waitFor();
  expect(shown()).toBe(second);
  await browser.assertAccessible('traces-drawer');
  await page.keyboard.press('j');
  await expect.poll(shown).toBe(third);
  await page.keyboard.press('[');
  await expect.poll(shown).toBe(second);

  // A click into the tree gives it the keys.
  await panel.getByRole('treeitem').nth(1).click();
  const span = () => new URL(page.url()).searchParams.get('span');
  const before = span();
  await page.keyboard.press('j');
  await expect.poll(span).not.toBe(before);
  expect(shown()).toBe(second);
  const shared = page.url();
  await page.goto('about:blank');
  await page.goto(shared);
  await panel.getByRole('treeitem', { selected: true }).waitFor();

  await panel.getByRole('link', { name: 'Open as page' }).click();
  await page.waitForURL(`**/traces/${second ?? ''}?*`);
  await panel.waitFor({ state: 'detached' });
  await page.locator('button:enabled').and(page.getByRole('button', { name: 'Next trace (])' })).waitFor();
  await page.keyboard.press(']');
  await page.waitForURL(`**/traces/${third ?? ''}*`);
  await page.keyboard.press('Escape');
  await rows().first().waitFor();
  await rows().first().click();
  await panel.getByRole('treeitem').first().waitFor();
  await page.setViewportSize({ width: 900, height: 700 });
  await browser.assertAccessible('traces-drawer-small');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  expect(shown()).toBeNull();
  expect(browser.complaints()).toEqual([]);
});

test('beside an open trace every row is there as a whole, and columns come back with the room for them', async () => {
  const { page } = browser;
  const trace = page.getByRole('complementary', { name: 'Trace', exact: true });
  const heads = () => grid().getByRole('columnheader').allInnerTexts();
  await visit();
  const [asked = '', answered = ''] = await Promise.all([4, 5].map((cell) => rows().nth(2).getByRole('gridcell').nth(cell).innerText()));
  await rows().nth(2).click();
  await trace.getByRole('treeitem').first().waitFor();
  for (const size of [{ width: 900, height: 700 }, { width: 1440, height: 900 }]) {
    await page.setViewportSize(size);
    await expect.poll(heads).toEqual(['', 'Trace']);
    expect(await grid().evaluate((list) => list.scrollWidth - list.clientWidth)).toBeLessThanOrEqual(0);
    const said = await rows().nth(2).innerText();
    expect(said).toContain(asked);
    expect(said).toContain(answered);
    expect(said).toMatch(/\d+m?s/);
  }
  const edge = page.getByRole('separator', { name: 'Width of the trace' });
  await edge.focus();
  for (let step = 0; step < 12; step += 1) await page.keyboard.press('ArrowRight');
  await expect.poll(heads).toContain('Execution time');
  await page.evaluate(() => localStorage.clear());
  expect(browser.complaints()).toEqual([]);
});

test('buttons and links work by keys where keys walk the list, and the list says which row it is at', async () => {
  const { page } = browser;
  await visit();
  await page.keyboard.press('j');
  const row = rows().first();
  await expect.poll(() => grid().getAttribute('aria-activedescendant')).toBe(await row.getAttribute('id'));
  await page.getByRole('checkbox', { name: /^Error/ }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => rows().count()).toBe(3);
  expect(new URL(page.url()).searchParams.get('trace')).toBeNull();
  await page.getByRole('link', { name: 'Sessions' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/sessions');
  expect(browser.complaints()).toEqual([]);
});

test('two selected traces are compared', async () => {
  const { page } = browser;
  await visit();
  const ids = [await rows().nth(0).getAttribute('data-trace'), await rows().nth(2).getAttribute('data-trace')];
  for (const id of ids) await page.getByRole('checkbox', { name: `Select trace ${id ?? ''}` }).check();
  await page.getByRole('toolbar', { name: 'Selected traces' }).getByRole('link', { name: 'Compare' }).click();
  await page.getByRole('region', { name: 'Matched spans' }).getByRole('button').first().waitFor();
  const { searchParams } = new URL(page.url());
  expect([searchParams.get('a'), searchParams.get('b')].sort()).toEqual([...ids].sort());
  expect(browser.complaints()).toEqual([]);
});

test('half a filter leaves the list as it is, and nothing is wrong with it while its value is chosen', async () => {
  const { page } = browser;
  await visit();
  await page.keyboard.press('f');
  const field = page.getByRole('textbox', { name: 'Filter' });
  await field.pressSequentially('span.model = ');
  await page.getByRole('option', { name: 'gpt-4o-mini' }).waitFor();
  await page.waitForTimeout(1200);
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.getByRole('alert').filter({ hasText: 'expected a quoted value, found the end' }).waitFor();
  expect(await rows().count()).toBeGreaterThan(20);
  // The refusal was meant.
  expect(browser.complaints().filter((text) => !text.includes('400'))).toEqual([]);
});

test('an experiment that is not there is not waited for', async () => {
  const { page } = browser;
  for (const screen of ['traces', 'overview', 'sessions', 'compare', 'traces/tr-1', '']) {
    await page.goto(`${server.url}/experiments/987654/${screen}`);
    await page.getByRole('alert').filter({ hasText: 'There is no such experiment' }).filter({ hasText: '987654' }).waitFor();
  }
  await browser.assertAccessible('experiment-unknown');
  await page.getByRole('link', { name: 'All experiments' }).click();
  await page.getByRole('link', { name: 'mortgage-agents' }).waitFor();
  browser.complaints();
});

test('a trace at the end of the list asks for nothing that is not there', async () => {
  const { page } = browser;
  await server.send({ experiment: 'lonely', name: 'only', input: 'am I alone?' });
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/traces/search')) asked += 1;
  });
  await visit('', await experimentNamed('lonely'));
  await rows().first().click();
  await page.getByRole('complementary', { name: 'Trace', exact: true }).getByRole('treeitem').first().waitFor();
  await page.waitForTimeout(1000);
  expect(asked).toBeLessThan(4);
  expect(browser.complaints()).toEqual([]);
});

test('filters change below an open trace', async () => {
  const { page } = browser;
  await visit();
  await rows().nth(1).click();
  const panel = page.getByRole('complementary', { name: 'Trace', exact: true });
  await panel.getByRole('treeitem').first().waitFor();
  await page.getByRole('searchbox', { name: 'Search all texts' }).fill('documents are still');
  await expect.poll(total).not.toContain('120');
  expect(await panel.count()).toBe(1);
  expect(browser.complaints()).toEqual([]);
});

test('a trace that arrives while live is on is there by itself', async () => {
  const { page } = browser;
  await server.send({ experiment: 'tail', name: 'before', input: 'earlier' });
  const id = await experimentNamed('tail');
  await visit('', id);
  await page.keyboard.press('l');
  await expect.poll(() => new URL(page.url()).searchParams.get('live')).toBe('1');
  await server.send({ experiment: 'tail', name: 'after', input: 'just now' });
  await rows().filter({ hasText: 'just now' }).waitFor();
  expect(await rows().count()).toBe(2);
  expect(browser.complaints()).toEqual([]);
});

test('chosen traces are tagged, exported and deleted', async () => {
  const { page } = browser;
  await server.send({ experiment: 'edit', name: 'keep', input: 'keep me' });
  const doomed = await server.send({ experiment: 'edit', name: '=drop', input: 'drop me' });
  const id = await experimentNamed('edit');
  await visit('?cols=id,request,tags', id);
  await page.getByRole('checkbox', { name: `Select trace ${doomed}` }).check();
  const bar = page.getByRole('toolbar', { name: 'Selected traces' });
  await bar.getByRole('button', { name: 'Tag' }).click();
  await page.getByLabel('Key').fill('reviewed');
  await page.getByRole('textbox', { name: 'Value' }).fill('yes');
  await page.getByRole('button', { name: 'Set tag' }).click();
  await rows().filter({ hasText: 'reviewed' }).waitFor();

  for (const [format, name] of [['JSONL', 'traces.jsonl'], ['CSV', 'traces.csv'], ['Parquet', 'traces.parquet']] as const) {
    await bar.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: format }).click()]);
    expect(download.suggestedFilename()).toBe(name);
    const file = fs.readFileSync(await download.path());
    if (format === 'JSONL') expect(file.toString()).toContain('resourceSpans');
    if (format === 'CSV') expect(file.toString().split('\r\n').filter(Boolean)).toHaveLength(2);
    if (format === 'CSV') expect(file.toString()).toContain(",'=drop,");
    if (format === 'Parquet') expect(file.subarray(0, 4).toString()).toBe('PAR1');
  }
  await browser.assertAccessible('traces-selected');
  await bar.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => rows().count()).toBe(1);
  expect(await rows().first().innerText()).toContain('keep me');
  expect(browser.complaints()).toEqual([]);
});

test('everything that matches is exported, more than any page has', async () => {
  const { page } = browser;
  const many = 1203;
  await sendManyTraces(server, 'many', many);
  await visit('', await experimentNamed('many'));
  for (const [format, name] of [['JSONL', 'traces.jsonl'], ['CSV', 'traces.csv'], ['Parquet', 'traces.parquet']] as const) {
    await page.getByRole('button', { name: 'Export all that match' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: format }).click()]);
    expect(download.suggestedFilename()).toBe(name);
    const file = fs.readFileSync(await download.path());
    if (format === 'JSONL') expect(file.toString().match(/^\{"resourceSpans"/gm)).toHaveLength(many);
    if (format === 'CSV') expect(file.toString().split('\r\n').filter(Boolean)).toHaveLength(many + 1);
    // Whole from its first sign to its last.
    if (format === 'Parquet') expect([file.subarray(0, 4).toString(), file.subarray(-4).toString(), file.length > 5000]).toEqual(['PAR1', 'PAR1', true]);
  }
  expect(browser.complaints()).toEqual([]);
});

test('hostile text is text', async () => {
  const { page } = browser;
  const hostile = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">[x](javascript:window.hacked=1)\u001b[31m\u202egnp.exe';
  await server.send({ experiment: 'hostile', name: hostile, input: hostile, output: `${'x'.repeat(2_000_000)}<b>`, session: hostile });
  const id = await experimentNamed('hostile');
  await visit('?cols=name,request,response,session', id);
  expect(await rows().first().innerText()).toContain('<script>window.hacked = 1</script><img src=x');
  await page.getByRole('searchbox', { name: 'Search all texts' }).fill('<img src=x onerror="window.hacked = 1">');
  await grid().locator('mark').first().waitFor();
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  expect(browser.complaints()).toEqual([]);
});

test('an empty experiment waits for its first trace', async () => {
  const { page } = browser;
  const made = (await server.call('POST', '/api/v1/experiments', { name: 'empty' })) as { id: string };
  await page.goto(`${server.url}/experiments/${made.id}/traces`);
  await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
  await browser.assertAccessible('traces-empty');
  await server.send({ experiment: 'empty', name: 'first', input: 'here I am' });
  await rows().filter({ hasText: 'here I am' }).waitFor();
  expect(browser.complaints()).toEqual([]);
});

test('what fails is said, with a way on', async () => {
  const { page } = browser;
  await page.route('**/api/v1/traces/search', (route) => route.fulfill({ status: 503, json: { error: { code: 'unavailable', message: 'resting', field: null } } }));
  await page.goto(`${server.url}/experiments/${experiment}/traces`);
  await page.getByRole('alert').filter({ hasText: 'resting' }).waitFor();
  await browser.assertAccessible('traces-failed');
  await page.unroute('**/api/v1/traces/search');
  await page.getByRole('button', { name: 'Try again' }).click();
  await rows().first().waitFor();
  browser.complaints();
});
