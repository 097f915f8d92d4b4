/** A trace with one of everything that a span can show. */

import type { Server } from './server';
import { sendTrace } from './otlp';

/** One red point. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** A moment of silence. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

const STACK = `Traceback (most recent call last):
  File "/srv/app/orders.py", line 42, in lookup
    return self.client.get(f"/orders/{order}")
  File "/usr/lib/python3.12/site-packages/httpx/_client.py", line 1054, in get
    raise ReadTimeout(message)
httpx.ReadTimeout: the order service did not answer within 5 s`;

const text = (content: string) => ({ type: 'text', content });
const call = { type: 'tool_call', id: 'call_1', name: 'lookup_order', arguments: { order: 'A-1093', fields: ['status', 'eta'] } };

export async function sendRichTrace(server: Server, experiment: string, linked: string): Promise<string> {
  const model = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 1240, 'gen_ai.usage.output_tokens': 96 };
  const question = {
    role: 'user',
    parts: [text('Where is **this** order?'), { type: 'blob', modality: 'image', mime_type: 'image/png', content: PNG }, { type: 'blob', modality: 'audio', mime_type: 'audio/wav', content: WAV }],
  };
  const answer = { role: 'assistant', parts: [text('It was sent on Monday; see `A-1093`.')], finish_reason: 'stop' };
  return sendTrace(server, experiment, 900, [
    { id: 0, name: 'support', from: 0, to: 8000, attributes: { 'mlflow.spanType': 'AGENT', 'gen_ai.input.messages': [question], 'gen_ai.output.messages': [answer], 'session.id': 'thread-1', 'user.id': 'ada' } },
    {
      id: 1, parent: 0, name: 'find_documents', from: 100, to: 900,
      attributes: {
        'mlflow.spanType': 'RETRIEVER',
        'mlflow.spanInputs': { query: 'order policy' },
        'mlflow.spanOutputs': [
          { id: 'policy-7', page_content: 'Orders are sent **within two days**.', score: 0.912, metadata: { source: 'handbook.pdf', page: 12 } },
          { id: 'policy-9', page_content: 'Refunds take a week.', score: 0.5, metadata: { source: 'handbook.pdf', page: 31 } },
        ],
      },
      links: [{ traceId: linked.replace(/^tr-/, ''), spanId: '0000000000000001' }],
    },
    {
      id: 2, parent: 0, name: 'chat', from: 1000, to: 2500,
      attributes: {
        ...model, 'mlflow.spanType': 'CHAT_MODEL',
        'gen_ai.input.messages': [{ role: 'system', parts: [text('You help with orders.')] }, question],
        'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'reasoning', content: 'The picture shows the number A-1093.' }, call], finish_reason: 'tool_calls' }],
      },
    },
    { id: 3, parent: 0, name: 'lookup_order', from: 2500, to: 7500, failed: 'the order service did not answer within 5 s', attributes: { 'mlflow.spanType': 'TOOL', 'mlflow.spanInputs': call.arguments }, events: [{ name: 'exception', attributes: { 'exception.type': 'httpx.ReadTimeout', 'exception.message': 'the order service did not answer within 5 s', 'exception.stacktrace': STACK } }] },
    { id: 4, parent: 0, name: 'lookup_order', from: 7500, to: 7600, attributes: { 'mlflow.spanType': 'TOOL', 'mlflow.spanInputs': call.arguments, 'mlflow.spanOutputs': { status: 'sent', eta: 'Monday' } } },
    {
      id: 5, parent: 0, name: 'chat', from: 7600, to: 7990,
      attributes: {
        ...model, 'mlflow.spanType': 'CHAT_MODEL',
        'gen_ai.input.messages': [{ role: 'system', parts: [text('You help with orders.')] }, question, { role: 'assistant', parts: [call] }, { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: { status: 'sent', eta: 'Monday' } }] }],
        'gen_ai.output.messages': [answer],
      },
    },
  ]);
}
