/**
 * Writes `src/api/schema.ts` from the document a server has at `/api/v1/openapi.json`.
 *
 *     node build/api-types.mjs http://127.0.0.1:5000           writes it
 *     node build/api-types.mjs http://127.0.0.1:5000 --check   only says whether it is current
 */

import fs from 'node:fs';
import path from 'node:path';

import openapiTS, { astToString } from 'openapi-typescript';

const [server = 'http://127.0.0.1:5000', mode] = process.argv.slice(2);
const target = path.resolve(import.meta.dirname, '../src/api/schema.ts');
const reply = await fetch(new URL('/api/v1/openapi.json', server));
if (!reply.ok) throw new Error(`${server} answered ${reply.status}`);
const head = '/** Made from the OpenAPI document by `npm run api`. */\n/* eslint-disable */\n';
const text = head + astToString(await openapiTS(await reply.json(), { alphabetize: true }));
if (mode !== '--check') {
  fs.writeFileSync(target, text);
} else if (fs.readFileSync(target, 'utf8') !== text) {
  console.error('ui/src/api/schema.ts is not what the server says; run `npm run api` in ui/ beside a running server');
  process.exitCode = 1;
}
