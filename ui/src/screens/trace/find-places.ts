/** Where words are in what the page shows, whatever elements the text is divided into. */

const MOST = 1000;

/** What begins a new line: a text does not go on from one into the next. */
const LINES = 'p, li, pre, td, th, dd, dt, div, article, section, summary, header, blockquote, h1, h2, h3, h4';

/** Ranges with the words, in the order of the page. What is folded counts only where nothing else has them. */
export function findPlaces(region: Element, words: string): Range[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return [];
  const lines = linesOf(region);
  const open = lines.filter(({ isFolded }) => !isFolded).flatMap(({ nodes }) => placesIn(nodes, wanted));
  const found = open.length > 0 ? open : lines.flatMap(({ nodes }) => placesIn(nodes, wanted));
  return found.slice(0, MOST);
}

interface Line {
  nodes: Text[];
  isFolded: boolean;
}

function linesOf(region: Element): Line[] {
  const lines: Line[] = [];
  let block: Element | null = null;
  const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!(node instanceof Text) || node.parentElement?.closest('[data-unsearched]')) continue;
    const own = node.parentElement?.closest(LINES) ?? null;
    const last = lines.at(-1);
    if (last && own === block) last.nodes.push(node);
    else lines.push({ nodes: [node], isFolded: node.parentElement?.closest('details:not([open])') !== null });
    block = own;
  }
  return lines;
}

function placesIn(nodes: Text[], wanted: string): Range[] {
  const whole = nodes.map(({ data }) => data).join('');
  const text = whole.toLowerCase();
  // Some letters grow when they are made small: then places would be wrong.
  if (text.length !== whole.length) return [];
  const found: Range[] = [];
  for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST; at = text.indexOf(wanted, at + wanted.length)) {
    const range = document.createRange();
    range.setStart(...pointOf(nodes, at, false));
    range.setEnd(...pointOf(nodes, at + wanted.length, true));
    found.push(range);
  }
  return found;
}

/** The node and place of a letter; at a border the node that ends there, or the one that begins. */
function pointOf(nodes: Text[], letter: number, isEnd: boolean): [Text, number] {
  let before = 0;
  for (const node of nodes) {
    const place = letter - before;
    if (place < node.length || (isEnd && place <= node.length)) return [node, place];
    before += node.length;
  }
  throw new RangeError('no such letter');
}
