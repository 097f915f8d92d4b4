import { matches } from './matches';

/** A text with the searched words marked. */
export function Highlighted({ text, words }: { text: string; words: string }) {
  const found = matches(text, words);
  if (found.length === 0) return text;
  let at = 0;
  const pieces = found.flatMap(([from, to]) => {
    const before = text.slice(at, from);
    at = to;
    return [before, <mark key={from}>{text.slice(from, to)}</mark>];
  });
  return [...pieces, text.slice(at)];
}
