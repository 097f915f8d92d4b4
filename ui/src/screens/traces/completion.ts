/** What can stand where the cursor is in a filter. Knows the language's words, not the editor. */

export interface Place {
  kind: 'key' | 'operator' | 'value' | 'joiner';
  /** Where what is being typed begins. */
  from: number;
  /** What of it is there already, without a quote at its beginning. */
  typed: string;
  /** The key before it, for operators and values. */
  key: string;
}

interface Token {
  text: string;
  from: number;
  to: number;
}

const OPERATORS = new Set(['=', '!=', '<', '<=', '>', '>=', 'LIKE', 'ILIKE', 'RLIKE', 'IN', 'IS']);
const JOINERS = new Set(['AND', 'OR', 'NOT']);

/** Keys that need no data to be known, and what they mean. */
export const FIXED_KEYS: [string, string][] = [
  ['status', 'OK, ERROR or IN_PROGRESS'],
  ['name', 'of the trace'],
  ['execution_time_ms', 'milliseconds'],
  ['timestamp_ms', 'start, milliseconds since 1970'],
  ['trace.text', 'any text of any span'],
  ['span.name', 'of some span'],
  ['span.type', 'LLM, TOOL, AGENT, …'],
  ['span.status', 'OK, ERROR or UNSET'],
  ['span.model', 'as it was asked for'],
  ['span.content', 'any text of one span'],
  ['metadata.`mlflow.trace.user`', 'who asked'],
  ['metadata.`mlflow.trace.session`', 'the conversation'],
  ['request_id', 'of the trace'],
  ['run_id', 'the run it belongs to'],
];

/** The property whose values are those of a key; `null` where values are not listed. */
export function propertyOf(key: string): string | null {
  const plain = key.replaceAll('`', '');
  const fixed: Record<string, string> = {
    status: 'state',
    name: 'name',
    run_id: 'run',
    'span.name': 'span.name',
    'span.type': 'span.type',
    'span.status': 'span.status',
    'span.model': 'span.model',
    'metadata.mlflow.trace.user': 'user',
    'metadata.mlflow.trace.session': 'session',
  };
  if (Object.hasOwn(fixed, plain)) return fixed[plain] ?? null;
  const [, kind, name] = /^(tags?|metadata|span\.attributes)\.(.+)$/s.exec(plain) ?? [];
  if (kind === undefined || name === undefined) return null;
  const prefix = kind.startsWith('tag') ? 'tag' : kind === 'metadata' ? 'metadata' : 'attribute';
  return `${prefix}.${name}`;
}

export function operatorsOf(key: string): string[] {
  const plain = key.replaceAll('`', '');
  if (['execution_time_ms', 'timestamp_ms', 'end_time_ms'].includes(plain)) return ['>', '<', '>=', '<=', '=', '!='];
  if (plain === 'trace.text' || plain === 'span.content') return ['ILIKE', 'LIKE'];
  if (plain === 'status' || plain.startsWith('span.')) return ['=', '!=', 'IN', 'NOT IN', 'LIKE', 'ILIKE', 'RLIKE'];
  if (plain === 'request_id') return ['=', '!=', 'IN', 'LIKE'];
  return ['=', '!=', 'LIKE', 'ILIKE', 'RLIKE', 'IS NULL', 'IS NOT NULL'];
}

/** What the cursor at `at` is about to write. */
export function placeAt(filter: string, at: number): Place {
  const before = tokens(filter.slice(0, at));
  const last = before.at(-1);
  const isTyping = last !== undefined && last.to === at && !'(),'.includes(last.text) && !OPERATORS.has(last.text.toUpperCase());
  const done = isTyping ? before.slice(0, -1) : before;
  const from = isTyping ? last.from : at;
  const typed = isTyping ? last.text.replace(/^['"]/, '') : '';
  // A text that is finished asks for nothing but what comes after it.
  if (isTyping && /^(['"]).*\1$/s.test(last.text) && last.text.length > 1) return { kind: 'joiner', from: at, typed: '', key: '' };

  let kind: Place['kind'] = 'key';
  let key = '';
  let inList = false;
  for (const { text } of done) {
    const upper = text.toUpperCase();
    if (kind === 'key') {
      if (text === '(' || upper === 'NOT') continue;
      key = text;
      kind = 'operator';
    } else if (kind === 'operator') {
      if (upper === 'NOT') continue;
      kind = 'value';
    } else if (kind === 'value') {
      if (text === '(') inList = true;
      else if (text === ')' || (!inList && upper !== 'NOT')) {
        kind = 'joiner';
        inList = false;
      }
    } else if (JOINERS.has(upper)) {
      kind = 'key';
      key = '';
    }
  }
  return { kind, from, typed, key };
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(/'[^']*'?|"[^"]*"?|[(),]|[<>!=]+|(?:`[^`]*`?|[^\s'"`(),<>!=])+/g)) {
    found.push({ text: match[0], from: match.index, to: match.index + match[0].length });
  }
  return found;
}
