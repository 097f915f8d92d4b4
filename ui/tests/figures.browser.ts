/** Sessions, overview and comparison, with the demonstration's data. */

import { expect, test } from 'vitest';

import { browser, demonstration, experiment, server, setUp } from './support/set-up';

setUp(demonstration);

const visit = (where: string) => browser.page.goto(`${server.url}/experiments/${experiment}/${where}`);

async function look(name: string): Promise<void> {
  await browser.assertAccessible(name);
  await browser.page.setViewportSize({ width: 900, height: 700 });
  await browser.assertAccessible(`${name}-small`);
  await browser.page.setViewportSize({ width: 1440, height: 900 });
}

test('a session of seven turns is found, read, and each turn leads to its trace', async () => {
  const { page } = browser;
  await visit('sessions?sort=traces%20desc');
  await page.getByRole('link', { name: 'thread-refinance' }).waitFor();
  await look('sessions');
  await page.getByRole('link', { name: 'thread-refinance' }).click();
  const turns = page.getByRole('listitem', { name: /^Turn \d+$/ });
  await turns.nth(6).waitFor();
  expect(await turns.count()).toBe(7);
  // The demonstration varies its words with the time.
  expect(await turns.first().innerText()).toMatch(/What is the payoff amount|How much do I still owe/);
  await look('session');
  for (let place = 0; place < 7; place += 1) {
    await turns.nth(place).getByRole('link', { name: /View full trace/ }).click();
    await page.waitForURL(/\/traces\/tr-[0-9a-f]{32}$/);
    await page.goBack();
    await turns.nth(6).waitFor();
  }
  expect(browser.complaints()).toEqual([]);
});

test('what a preview cuts off is shown on demand, and the palette finds the session from anywhere', async () => {
  const { page } = browser;
  const words = Array.from({ length: 400 }, (_, at) => `word${at}`).join(' ');
  await server.send({ experiment: 'long-talks', name: 'talk', input: `${words} asked`, output: `${words} answered`, session: 'a-long-talk' });
  await page.goto(`${server.url}/experiments/${experiment}/overview`);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search and jump' }).fill('a-long');
  await page.getByRole('option', { name: /a-long-talk/ }).click();
  await page.waitForURL(/\/sessions\/a-long-talk$/);
  const turn = page.getByRole('listitem', { name: 'Turn 1' });
  const more = turn.getByRole('button', { name: 'Show all of it' });
  await more.nth(1).click();
  await turn.getByText(/word399 answered/).waitFor();
  expect(await turn.getByText(/word399 asked/).count()).toBe(0);
  await more.click();
  await turn.getByText(/word399 asked/).waitFor();
  expect(browser.complaints()).toEqual([]);
});

test('a figure of the overview leads to just as many traces', async () => {
  const { page } = browser;
  await visit('overview');
  const bars = page.getByRole('group', { name: 'Traces over time' }).getByRole('link');
  await bars.first().waitFor();
  await look('overview');
  const said = (await bars.first().getAttribute('aria-label')) ?? '';
  const count = Number(/all (\d+)/.exec(said)?.[1]);
  expect(count).toBeGreaterThan(0);
  await bars.first().click();
  await page.getByRole('status').filter({ hasText: new RegExp(`^${count} traces?`) }).waitFor();
  await visit('overview');
  expect(await page.getByText('bottleneck').count()).toBeLessThanOrEqual(1);
  await page.getByRole('link', { name: '2.5%' }).click();
  await page.getByRole('status').filter({ hasText: /^3 traces/ }).waitFor();
  expect(browser.complaints()).toEqual([]);
});

test('every other element of the overview leads to the traces behind it', async () => {
  const { page } = browser;
  const opened = async (region: string, link: RegExp | string, filter: RegExp) => {
    await visit('overview');
    await page.getByRole('region', { name: region, exact: true }).getByRole('link', { name: link }).first().click();
    await page.locator('[data-trace]').first().waitFor();
    expect(new URL(page.url()).searchParams.get('q') ?? '').toMatch(filter);
    return Number.parseInt(await page.getByRole('status').filter({ hasText: /traces?/ }).innerText(), 10);
  };
  expect(await opened('Spans', 'supervisor', /^span\.name = 'supervisor'$/)).toBe(117);
  expect(await opened('Tools', 'check_eligibility', /^span\.name = 'check_eligibility'$/)).toBeGreaterThan(0);
  expect(await opened('Tools', /^[1-9]$/, /^span\.name = '\w+' AND span\.status = 'ERROR'$/)).toBeGreaterThan(0);
  expect(await opened('Models', 'gpt-4o', /^span\.model = 'gpt-4o(-mini)?'$/)).toBeGreaterThan(100);
  for (const chart of ['Error rate', 'Latency', 'Tokens', 'Cost']) expect(await opened(chart, /·/, /^(status = 'ERROR')?$/)).toBeGreaterThan(0);
  await visit('overview');
  const cell = page.getByRole('group', { name: 'Latency by number of traces' }).getByRole('link').first();
  const count = /(\d+) traces?$/.exec((await cell.getAttribute('aria-label')) ?? '')?.[1] ?? '';
  await cell.click();
  await page.getByRole('status').filter({ hasText: new RegExp(`^${count} traces?`) }).waitFor();
  expect(new URL(page.url()).searchParams.get('q')).toMatch(/^execution_time_ms >= /);
  expect(browser.complaints()).toEqual([]);
});

test('an overview of nothing says so', async () => {
  await visit("overview?q=name%20%3D%20'nobody'");
  await browser.page.getByRole('button', { name: 'Show everything' }).click();
  await browser.page.getByRole('group', { name: 'Traces over time' }).waitFor();
});

test('two traces are compared span by span', async () => {
  const { page } = browser;
  const { traces } = (await server.call('POST', '/api/v1/traces/search', { experiments: [experiment], limit: 3 })) as { traces: { id: string }[] };
  await visit('compare');
  const options = (list: string) => page.getByRole('listbox', { name: `${list}: found` }).getByRole('option');
  await options('First trace').first().waitFor();
  await look('compare-choose');
  await page.getByRole('combobox', { name: 'First trace' }).fill(traces[0]?.id ?? '');
  await expect.poll(() => options('First trace').count()).toBe(1);
  await page.keyboard.press('Enter');
  await page.getByRole('combobox', { name: 'Second trace' }).fill('appraisal came in lower');
  await expect.poll(() => options('Second trace').count()).toBeLessThan(30);
  const second = options('Second trace').filter({ hasText: 'appraisal came in lower' }).first();
  const id = await second.getAttribute('data-trace');
  await second.click();
  await expect.poll(() => new URL(page.url()).search).toBe(`?a=${traces[0]?.id ?? ''}&b=${id ?? ''}`);
  await page.getByRole('region', { name: 'Matched spans' }).getByRole('button').first().waitFor();
  expect(await page.getByLabel('Inputs of A').locator('mark').count()).toBeGreaterThan(0);
  expect(await page.getByLabel('Inputs of B').locator('mark').count()).toBeGreaterThan(0);
  await look('compare');
  expect(browser.complaints()).toEqual([]);
});
