/** The list of experiments: the first visit, and what can be done with them. */

import { expect, test } from 'vitest';

import { browser, server, setUp } from './support/set-up';

setUp();

const row = (name: string) => browser.page.getByRole('row').filter({ has: browser.page.getByRole('link', { name, exact: true }) });

async function act(name: string, action: string): Promise<void> {
  await browser.page.getByRole('button', { name: `Actions for ${name}` }).click();
  await browser.page.getByRole('menuitem', { name: action }).click();
}

test('the first visit shows how to send a trace, and notices it', async () => {
  const { page } = browser;
  await page.goto(`${server.url}/`);
  await page.getByRole('heading', { name: 'Send the first trace' }).waitFor();
  expect(await page.getByText(`mlflow.set_tracking_uri("${server.url}")`).count()).toBe(1);
  await browser.assertAccessible('experiments-first');
  await server.send({ experiment: 'shop', name: 'hello', input: 'is anybody there?' });
  await row('shop').waitFor();
  expect(await row('shop').innerText()).toContain('1');
  expect(browser.complaints()).toEqual([]);
});

test('counts and the share of errors are those of the traces', async () => {
  const { page } = browser;
  for (const failed of [true, false, false]) await server.send({ experiment: 'shop', name: 'more', input: 'x', failed });
  await page.reload();
  await row('shop').waitFor();
  const cells = await row('shop').getByRole('cell').allInnerTexts();
  expect(cells.slice(0, 4)).toEqual(['shop', '4', '25%', 'now']);
  await browser.assertAccessible('experiments');
  await page.getByRole('link', { name: '25%' }).click();
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  expect(await page.getByRole('grid').getByRole('row').count()).toBe(2);
  expect(browser.complaints()).toEqual([]);
});

test('experiments are made, renamed, tagged, found, deleted and brought back', async () => {
  const { page } = browser;
  await page.goto(`${server.url}/experiments`);
  await page.getByRole('button', { name: 'New experiment' }).click();
  await page.getByLabel('Name', { exact: true }).fill('shop');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('alert').filter({ hasText: 'shop' }).waitFor();
  await browser.assertAccessible('experiment-name-taken');
  await page.getByLabel('Name', { exact: true }).fill('<img src=x onerror=alert(1)>');
  await page.getByRole('button', { name: 'Create' }).click();
  await row('<img src=x onerror=alert(1)>').waitFor();

  await act('<img src=x onerror=alert(1)>', 'Rename');
  await page.getByLabel('Name', { exact: true }).fill('second');
  await page.getByRole('button', { name: 'Rename' }).click();
  await row('second').waitFor();

  await act('second', 'Edit tags');
  await page.getByLabel('Key').fill('team');
  await page.getByRole('textbox', { name: 'Value' }).fill('red "quoted"');
  await page.getByRole('button', { name: 'Save' }).click();
  await row('second').getByText('red "quoted"').waitFor();

  await page.getByRole('searchbox', { name: 'Search experiments' }).fill('team red');
  await expect.poll(() => page.getByRole('link', { name: 'shop', exact: true }).count()).toBe(0);
  expect(page.url()).toContain('text=team+red');

  await act('second', 'Delete');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('Deleted second.').waitFor();
  await expect.poll(() => row('second').count()).toBe(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await row('second').waitFor();
  // The refusal of the taken name was meant.
  expect(browser.complaints().filter((text) => !text.includes('400'))).toEqual([]);
});
