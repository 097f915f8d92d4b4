/** The calls of a trace as one conversation, in which what is repeated stands once. */

import type { Schemas } from '@/api/client';

export type Message = Schemas['MessageView'];
export type Span = Schemas['SpanView'];

export interface Said {
  span: string;
  message: Message;
}

/** Each call repeats the conversation before it: of its input only what nobody has said counts. */
export function mergeConversation(spans: Span[]): Said[] {
  const counts = new Map<string, number>();
  const said: Said[] = [];
  const ordered = [...spans].sort((a, b) => compareNanos(a.start_ns, b.start_ns));
  for (const span of ordered) {
    const here = new Map<string, number>();
    for (const message of [...span.messages.input, ...span.messages.output]) {
      const key = JSON.stringify([message.role, message.parts]);
      // The same words twice in one call were said twice.
      const number = (here.get(key) ?? 0) + 1;
      here.set(key, number);
      if (number <= (counts.get(key) ?? 0)) continue;
      counts.set(key, number);
      said.push({ span: span.id, message });
    }
  }
  return said;
}

function compareNanos(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length;
}
