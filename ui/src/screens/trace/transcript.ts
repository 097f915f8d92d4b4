/** The calls of a trace as one conversation, in which what is repeated stands once. */

import type { Schemas } from '@/api/client';

import type { SpanRow } from './tree';

export type Message = Schemas['MessageView'];
export type Span = Schemas['SpanView'];

export interface Said {
  span: string;
  message: Message;
}

/** A call and what was said in it. */
export interface Call {
  row: Pick<SpanRow, 'id' | 'type' | 'offset_ms' | 'duration_ms'>;
  messages: Span['messages'];
}

interface Moment {
  /** Milliseconds after the start of the trace. */
  at: number;
  span: string;
  messages: Message[];
}

/**
 * Each call repeats the conversation before it: of its input only what nobody has said counts. Nothing from `until` on is
 * told: calls that are not loaded yet come first.
 */
export function mergeConversation(calls: Call[], until = Infinity): Said[] {
  const counts = new Map<string, number>();
  const said: Said[] = [];
  for (const { span, messages } of momentsOf(calls).filter(({ at }) => at < until)) {
    const here = new Map<string, number>();
    for (const message of messages) {
      const key = keyOf(message);
      // The same words twice in one call were said twice.
      const number = (here.get(key) ?? 0) + 1;
      here.set(key, number);
      if (number <= (counts.get(key) ?? 0)) continue;
      counts.set(key, number);
      said.push({ span, message });
    }
  }
  return said;
}

/** What a message is known by again: nobody sends a model its thinking back. */
function keyOf({ role, parts }: Message): string {
  const spoken = parts.filter((part) => !(typeof part === 'object' && part !== null && 'type' in part && part.type === 'reasoning'));
  return JSON.stringify([role, spoken.length > 0 ? spoken : parts]);
}

/** In their order. What an agent answers comes after the calls it is made of, a model's answer right after its question. */
function momentsOf(calls: Call[]): Moment[] {
  const moments = calls.flatMap<Moment>(({ row: { id, type, offset_ms, duration_ms }, messages: { input, output } }) => {
    const isAgent = /^AGENT$/i.test(type ?? '');
    if (!isAgent) return [{ at: offset_ms, span: id, messages: [...input, ...output] }];
    return [{ at: offset_ms, span: id, messages: input }, { at: duration_ms === null ? Number.MAX_VALUE : offset_ms + duration_ms, span: id, messages: output }];
  });
  return moments.sort((a, b) => a.at - b.at);
}
