const MOST = 20;

/** Where `words` is in `text`, whatever the case of its letters: starts and ends. */
export function matches(text: string, words: string): [number, number][] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return [];
  const lower = text.toLowerCase();
  // Some letters grow when they are made small: then places would be wrong.
  if (lower.length !== text.length) return [];
  const found: [number, number][] = [];
  for (let at = lower.indexOf(wanted); at >= 0 && found.length < MOST; at = lower.indexOf(wanted, at + wanted.length)) {
    found.push([at, at + wanted.length]);
  }
  return found;
}
