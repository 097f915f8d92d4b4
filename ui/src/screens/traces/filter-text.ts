/** Filters as text: what a click on a value adds to them, and takes away again. */

/** Properties of facets, as the filter language names them. */
const KEYS: Record<string, string> = {
  state: 'status',
  name: 'name',
  user: 'metadata.`mlflow.trace.user`',
  session: 'metadata.`mlflow.trace.session`',
  run: 'run_id',
  'span.name': 'span.name',
  'span.type': 'span.type',
  'span.status': 'span.status',
  'span.model': 'span.model',
};

/** The key of a filter that asks for a property. */
export function filterKey(property: string): string {
  const [, kind, key] = /^(tag|metadata|attribute)\.(.*)$/s.exec(property) ?? [];
  if (kind === undefined || key === undefined) return KEYS[property] ?? property;
  const prefix = { tag: 'tags.', metadata: 'metadata.', attribute: 'span.attributes.' }[kind] ?? '';
  return prefix + quotedKey(key);
}

export function quotedKey(key: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(key) ? key : '`' + key.replaceAll('`', '') + '`';
}

/** A text of the language, in the quotes it does not have itself. */
export function quoted(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`;
}

/** Traces that have words anywhere. The language has no text with both kinds of quotes; `_` is any one character. */
export function hasText(words: string): string {
  const pattern = words.includes("'") && words.includes('"') ? words.replaceAll("'", '_') : words;
  return `trace.text ILIKE ${quoted(`%${pattern}%`)}`;
}

export function equals(property: string, value: string): string {
  return `${filterKey(property)} = ${quoted(value)}`;
}

/**
 * The parts that must all hold, as written. A filter with an OR at the top is one part.
 */
export function parts(filter: string): string[] {
  const found: string[] = [];
  let start = 0;
  let hasOr = false;
  for (const { word, from, to, depth } of words(filter)) {
    if (depth > 0) continue;
    if (word === 'OR') hasOr = true;
    if (word !== 'AND') continue;
    found.push(filter.slice(start, from).trim());
    start = to;
  }
  found.push(filter.slice(start).trim());
  const whole = filter.trim();
  return hasOr ? [whole] : found.filter((part) => part !== '');
}

/** All parts as one filter. */
export function joined(all: string[]): string {
  if (all.length < 2) return all[0] ?? '';
  return all.map((part) => (hasTopOr(part) ? `(${part})` : part)).join(' AND ');
}

/** Both must hold. */
export function and(...filters: string[]): string {
  return joined(filters.filter((filter) => filter.trim() !== ''));
}

/** The values of a property that a filter asks for, when it does in the form that `withValues` writes. */
export function valuesOf(filter: string, property: string): string[] {
  for (const part of parts(filter)) {
    const values = valuesIn(part, property);
    if (values) return values;
  }
  return [];
}

/** The filter with other values asked for of a property; several of them in an OR. */
export function withValues(filter: string, property: string, values: string[]): string {
  const others = parts(filter).filter((part) => valuesIn(part, property) === null);
  const all = values.map((value) => equals(property, value));
  const asked = all.length > 1 ? [`(${all.join(' OR ')})`] : all;
  return joined([...others, ...asked]);
}

export function toggled(filter: string, property: string, value: string): string {
  const values = valuesOf(filter, property);
  return withValues(filter, property, values.includes(value) ? values.filter((other) => other !== value) : [...values, value]);
}

function valuesIn(part: string, property: string): string[] | null {
  const inner = part.startsWith('(') && part.endsWith(')') ? part.slice(1, -1) : part;
  const start = `${filterKey(property)} = `;
  const values: string[] = [];
  for (const one of alternatives(inner)) {
    const literal = one.startsWith(start) ? one.slice(start.length) : '';
    const value = /^(?:'([^']*)'|"([^"]*)")$/s.exec(literal);
    if (!value) return null;
    values.push(value[1] ?? value[2] ?? '');
  }
  return values.length > 0 ? values : null;
}

function alternatives(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  for (const { word, from, to, depth } of words(text)) {
    if (depth > 0 || word !== 'OR') continue;
    found.push(text.slice(start, from).trim());
    start = to;
  }
  return [...found, text.slice(start).trim()].filter((one) => one !== '');
}

function hasTopOr(text: string): boolean {
  return words(text).some(({ word, depth }) => depth === 0 && word === 'OR');
}

/** Bare words outside of quotes, with the parentheses around them. */
function words(text: string): { word: string; from: number; to: number; depth: number }[] {
  const found: { word: string; from: number; to: number; depth: number }[] = [];
  let depth = 0;
  for (const match of text.matchAll(/'[^']*'?|"[^"]*"?|`[^`]*`?|[()]|[^\s'"`()]+/g)) {
    const [token] = match;
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (/^[a-z]+$/i.test(token)) found.push({ word: token.toUpperCase(), from: match.index, to: match.index + token.length, depth });
  }
  return found;
}
