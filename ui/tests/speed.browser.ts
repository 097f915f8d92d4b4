/** How quick the screens are: measured and printed, not judged, since machines differ. That they work is what can fail. */

import fs from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import { sendLargeTrace, sendManyTraces } from './support/many';
import { browser, demonstration, experiment, experimentNamed, server, setUp } from './support/set-up';

setUp(demonstration);

const dist = path.resolve(import.meta.dirname, '../dist/assets');
const SPANS = 32_000;
const TRACES = 5000;

/** Milliseconds of tasks that held up the page for more than 50, from now on. */
async function watchTasks(): Promise<() => Promise<number[]>> {
  await browser.page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seenTasks: seen });
    new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: 'longtask' });
  });
  return () => browser.page.evaluate(() => (window as unknown as { seenTasks: number[] }).seenTasks);
}

/** Turns the wheel over an element as fast as frames come, and answers how many there were in how long. */
async function scroll(selector: string, turns: number): Promise<{ frames: number; ms: number }> {
  const box = (await browser.page.locator(selector).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await browser.page.mouse.move(box.x + 200, box.y + 200);
  const counting = browser.page.evaluate(
    (ms) =>
      new Promise<{ frames: number; ms: number }>((resolve) => {
        const began = performance.now();
        let frames = 0;
        const onFrame = () => {
          frames += 1;
          const passed = performance.now() - began;
          if (passed < ms) requestAnimationFrame(onFrame);
          else resolve({ frames, ms: Math.round(passed) });
        };
        requestAnimationFrame(onFrame);
      }),
    turns * 16,
  );
  for (let turn = 0; turn < turns; turn += 1) await browser.page.mouse.wheel(0, 240);
  return counting;
}

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
    times.push(
      await page.evaluate(async (place) => {
        const row = document.querySelectorAll<HTMLElement>('[data-trace]')[place];
        const id = row?.dataset.trace ?? '';
        const began = performance.now();
        row?.click();
        const isThere = () => new URL(location.href).searchParams.get('trace') === id && document.querySelector('[aria-label="Trace"] [role=treeitem]') !== null && document.querySelector('[aria-label="Span"] h2') !== null;
        while (!isThere()) await new Promise(requestAnimationFrame);
        return Math.round(performance.now() - began);
      }, at),
    );
  }
  times.sort((a, b) => a - b);
  console.log(`a trace beside the list, with its first span: ${times.join(', ')} ms`);
  expect(times).toHaveLength(12);
});

test('the list of traces scrolls without holding up the page', async () => {
  await sendManyTraces(server, 'scrolled', TRACES);
  await browser.page.goto(`${server.url}/experiments/${await experimentNamed('scrolled')}/traces`);
  await browser.page.locator('[data-trace]').first().waitFor();
  await browser.page.waitForTimeout(1500);
  const tasks = await watchTasks();
  const { frames, ms } = await scroll('[role=grid]', 250);
  const long = await tasks();
  console.log(`the list: ${frames} frames in ${ms} ms, tasks over 50 ms: ${long.join(', ') || 'none'}`);
  expect(await browser.page.locator('[role=grid]').evaluate((grid) => grid.scrollTop)).toBeGreaterThan(10_000);
});

test('a trace of 32,000 spans opens and scrolls without holding up the page', async () => {
  const id = await sendLargeTrace(server, SPANS);
  const { page } = browser;
  const began = Date.now();
  await page.goto(`${server.url}/experiments/0/traces/${id}`);
  await page.getByRole('treeitem').first().waitFor();
  const opened = Date.now() - began;
  await page.waitForTimeout(1500);
  const tasks = await watchTasks();
  const { frames, ms } = await scroll('[role=tree]', 250);
  const long = await tasks();
  console.log(`${SPANS} spans: there after ${opened} ms; ${frames} frames in ${ms} ms, tasks over 50 ms: ${long.join(', ') || 'none'}`);
  // What scrolls is around the tree.
  const scrolled = await page.locator('[role=tree]').evaluate((tree) => {
    let most = 0;
    for (let at: Element | null = tree; at !== null; at = at.parentElement) most = Math.max(most, at.scrollTop);
    return most;
  });
  expect(scrolled).toBeGreaterThan(10_000);
});
