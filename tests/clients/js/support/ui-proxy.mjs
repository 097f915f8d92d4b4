/**
 * MLflow's compiled web UI in front of any server: the static build at `/`, everything the UI asks
 * for forwarded. The UI thinks it was served by the server under test.
 */

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { cache } from './paths.mjs';

const FORWARDED = ['/ajax-api', '/api', '/graphql', '/get-artifact', '/version', '/health'];

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** The folder `mlflow/server/js/build`, wherever an earlier step has put it. */
export function findUiBuild() {
  const places = [
    process.env.MLFLOW_UI_BUILD,
    path.join(cache, 'venvs/mlflow-3.17.2/lib/python3.11/site-packages/mlflow/server/js/build'),
    path.join(cache, 'mlflow-ui-3.17.2'),
  ].filter((place) => place !== undefined);
  const found = places.find((place) => fs.existsSync(path.join(place, 'index.html')));
  if (!found) throw new Error(`no MLflow web UI in any of ${places.join(', ')}; run fetch-ui.sh`);
  return path.resolve(found);
}

/**
 * @param {{ build: string, target: string }} options
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startUiProxy({ build, target }) {
  const proxy = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://proxy');
    if (FORWARDED.some((prefix) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`))) {
      forward(request, response, new URL(url.pathname + url.search, target));
    } else {
      serveFile(build, url.pathname, response);
    }
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (proxy.address());
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      }),
  };
}

function forward(request, response, target) {
  // Servers refuse a state-changing request whose Origin is not their own host.
  const headers = { ...request.headers, host: target.host };
  if (headers.origin) headers.origin = target.origin;
  const upstream = http.request(target, { method: request.method, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  upstream.on('error', (error) => {
    // 502 counts as a server error in the walk, which is what an unreachable server is.
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
    response.end(`proxy: ${error.message}`);
  });
  request.pipe(upstream);
}

function serveFile(build, pathname, response) {
  const relative = pathname === '/' ? 'index.html' : decodeURIComponent(pathname).replace(/^\/static-files\//, '');
  const file = path.resolve(build, relative.replace(/^\/+/, ''));
  if (!file.startsWith(build + path.sep) || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('no such file in the UI build');
    return;
  }
  const type = TYPES[/** @type {keyof typeof TYPES} */ (path.extname(file))] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type });
  fs.createReadStream(file).pipe(response);
}
