/** What surrounds every screen, and how the server serves it. */

import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, test } from 'vitest';

import { browser, server, setUp } from './support/set-up';

setUp(async () => {
  await server.send({ experiment: 'first', name: 'hello', input: 'who is there?' });
}, { flags: ['--base-path', '/tools/fan', '--frame-ancestors', 'http://localhost:*'] });

describe('the page', () => {
  test('has a policy, is never cached, and its assets are cached for ever', async () => {
    const page = await fetch(`${server.url}/tools/fan/experiments`);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(await page.text())?.[1] ?? '';
    for (const where of [`${server.url}/${script}`, `${server.url}/tools/fan/${script}`]) {
      const asset = await fetch(where, { headers: { 'accept-encoding': 'br' } });
      expect(asset.headers.get('cache-control')).toContain('immutable');
      expect(asset.headers.get('content-encoding')).toBe('br');
    }
    expect((await fetch(`${server.url}/assets/nothing.js`)).status).toBe(404);
  });

  test('works below a path, at a deep address, and after going back', async () => {
    const { page } = browser;
    await page.goto(`${server.url}/tools/fan/experiments/1/traces`);
    await page.getByRole('heading', { name: 'Traces' }).waitFor();
    await page.getByRole('link', { name: 'Experiments' }).first().click();
    await page.waitForURL('**/tools/fan/experiments');
    await page.goBack();
    await page.getByRole('heading', { name: 'Traces' }).waitFor();
    expect(browser.complaints()).toEqual([]);
  });

  test('an address that nothing has is a page with a way back, and an answer to programs', async () => {
    const { page } = browser;
    for (const [where, words] of [['nonsense', 'There is no such page'], ['experiments/1/nonsense', 'There is no such page'], ['traces/tr-nothing', 'tr-nothing'], ['experiments/1/sessions/nobody', 'There is no such session'], ['experiments/1/traces/tr-0123456789', 'tr-0123456789']] as const) {
      const reply = await page.goto(`${server.url}/tools/fan/${where}`);
      expect(reply?.status()).toBe(where === 'nonsense' ? 404 : 200);
      await page.getByRole('alert').filter({ hasText: words }).waitFor();
      expect(await page.getByRole('navigation', { name: 'Main' }).count()).toBe(1);
      browser.complaints();
    }
    await page.goto(`${server.url}/tools/fan/nonsense`);
    await page.getByRole('alert').waitFor();
    await browser.assertAccessible('not-found');
    await page.getByRole('link', { name: 'All experiments' }).click();
    await page.waitForURL('**/tools/fan/experiments');
    const program = await fetch(`${server.url}/nonsense`);
    expect([program.status, await program.text()]).toEqual([404, 'not found\n']);
    const api = await fetch(`${server.url}/api/v1/nonsense`, { headers: { accept: 'text/html' } });
    expect([api.status, ((await api.json()) as { error: { code: string } }).error.code]).toEqual([404, 'not_found']);
    // The 404s were meant.
    browser.complaints();
  });

  test('⌘K finds an experiment and the id of a trace', async () => {
    const { page } = browser;
    await page.goto(`${server.url}/tools/fan/experiments`);
    await page.getByRole('heading', { name: 'Experiments' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search and jump' }).fill('fir');
    await page.getByRole('option', { name: /first/ }).waitFor();
    await browser.assertAccessible('palette');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/experiments/1/traces');
    await page.keyboard.press('Control+k');
    const id = await server.send({ experiment: 'first', name: 'jump', input: 'here' });
    await page.getByRole('combobox', { name: 'Search and jump' }).fill(` ${id}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/experiments/1/traces/${id}`);
    expect(browser.complaints()).toEqual([]);
  });

  test('is shown in a frame of an origin that may, and of no other', async () => {
    const { page } = browser;
    const portal = http.createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<iframe src="${server.url}/tools/fan/experiments" width="1000" height="600"></iframe>`));
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
    const { port } = portal.address() as AddressInfo;
    try {
      // The same page, by a name that is allowed and by one that is not.
      await page.goto(`http://localhost:${port}/`);
      await page.frameLocator('iframe').getByRole('link', { name: 'first', exact: true }).waitFor();
      await page.frameLocator('iframe').getByRole('link', { name: 'first', exact: true }).click();
      await page.frameLocator('iframe').locator('[data-trace]').first().waitFor();
      expect(browser.complaints()).toEqual([]);
      await page.goto(`http://127.0.0.1:${port}/`);
      await expect.poll(() => browser.complaints().join()).toContain('frame-ancestors');
      expect(await page.frameLocator('iframe').getByRole('link', { name: 'first', exact: true }).count()).toBe(0);
    } finally {
      portal.close();
    }
    browser.complaints();
  });

  test('? lists the shortcuts, and the theme is remembered', async () => {
    const { page } = browser;
    await page.goto(`${server.url}/tools/fan/help`);
    await page.getByRole('heading', { name: 'Help' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await browser.assertAccessible('shortcuts');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Theme' }).click();
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'Help' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    expect(browser.complaints()).toEqual([]);
  });
});
