/** Chromium on a fresh profile, with every API exchange of the page recorded. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { artifacts } from './paths.mjs';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The UI opens an assistant and a hint over the page on a first visit; these say both were seen. */
const SEEN_BEFORE = {
  'mlflow.assistant.fab.autoOpenedOnFirstLoad_v1': 'true',
  'mlflow.assistant.panelOpen_v1': 'false',
  'mlflow.detectIssues.guidanceShown_v1': 'true',
};

const ACTION_LIMIT_MS = 10_000;

/**
 * @typedef {object} Exchange
 * @property {string} method
 * @property {string} path  with the query, without the host
 * @property {string | null} request  the request's body
 * @property {number} status
 * @property {string} response  the response's body
 *
 * @typedef {object} Browser
 * @property {import('playwright-core').Page} page
 * @property {() => Promise<Exchange[]>} exchanges  waits for bodies under way, then all exchanges so far, in order
 * @property {string[]} errors  uncaught exceptions of the page
 * @property {(name: string) => Promise<void>} screenshot  `<artifacts>/<name>.png`
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<Browser>} */
export async function openBrowser() {
  fs.mkdirSync(artifacts, { recursive: true });
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'fanlight-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ARGUMENTS,
    viewport: { width: 2000, height: 1000 },
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  await context.addInitScript((seen) => {
    for (const [key, value] of Object.entries(seen)) localStorage.setItem(key, value);
  }, SEEN_BEFORE);
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(ACTION_LIMIT_MS);

  /** @type {Promise<Exchange>[]} */
  const pending = [];
  page.on('response', (response) => {
    const url = new URL(response.url());
    if (!url.pathname.startsWith('/ajax-api/') && url.pathname !== '/graphql') return;
    pending.push(record(response, url));
  });
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));

  return {
    page,
    errors,
    exchanges: () => Promise.all(pending),
    screenshot: async (name) => {
      await page.screenshot({ path: path.join(artifacts, `${name}.png`) });
    },
    close: async () => {
      await context.close();
      fs.rmSync(profile, { recursive: true, force: true });
    },
  };
}

async function record(response, url) {
  const request = response.request();
  // A body is gone when its page navigated away; the status still counts.
  const text = await response.text().catch(() => '');
  return {
    method: request.method(),
    path: url.pathname + url.search,
    request: request.postData(),
    status: response.status(),
    response: text,
  };
}
