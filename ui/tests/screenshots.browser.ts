/** The main screens as the README shows them, in both themes. */

import { expect, test } from 'vitest';

import { setTheme } from './support/browser';
import { browser, demonstration, experiment, server, setUp } from './support/set-up';

setUp(demonstration);

const grid = '[role=grid] [role=row], [role=table] [role=row], table tr';

interface Found {
  traces: { id: string; name: string }[];
}

/** The newest traces of agents that called a tool. */
async function newest(): Promise<string[]> {
  const { traces } = (await server.call('POST', '/api/v1/traces/search', { experiments: [experiment], filter: "span.type = 'TOOL' AND status = 'OK'", limit: 2 })) as Found;
  return traces.map(({ id }) => id);
}

test('each screen shows what it is for', async () => {
  const [first = '', second = ''] = await newest();
  const of = `/experiments/${experiment}`;
  const screens: [name: string, where: string, shows: string][] = [
    ['experiments', '/experiments', grid],
    ['traces', `${of}/traces`, '[data-trace]'],
    ['trace', `${of}/traces/${first}`, '[role=treeitem]'],
    ['sessions', `${of}/sessions`, grid],
    ['overview', `${of}/overview`, '[role=group] a'],
    ['compare', `${of}/compare?a=${first}&b=${second}`, '[aria-label="Matched spans"] button'],
  ];
  const { page } = browser;
  await page.goto(server.url);
  for (const theme of ['light', 'dark']) {
    await setTheme(page, theme);
    for (const [name, where, shows] of screens) {
      await page.goto(`${server.url}${where}`);
      await page.locator(shows).nth(1).waitFor();
      if (name === 'trace') await page.getByRole('treeitem', { name: /ChatOpenAI/ }).last().click();
      await page.waitForLoadState('networkidle');
      await page.mouse.move(0, 0);
      await browser.screenshot(`readme-${name}-${theme}`);
    }
  }
  expect(browser.complaints()).toEqual([]);
});
