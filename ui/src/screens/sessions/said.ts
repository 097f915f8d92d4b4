/** What a preview says, with its lines; previews of JSON are read as far as they are whole. */

import { readable } from '@/screens/traces/readable';

const MEMBERS = ['message', 'question', 'query', 'input', 'prompt', 'text', 'content', 'request', 'response', 'answer', 'output', 'result'];

export function said(preview: string): string {
  if (!/^\s*["{]/.test(preview)) return preview;
  let value: unknown;
  try {
    value = JSON.parse(preview);
  } catch {
    // It was cut off.
    return readable(preview);
  }
  if (typeof value === 'string') return value;
  for (const member of MEMBERS) {
    const text = value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[member] : undefined;
    if (typeof text === 'string' && text !== '') return text;
  }
  return preview;
}
