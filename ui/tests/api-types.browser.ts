/** The types the UI is written against are those of the server. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { startServer } from './support/server';

test('the types made from the OpenAPI document are current', async () => {
  const server = await startServer();
  try {
    const script = path.resolve(import.meta.dirname, '../build/api-types.mjs');
    await expect(promisify(execFile)(process.execPath, [script, server.url, '--check'])).resolves.toBeDefined();
  } finally {
    await server.stop();
  }
});
