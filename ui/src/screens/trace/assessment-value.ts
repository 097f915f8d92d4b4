/** Forms in which a value is given, and read again. */

export type Form = 'thumbs' | 'stars' | 'number' | 'text' | 'json';

export const STARS = [1, 2, 3, 4, 5] as const;

/** The name that is offered for a form; anything can be written instead. */
export const NAMES: Record<Form, string> = { thumbs: 'user_feedback', stars: 'rating', number: 'score', text: 'comment', json: '' };

/** How a value that somebody gave is best changed. */
export function formOf(name: string, value: unknown): Form {
  if (typeof value === 'boolean') return 'thumbs';
  if (typeof value === 'number') return isStars(name, value) ? 'stars' : 'number';
  return typeof value === 'string' ? 'text' : 'json';
}

/** A whole number from 1 to 5 of something that is called a rating. */
export function isStars(name: string, value: unknown): value is number {
  return /rating|stars/i.test(name) && STARS.some((star) => star === value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

/** What was typed, as a value; `undefined` while it is none. */
export function valueOf(form: Form, typed: string): unknown {
  const text = typed.trim();
  if (text === '') return undefined;
  if (form === 'text') return typed;
  if (form === 'number' || form === 'stars') {
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  try {
    const value = JSON.parse(text) as unknown;
    return form === 'thumbs' && typeof value !== 'boolean' ? undefined : value;
  } catch {
    return undefined;
  }
}
