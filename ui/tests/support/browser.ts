/** Chromium with a fresh profile. A message on its console, an exception or a request that fails is a failed test. */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

import { chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

import { artifacts } from './server';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export interface Browser {
  page: Page;
  /** What the page complained about since the last look. */
  complaints(): string[];
  screenshot(name: string): Promise<void>;
  /** No serious violation of accessibility on the screen as it is, in either theme. */
  assertAccessible(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function openBrowser(viewport = { width: 1440, height: 900 }): Promise<Browser> {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'fanlight-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    viewport,
    // Tools of tests are put into the page; the policy itself is a test of its own.
    bypassCSP: false,
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  context.setDefaultTimeout(10_000);
  const page = context.pages()[0] ?? (await context.newPage());
  let said: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => said.push(`exception: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 500) said.push(`${response.status()} ${response.url()}`);
  });

  const screenshot = async (name: string) => {
    fs.mkdirSync(artifacts, { recursive: true });
    await page.screenshot({ path: path.join(artifacts, `fanlight-${name}.png`) });
  };
  return {
    page,
    complaints: () => {
      const all = said;
      said = [];
      return all;
    },
    screenshot,
    assertAccessible: async (name) => {
      for (const theme of ['light', 'dark']) {
        await setTheme(page, theme);
        await screenshot(`${name}-${theme}`);
        expect(await violations(page), `${name}, ${theme}`).toEqual([]);
      }
      await setTheme(page, 'light');
    },
    close: async () => {
      await context.close();
      fs.rmSync(profile, { recursive: true, force: true });
    },
  };
}

export async function setTheme(page: Page, theme: string): Promise<void> {
  await page.evaluate((name) => {
    localStorage.setItem('fanlight.theme', name);
    document.documentElement.dataset.theme = name;
    document.documentElement.style.colorScheme = name;
  }, theme);
}

interface Axe {
  run(where: Document, options: object): Promise<{ violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[] }>;
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(fs.readFileSync(axePath, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const found = await axe.run(document, { resultTypes: ['violations'] });
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} — ${failureSummary ?? ''}`));
  });
}
