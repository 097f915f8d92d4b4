/**
 * The list over very many traces: what it shows is right, and how quick it is is printed. Over some thousand of its own, or
 * over a store that is there already: `FANLIGHT_LARGE=http://127.0.0.1:5000`.
 */

import { expect, test } from 'vitest';

import { sendManyTraces } from './support/many';
import { loaded, paceOf, scroll, summary, untilThere } from './support/pace';
import { browser, server, setUp } from './support/set-up';

const existing = process.env.FANLIGHT_LARGE;
const TRACES = 5000;

setUp(existing === undefined ? () => sendManyTraces(server, 'many', TRACES) : undefined, { existing });

interface Experiments {
  experiments: { id: string; traces: number }[];
}

let id = '';
let all = 0;

const list = () => `${server.url}/experiments/${id}/traces`;
const rows = () => browser.page.locator('[data-trace]');
const status = () => browser.page.getByRole('status').filter({ hasText: /\d traces?/ });
const total = async () => Number((await status().innerText()).replaceAll(',', '').match(/\d+/)?.[0]);
const bars = () => browser.page.getByRole('img', { name: /traces? over time/ });
/** Traces and failures as the histogram adds them up. */
const inBars = async () => [...((await bars().getAttribute('aria-label')) ?? '').replaceAll(',', '').matchAll(/\d+/g)].map(([number]) => Number(number));
const nothing = () => expect(browser.complaints()).toEqual([]);

/** The largest experiment is the one that is looked at. */
async function visit(search = ''): Promise<void> {
  if (id === '') {
    const { experiments } = (await server.call('POST', '/api/v1/experiments/search', {})) as Experiments;
    const largest = experiments.sort((a, b) => b.traces - a.traces)[0];
    [id, all] = [largest?.id ?? '', largest?.traces ?? 0];
  }
  await browser.page.goto(list() + search);
  await rows().first().waitFor();
}

/** Waits until the number of traces is another one, and answers how long that took and what it is. */
async function changed(act: () => Promise<void>): Promise<{ ms: number; count: number }> {
  const before = await status().innerText();
  const began = Date.now();
  await act();
  await status().filter({ hasNotText: before }).waitFor();
  const ms = Date.now() - began;
  await browser.page.waitForTimeout(300);
  return { ms, count: await total() };
}

test('the list is there at once, with all that belongs to it', async () => {
  await visit();
  expect(await total()).toBe(all);
  expect((await inBars())[0]).toBe(all);
  const [pages, clicks]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 7; turn += 1) {
    pages.push(await loaded(list(), '[data-trace]'));
    await browser.page.goto(`${server.url}/experiments`);
    await browser.page.locator(`a[href$="/experiments/${id}/traces"]`).first().waitFor();
    await browser.page.waitForTimeout(1000);
    clicks.push(await untilThere(`a[href$="/experiments/${id}/traces"]`, '[data-trace]'));
  }
  console.log(`the list of ${all} traces: after loading the page ${summary(pages)}; after a click ${summary(clicks)}`);
  nothing();
});

test('a trace of the list opens at once', async () => {
  await visit();
  await browser.page.waitForTimeout(1500);
  const times: number[] = [];
  for (let at = 0; at < 12; at += 1) {
    const trace = (await rows().nth(at).getAttribute('data-trace')) ?? '';
    times.push(await untilThere(`[data-trace="${trace}"]`, `[aria-label="Trace"][data-shown="${trace}"]:has([role=treeitem]):has([aria-label="Span"] h2)`));
  }
  console.log(`a trace beside the list, with its first span: ${summary(times)}`);
  nothing();
});

test('filters, words, times and orders are answered, and all counts agree', async () => {
  const { page } = browser;
  await visit();
  const said: string[] = [];
  const facet = async (name: RegExp) => {
    const box = page.getByRole('checkbox', { name }).first();
    const count = Number(((await box.getAttribute('title')) ?? '').replaceAll(',', '').match(/: (\d+)/)?.[1]);
    const label = (await box.innerText()).split('\n')[0];
    const chosen = await changed(() => box.click());
    expect(chosen.count).toBe(count);
    expect((await inBars())[0]).toBe(count);
    said.push(`${label} ${chosen.ms}`);
    await changed(() => page.getByRole('checkbox', { name }).first().click());
  };
  await facet(/^Error/);
  const ordered = page.getByRole('columnheader', { name: 'Execution time' });
  const first = await rows().first().getAttribute('data-trace');
  const began = Date.now();
  await ordered.getByRole('button').click();
  await expect.poll(() => rows().first().getAttribute('data-trace')).not.toBe(first);
  said.push(`order ${Date.now() - began}`);

  await visit();
  const box = (await page.getByTestId('histogram').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const brushed = await changed(async () => {
    await page.mouse.move(box.x + box.width * 0.4, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 10, { steps: 4 });
    await page.mouse.up();
  });
  expect(brushed.count).toBeGreaterThan(0);
  expect(brushed.count).toBeLessThan(all);
  expect((await inBars())[0]).toBe(brushed.count);
  said.push(`times ${brushed.ms}`);

  await visit();
  const words = (await rows().nth(20).getByRole('gridcell').nth(4).innerText()).slice(0, 20).trim();
  const found = await changed(() => page.getByRole('searchbox', { name: 'Search all texts' }).fill(words));
  expect(found.count).toBeLessThan(all);
  await page.locator('[role=grid] mark').first().waitFor();
  expect((await page.locator('[role=grid] mark').first().innerText()).toLowerCase()).toBe(words.toLowerCase());
  said.push(`the words “${words}” ${found.ms}, with the 350 of waiting for more letters`);
  console.log(`until answered, ms: ${said.join('; ')}`);
  nothing();
});

test('it scrolls on without end and without holding up the page', async () => {
  await visit();
  await browser.page.waitForTimeout(1500);
  const pace = await scroll('[role=grid]', 250);
  const last = await rows().last().getAttribute('aria-rowindex');
  console.log(`down to row ${last}: ${paceOf(pace)}`);
  expect(Number(last)).toBeGreaterThan(400);
  const ids = await rows().evaluateAll((seen) => seen.map((row) => row.getAttribute('data-trace')));
  expect(new Set(ids).size).toBe(ids.length);
  nothing();
});
