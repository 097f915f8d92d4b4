/** How quick the screens are: measured and printed, not judged, since machines differ. That they work is what can fail. */

import fs from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import { sendLargeTrace } from './support/many';
import { paceOf, scroll, summary, untilThere } from './support/pace';
import { browser, demonstration, experiment, server, setUp } from './support/set-up';

setUp(demonstration);

const dist = path.resolve(import.meta.dirname, '../dist/assets');
const SPANS = 32_000;

test('what is loaded first is small', async () => {
  await browser.page.goto(`${server.url}/experiments/${experiment}/traces`);
  const page = await (await fetch(`${server.url}/experiments/${experiment}/traces`)).text();
  const names = [...page.matchAll(/assets\/([^"]+\.js)"/g)].map(([, name = '']) => name);
  await browser.page.locator('[data-trace]').first().waitFor();
  const loaded = await browser.page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname.split('/').at(-1) ?? '').filter((name) => name.endsWith('.js')));
  const size = (files: string[]) => [...new Set(files)].reduce((sum, name) => sum + (fs.statSync(path.join(dist, `${name}.gz`), { throwIfNoEntry: false })?.size ?? 0), 0);
  const withoutEditor = loaded.filter((name) => !name.startsWith('filter-editor'));
  console.log(`first script ${size(names)} bytes gzip, with the list of traces ${size(withoutEditor)}, with the filter's editor ${size(loaded)}`);
  expect(size(withoutEditor)).toBeLessThanOrEqual(250 * 1024);
});

test('a typical trace opens at once', async () => {
  const { page } = browser;
  await page.goto(`${server.url}/experiments/${experiment}/traces`);
  await page.locator('[data-trace]').first().waitFor();
  await page.waitForTimeout(1500);
  const times: number[] = [];
  for (let at = 0; at < 12; at += 1) {
    const trace = (await page.locator('[data-trace]').nth(at).getAttribute('data-trace')) ?? '';
    times.push(await untilThere(`[data-trace="${trace}"]`, `[aria-label="Trace"][data-shown="${trace}"]:has([role=treeitem]):has([aria-label="Span"] h2)`));
  }
  console.log(`a trace beside the list, with its first span: ${summary(times)}`);
  expect(times).toHaveLength(12);
});

test('a trace of 32,000 spans opens and scrolls without holding up the page', async () => {
  const id = await sendLargeTrace(server, SPANS);
  const { page } = browser;
  const began = Date.now();
  await page.goto(`${server.url}/experiments/0/traces/${id}`);
  await page.getByRole('treeitem').first().waitFor();
  const opened = Date.now() - began;
  await page.waitForTimeout(1500);
  console.log(`${SPANS} spans: there after ${opened} ms; ${paceOf(await scroll('[role=tree]', 250))}`);
  // What scrolls is around the tree.
  const scrolled = await page.locator('[role=tree]').evaluate((tree) => {
    let most = 0;
    for (let at: Element | null = tree; at !== null; at = at.parentElement) most = Math.max(most, at.scrollTop);
    return most;
  });
  expect(scrolled).toBeGreaterThan(10_000);
});
