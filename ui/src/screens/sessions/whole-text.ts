/** The text behind a preview, in what the spans of its trace say. */

import type { Schemas } from '@/api/client';

type Span = Pick<Schemas['SpanView'], 'inputs' | 'outputs' | 'messages'>;
type SpanRow = Schemas['SpanRow'];

/** As the server cuts them. */
const PREVIEW_CHARS = 1000;
const CUT = '...';

const MOST_CALLS = 20;

export function isCut(preview: string | null): boolean {
  return preview !== null && preview.endsWith(CUT) && Array.from(preview).length === PREVIEW_CHARS;
}

/** The spans that may have it: the first one, then calls of models from both ends. */
export function spansToAsk(spans: SpanRow[]): string[] {
  const [root] = spans;
  const calls = spans.slice(1).filter(({ type }) => /^(LLM|CHAT_MODEL|AGENT)$/i.test(type ?? ''));
  const ends = calls.length > MOST_CALLS ? [...calls.slice(0, MOST_CALLS / 2), ...calls.slice(-MOST_CALLS / 2)] : calls;
  return [...(root ? [root] : []), ...ends].map(({ id }) => id);
}

/** `null` when no span has a text that begins so. */
export function wholeText(preview: string, side: 'input' | 'output', spans: Span[]): string | null {
  const head = preview.slice(0, -CUT.length);
  for (const { messages, inputs, outputs } of spans) {
    // What was said last is what a preview is of.
    for (const { parts } of [...messages[side]].reverse()) {
      const texts = parts.map((part) => contentOf(part));
      const found = [texts.filter((text) => text !== '').join('\n'), ...texts].find((text) => text.startsWith(head));
      if (found !== undefined) return found;
    }
    const value = side === 'input' ? inputs : outputs;
    const found = textIn(value, head) ?? (typeof value === 'object' ? [JSON.stringify(value)].find((text) => text.startsWith(head)) : undefined);
    if (found !== undefined) return found;
  }
  return null;
}

function contentOf(part: unknown): string {
  const content = typeof part === 'object' && part !== null && 'content' in part ? part.content : undefined;
  return typeof content === 'string' ? content : '';
}

function textIn(value: unknown, head: string): string | undefined {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string' && next.startsWith(head)) return next;
    if (typeof next === 'object' && next !== null) open.push(...(Object.values(next) as unknown[]).filter((inner) => inner !== undefined && inner !== null));
  }
  return undefined;
}
