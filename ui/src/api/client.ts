/** Typed calls of `/api/v1`: paths, bodies and replies come from the server's own document. */

import { serverUrl } from '@/lib/base';

import type { components, paths } from './schema';

export type Schemas = components['schemas'];

type Method = 'get' | 'post' | 'patch' | 'delete';
type Prefixed = keyof paths;
type PathOf<M extends Method> = { [P in Prefixed]: paths[P][M] extends object ? (P extends `/api/v1${infer Rest}` ? Rest : never) : never }[Prefixed];
type Operation<M extends Method, P extends string> = `/api/v1${P}` extends Prefixed ? paths[`/api/v1${P}`][M] : never;
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? { body: B } : { body?: undefined };
type ParamsOf<O> = O extends { parameters: { path: infer T } } ? { path: T } : { path?: undefined };
type QueryOf<O> = O extends { parameters: { query: infer Q } } ? { query: Q } : { query?: undefined };
type ReplyOf<O> = O extends { responses: { 200: { content: { 'application/json': infer R } } } } ? R : never;
export type Ask<O> = BodyOf<O> & ParamsOf<O> & QueryOf<O> & { signal?: AbortSignal };

/** A refusal or failure in the server's words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Path of the member that was wrong. */
    readonly field: string | null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface Loose {
  body?: unknown;
  path?: Record<string, string> | undefined;
  query?: Record<string, string | undefined> | undefined;
  signal?: AbortSignal;
}

/** `call('post', '/traces/search', { body })`. */
export async function call<M extends Method, P extends PathOf<M>>(method: M, path: P, ask: Ask<Operation<M, P>>): Promise<ReplyOf<Operation<M, P>>> {
  const loose = ask as Loose;
  const reply = await send(method, apiUrl(path, loose), loose);
  return (await reply.json()) as ReplyOf<Operation<M, P>>;
}

/** An address of the API, for links and downloads. */
export function apiUrl(path: string, { path: params = {}, query = {} }: Pick<Loose, 'path' | 'query'> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const url = new URL(serverUrl(`api/v1${filled}`));
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url.href;
}

/** Sends and fails as `ApiError`; for replies that are not JSON. */
export async function send(method: Method, url: string, { body, signal }: Loose = {}): Promise<Response> {
  const init: RequestInit = { method: method.toUpperCase() };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { 'content-type': 'application/json' };
  }
  let reply: Response;
  try {
    reply = await fetch(url, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached.', null);
  }
  if (reply.ok) return reply;
  throw await failure(reply);
}

async function failure(reply: Response): Promise<ApiError> {
  const text = await reply.text();
  try {
    const { error } = JSON.parse(text) as Schemas['ErrorReply'];
    return new ApiError(reply.status, error.code, error.message, error.field);
  } catch {
    return new ApiError(reply.status, 'unknown', text.slice(0, 200) || `The server answered ${reply.status}.`, null);
  }
}
