/** What differs between two texts. */

export interface Piece {
  text: string;
  /** Only in the first, only in the second, or in both. */
  side: 'a' | 'b' | 'both';
}

/** Larger differences are not looked into: the table would be too big. */
const MOST_CELLS = 4_000_000;

/** Line by line where there are many lines, else word by word. */
export function diff(a: string, b: string): Piece[] {
  if (a === b) return a === '' ? [] : [{ text: a, side: 'both' }];
  const words = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
  const finely = diffParts(a.match(words) ?? [], b.match(words) ?? []);
  return finely ?? diffParts(a.match(/[^\n]*\n|[^\n]+/g) ?? [], b.match(/[^\n]*\n|[^\n]+/g) ?? []) ?? whole(a, b);
}

function whole(a: string, b: string): Piece[] {
  return joined([{ text: a, side: 'a' }, { text: b, side: 'b' }]);
}

/** `null` when it would take too long. */
function diffParts(a: string[], b: string[]): Piece[] | null {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = longestCommon(a.slice(start, a.length - end), b.slice(start, b.length - end));
  if (!middle) return null;
  const both = (parts: string[]): Piece[] => [{ text: parts.join(''), side: 'both' }];
  return joined([...both(a.slice(0, start)), ...middle, ...both(a.slice(a.length - end))]);
}

function longestCommon(a: string[], b: string[]): Piece[] | null {
  const width = b.length + 1;
  if ((a.length + 1) * width > MOST_CELLS) return null;
  // Length of the longest common rest from each pair of places.
  const rest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => rest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      rest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ text: a[i] ?? '', side: 'both' });
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) {
      pieces.push({ text: a[i] ?? '', side: 'a' });
      i += 1;
    } else {
      pieces.push({ text: b[j] ?? '', side: 'b' });
      j += 1;
    }
  }
  return pieces;
}

/** Neighbours of one side as one. */
function joined(pieces: Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (piece.text === '') continue;
    if (last?.side === piece.side) last.text += piece.text;
    else all.push({ ...piece });
  }
  return all;
}
