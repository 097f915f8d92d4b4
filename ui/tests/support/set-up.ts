/** One server and one browser for the tests of a file; there from the first test on. */

import { afterAll, beforeAll } from 'vitest';

import { openBrowser, type Browser } from './browser';
import { reachServer, startServer, type Server } from './server';

export let server: Server;
export let browser: Browser;
/** The demonstration's experiment of mortgages. */
export let experiment: string;

interface Given {
  /** Of the server that is started. */
  flags?: string[];
  /** The address of one that is there already. */
  existing?: string | undefined;
}

/** Starts both before the tests, then fills the server, and stops both after them. */
export function setUp(fill?: () => Promise<void>, { flags = [], existing }: Given = {}): void {
  beforeAll(async () => {
    server = existing === undefined ? await startServer(flags) : await reachServer(existing);
    await fill?.();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });
}

/** Fills the server with the demonstration's traces. */
export async function demonstration(): Promise<void> {
  await server.demo();
  experiment = await experimentNamed('mortgage-agents');
}

/** The id of the experiment, which must be there. */
export async function experimentNamed(wanted: string): Promise<string> {
  const found = (await server.call('POST', '/api/v1/experiments/search', {})) as { experiments: { id: string; name: string }[] };
  const named = found.experiments.find(({ name }) => name === wanted);
  if (!named) throw new Error(`no experiment is called ${wanted}`);
  return named.id;
}
