/** Something the palette can do. */
export interface Entry {
  kind: 'trace' | 'session' | 'experiment' | 'action';
  label: string;
  run: () => void;
}

/** The id of a trace in what was typed or pasted: `tr-…`, or 32 hex digits, with an address around it or not. */
export function traceIdIn(text: string): string | null {
  const prefixed = /tr-[0-9a-z][0-9a-z-]{7,}/i.exec(text);
  if (prefixed) return prefixed[0];
  const bare = /(?:^|[^0-9a-f])([0-9a-f]{32})(?:$|[^0-9a-f])/i.exec(text);
  return bare?.[1] ? `tr-${bare[1].toLowerCase()}` : null;
}

/** Entries with all words of `text` in their label, those that begin with it first. */
export function matchingEntries(entries: Entry[], text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const begins = (entry: Entry) => entry.label.toLowerCase().startsWith(words[0] ?? '');
  const found = entries.filter((entry) => words.every((word) => entry.label.toLowerCase().includes(word)));
  return words.length === 0 ? found : [...found.filter(begins), ...found.filter((entry) => !begins(entry))];
}
