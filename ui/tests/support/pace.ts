/** How quick a page is: measured where it happens, so that the way to the browser does not count. */

import { browser } from './set-up';

/** Milliseconds of tasks that held up the page for more than 50, from now on. */
export async function watchTasks(): Promise<() => Promise<number[]>> {
  await browser.page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seenTasks: seen });
    new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: 'longtask' });
  });
  return () => browser.page.evaluate(() => (window as unknown as { seenTasks: number[] }).seenTasks);
}

export interface Pace {
  frames: number;
  ms: number;
  /** Tasks over 50 ms. */
  tasks: number[];
}

/** Turns the wheel over an element as fast as frames come. */
export async function scroll(selector: string, turns: number): Promise<Pace> {
  const box = (await browser.page.locator(selector).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await browser.page.mouse.move(box.x + 200, box.y + 200);
  const tasks = await watchTasks();
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
  return { ...(await counting), tasks: await tasks() };
}

export function paceOf({ frames, ms, tasks }: Pace): string {
  return `${frames} frames in ${ms} ms, tasks over 50 ms: ${tasks.join(', ') || 'none'}`;
}

/** Clicks an element, and answers the milliseconds until something is there that was not. */
export async function untilThere(clicked: string, wanted: string): Promise<number> {
  return browser.page.evaluate(
    async ([click = '', there = '']) => {
      const element = document.querySelector<HTMLElement>(click);
      if (!element) throw new Error(`nothing is ${click}`);
      const began = performance.now();
      element.click();
      while (!document.querySelector(there)) await new Promise(requestAnimationFrame);
      return Math.round(performance.now() - began);
    },
    [clicked, wanted],
  );
}

/** Milliseconds from the request of a page until something is on it. */
export async function loaded(url: string, wanted: string): Promise<number> {
  await browser.page.goto(url, { waitUntil: 'commit' });
  return browser.page.evaluate(async (there) => {
    while (!document.querySelector(there)) await new Promise(requestAnimationFrame);
    return Math.round(performance.now());
  }, wanted);
}

export function summary(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  return `median ${sorted[Math.floor(sorted.length / 2)]}, slowest ${sorted.at(-1)} ms`;
}
