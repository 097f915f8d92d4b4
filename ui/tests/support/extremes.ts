/** Data as no demonstration has it: one trace alone, and an experiment in which everything is long, many or foreign. */

import { sendLargeTrace } from './many';
import { sendTrace, type SpanSent } from './otlp';
import type { Server } from './server';

const LONG = 'a name that somebody generated from a path and never looked at again '.repeat(4).trim();
const ARABIC = 'ما هي حالة محفظتي الاستثمارية اليوم؟';
const WIDE = 'W'.repeat(300);
const PROVIDERS = ['openai', 'anthropic', 'vertex_ai', 'bedrock', 'mistral'];

/** Answers the ids of a trace with many kinds of long values, and of one with so many spans. */
export async function sendExtremes(server: Server, experiment: string, spans: number): Promise<{ long: string; large: string }> {
  const model = (at: number) => `${PROVIDERS[at % PROVIDERS.length] ?? ''}/a-model-of-a-very-long-name-${at}-preview-2026-11-${10 + (at % 20)}`;
  for (let at = 0; at < 40; at += 1) {
    const texts = [LONG, ARABIC, WIDE, `${at} 😀 ${'日本語のとても長い文章です。'.repeat(20)}`];
    const text = texts[at % texts.length] ?? '';
    const root: SpanSent = {
      id: 0, name: at % 3 === 0 ? LONG : `step ${at} ${text}`, from: 0, to: 10 ** (at % 8), ...(at % 5 === 0 ? { failed: `${text} ${'could not be done '.repeat(40)}` } : {}),
      attributes: { 'mlflow.spanType': 'AGENT', 'mlflow.spanInputs': { question: text }, 'mlflow.spanOutputs': text.repeat(3), 'session.id': `${at % 6} ${text}`.slice(0, 200), 'user.id': `${at}.${text}`.slice(0, 200) },
    };
    const calls = Array.from({ length: 12 }, (_, place): SpanSent => ({
      id: place + 1, parent: place === 0 ? 0 : place % 3 === 0 ? 0 : place, name: `${place} ${text}`, from: place, to: place + 1,
      attributes: { 'mlflow.spanType': place % 2 === 0 ? 'CHAT_MODEL' : 'TOOL', 'gen_ai.request.model': model(at * 12 + place), 'gen_ai.usage.input_tokens': 7 ** place, 'gen_ai.usage.output_tokens': 3 ** place, 'mlflow.spanInputs': { messages: [{ role: 'user', content: text }] } },
    }));
    await sendTrace(server, experiment, 5000 + at, [root, ...calls], 60_000 * (at + 1));
  }
  const long = `tr-c${(5000).toString(16).padStart(31, '0')}`;
  const tags = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`label.${at}.of-a-key-which-is-rather-long`, `${at} ${LONG}`]));
  for (let first = 0; first < 1000; first += 100) {
    await server.call('POST', '/api/v1/traces/tags', { traces: [long], set: Object.fromEntries(Object.entries(tags).slice(first, first + 100)) });
  }
  const deep = Array.from({ length: 120 }, (_, at): SpanSent => ({ id: at, ...(at === 0 ? {} : { parent: at - 1 }), name: `level ${at}`, from: at, to: 240 - at, attributes: { 'mlflow.spanInputs': 'deeper' } }));
  await sendTrace(server, experiment, 6000, deep);
  const large = await sendLargeTrace(server, spans);
  return { long, large };
}
