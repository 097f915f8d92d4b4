/** A server with the UI as it was last built, in place of the one it was compiled with: trying a change needs no Rust. */

import fs from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export interface Front {
  url: string;
  close(): void;
}

/** What is asked goes through to the server, but for assets; its page names those of `dist`. */
export async function withBuiltUi(server: string, dist: string): Promise<Front> {
  const behind = new URL(server);
  const agent = new http.Agent({ keepAlive: true });
  const front = http.createServer((request, response) => {
    const asset = /\/(assets\/[\w.-]+|icon\.svg)$/.exec(new URL(request.url ?? '/', server).pathname)?.[1];
    if (asset !== undefined) sendFile(path.join(dist, asset), request, response);
    else pass(request, response);
  });
  const pass = (request: IncomingMessage, response: ServerResponse) => {
    const headers = { ...request.headers, host: behind.host };
    if (headers.origin !== undefined) headers.origin = behind.origin;
    const asked = http.request({ host: behind.hostname, port: behind.port, path: request.url, method: request.method, headers, agent }, (reply) => {
      if (reply.headers['content-type']?.startsWith('text/html') === true) void sendPage(reply, response, dist);
      else {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      }
    });
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    request.pipe(asked);
  };
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    close: () => {
      front.close();
      front.closeAllConnections();
      agent.destroy();
    },
  };
}

/** The server's own page with its policy; only the names of script and style are those of `dist`. */
async function sendPage(reply: IncomingMessage, response: ServerResponse, dist: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk as Buffer);
  const built = fs.readFileSync(path.join(dist, 'index.html'), 'utf8');
  const nameOf = (ending: string) => new RegExp(`assets/index-[\\w-]+\\.${ending}`).exec(built)?.[0] ?? '';
  const page = Buffer.from(Buffer.concat(chunks).toString().replace(/assets\/index-[\w-]+\.(js|css)/g, (_, ending: string) => nameOf(ending)));
  response.writeHead(reply.statusCode ?? 502, { ...reply.headers, 'content-length': page.length }).end(page);
}

function sendFile(file: string, request: IncomingMessage, response: ServerResponse): void {
  if (!fs.existsSync(file)) {
    response.writeHead(404).end('not found\n');
    return;
  }
  const accepted = request.headers['accept-encoding']?.toString() ?? '';
  const [encoding, ending] = accepted.includes('br') ? ['br', '.br'] : ['gzip', '.gz'];
  const twin = fs.existsSync(file + ending);
  response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'cache-control': 'public, max-age=31536000, immutable', ...(twin ? { 'content-encoding': encoding } : {}) });
  response.end(fs.readFileSync(twin ? file + ending : file));
}
