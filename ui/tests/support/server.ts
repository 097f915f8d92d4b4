/** The real binary on free ports with a fresh folder, for one file of tests. */

import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { withBuiltUi } from './built-ui';

const repository = path.resolve(import.meta.dirname, '../../..');
const binary = process.env.FANLIGHT_BIN ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(repository, 'target'), 'debug/fanlight');
export const artifacts = path.join(repository, 'target/test-artifacts');

const START_LIMIT_MS = 20_000;

export interface Server {
  url: string;
  /** Sends the demonstration's traces. */
  demo(): Promise<void>;
  /** Sends one trace of one span over OTLP; answers its id. */
  send(span: Sent): Promise<string>;
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export interface Sent {
  experiment: string;
  name: string;
  input: string;
  output?: string;
  session?: string;
  failed?: boolean;
  attributes?: Record<string, string | number>;
}

export async function startServer(flags: string[] = []): Promise<Server> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'fanlight-ui-'));
  const logFile = path.join(dataDir, 'server.log');
  const log = fs.openSync(logFile, 'w');
  const child = spawn(binary, ['server', '--port', '0', '--otlp-http-port', 'off', '--otlp-grpc-port', 'off', '--data-dir', path.join(dataDir, 'data'), ...flags], {
    stdio: ['ignore', log, log],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.once('exit', () => child.kill('SIGKILL'));
  const own = await greeted(logFile, () => child.exitCode !== null);
  const reached = await reachServer(own);
  return {
    ...reached,
    stop: async () => {
      await reached.stop();
      child.kill('SIGTERM');
      await gone;
      fs.rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A server that is there already; its UI is its own, or the one that was built last. */
export async function reachServer(address: string): Promise<Server> {
  const front = process.env.FANLIGHT_UI === 'built' ? await withBuiltUi(address, path.join(repository, 'ui/dist')) : null;
  const url = front?.url ?? address;
  const call = async (method: string, where: string, body?: unknown): Promise<unknown> => {
    const reply = await fetch(url + where, { method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!reply.ok) throw new Error(`${method} ${where}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  };
  return {
    url,
    call,
    demo: async () => {
      await promisify(execFile)(binary, ['demo', '--url', url]);
    },
    send: (span) => send(call, span),
    stop: () => {
      front?.close();
      return Promise.resolve();
    },
  };
}

async function greeted(logFile: string, ended: () => boolean): Promise<string> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const text = fs.readFileSync(logFile, 'utf8');
    const found = /https?:\/\/127\.0\.0\.1:\d+/.exec(text);
    if (found) return found[0];
    if (ended() || Date.now() > deadline) throw new Error(`${binary} did not start:\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

let sent = 0;

async function send(call: Server['call'], { experiment, name, input, output, session, failed, attributes = {} }: Sent): Promise<string> {
  sent += 1;
  const traceId = sent.toString(16).padStart(32, 'f');
  const text = (key: string, value: string | undefined) => (value === undefined ? [] : [{ key, value: { stringValue: value } }]);
  const now = BigInt(Date.now()) * 1_000_000n;
  await call('POST', '/v1/traces', {
    resourceSpans: [
      {
        resource: { attributes: text('service.name', experiment) },
        scopeSpans: [
          {
            spans: [
              {
                traceId,
                spanId: sent.toString(16).padStart(16, '1'),
                name,
                startTimeUnixNano: String(now - 250_000_000n),
                endTimeUnixNano: String(now),
                status: { code: failed ? 2 : 1 },
                attributes: [
                  ...text('mlflow.spanInputs', JSON.stringify(input)),
                  ...text('mlflow.spanOutputs', output === undefined ? undefined : JSON.stringify(output)),
                  ...text('session.id', session),
                  ...Object.entries(attributes).map(([key, value]) => ({ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } })),
                ],
              },
            ],
          },
        ],
      },
    ],
  });
  return `tr-${traceId}`;
}
