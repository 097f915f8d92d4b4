/**
 * A server under test: our own process on random ports and a fresh data directory, or one that
 * already runs when `FANLIGHT_TEST_URL` names it (how these tests are checked against real MLflow).
 */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { artifacts, binary } from './paths.mjs';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;
/** Printed once the server listens. */
const GREETING = /Open +(http:\S+)\n +OTLP +(http:\S+) \(HTTP\), (http:\S+) \(gRPC\)\n/;

/**
 * What the server under test may be excused from. Only the reference is excused, and only where
 * Fanlight means to do better, so that everything else is held to what the reference really does.
 *
 * @type {Record<string, string>}
 */
const REFERENCE_LACKS = {
  'experiment-by-service': 'the reference answers 422 without x-mlflow-experiment-id',
  grpc: 'the reference has no gRPC',
  'otlp-http-port': 'the reference has no port for OTLP alone',
  'uploaded-spans': 'the reference keeps an uploaded traces.json as a file and never reads its spans',
};

/** `node:test` options for a test that needs `feature`; skips it on a server that lacks it. */
export function needs(feature) {
  if (!(feature in REFERENCE_LACKS)) throw new Error(`unknown feature ${feature}`);
  return { skip: isReference() ? REFERENCE_LACKS[feature] : false };
}

/** True while the tests are being checked against a real MLflow server. */
export function isReference() {
  return process.env.FANLIGHT_TEST_PEER === 'mlflow';
}

/**
 * @typedef {object} Server
 * @property {string} url      REST and OTLP/HTTP, for example `http://127.0.0.1:40001`
 * @property {string} otlpUrl  the port that speaks OTLP/HTTP only
 * @property {string} grpcUrl  the port that speaks OTLP/gRPC
 * @property {() => Promise<void>} stop  ends the process this helper started, if it started one
 */

/**
 * Starts the binary and returns once it listens.
 *
 * @param {string} name names the log file, `<artifacts>/<name>.server.log`
 * @returns {Promise<Server>}
 */
export async function startServer(name) {
  const running = process.env.FANLIGHT_TEST_URL;
  if (running) {
    const url = running.replace(/\/$/, '');
    return {
      url,
      otlpUrl: process.env.FANLIGHT_TEST_OTLP_URL ?? url,
      grpcUrl: process.env.FANLIGHT_TEST_GRPC_URL ?? url,
      stop: async () => {},
    };
  }

  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'fanlight-js-'));
  fs.mkdirSync(artifacts, { recursive: true });
  const log = path.join(artifacts, `${name}.server.log`);
  const out = fs.openSync(log, 'w');
  const child = spawn(
    binary,
    [
      'server',
      ...['--host', '127.0.0.1'],
      ...['--port', '0'],
      ...['--otlp-http-port', '0'],
      ...['--otlp-grpc-port', '0'],
      ...['--data-dir', dataDir],
    ],
    { stdio: ['ignore', out, out] },
  );
  fs.closeSync(out);
  // Should the test process end early, the server must not outlive it.
  process.once('exit', () => child.kill('SIGKILL'));
  /** @type {Promise<string>} settles when the process is gone, with how it ended */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
  });

  const stop = async () => {
    child.kill('SIGTERM');
    const verdict = await Promise.race([ended, after(STOP_LIMIT_MS, 'late')]);
    if (verdict === 'late') {
      child.kill('SIGKILL');
      await ended;
    }
    fs.rmSync(dataDir, { recursive: true, force: true });
    if (verdict === 'late') throw new Error(`the server ignored SIGTERM for ${STOP_LIMIT_MS} ms, see ${log}`);
  };

  const early = ended.then((how) => {
    throw new Error(`${binary} ${how} before it was serving, see ${log}`);
  });
  early.catch(() => {});
  try {
    return { ...(await Promise.race([greeted(log), early])), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The addresses from the greeting. Ports looked for beforehand could be another program's by now. */
async function greeted(log) {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const found = GREETING.exec(fs.readFileSync(log, 'utf8'));
    if (found) return { url: found[1], otlpUrl: found[2], grpcUrl: found[3] };
    if (Date.now() > deadline) throw new Error(`no greeting within ${START_LIMIT_MS} ms, see ${log}`);
    await after(50);
  }
}

/**
 * @template T
 * @param {number} ms
 * @param {T} [value]
 * @returns {Promise<T | undefined>}
 */
function after(ms, value) {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}
