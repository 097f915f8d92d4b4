/** The server's rows as a table for spreadsheets, row by row. */

type Cell = string | number | boolean | null;

interface Notice {
  export: { columns?: { name: string }[]; complete?: boolean };
}

/** Lines of an export as CSV; the names of columns only when they are wanted. Fails when the stream was cut off. */
export function csvOf(withNames: boolean): TransformStream<string, string> {
  let isComplete = false;
  return new TransformStream({
    transform: (line, out) => {
      const read = JSON.parse(line) as Cell[] | Notice;
      if (Array.isArray(read)) out.enqueue(csvLine(read));
      else if (read.export.complete) isComplete = true;
      else if (withNames && read.export.columns) out.enqueue(csvLine(read.export.columns.map(({ name }) => name)));
    },
    flush: () => {
      if (!isComplete) throw new Error('The export was cut off.');
    },
  });
}

/** Lines of an export as they are. Fails when the stream was cut off. */
export function wholeLines(): TransformStream<string, string> {
  let last = '';
  return new TransformStream({
    transform: (line, out) => {
      last = line;
      // What is said about the stream is of no use in a file.
      if (!line.startsWith('{"export":')) out.enqueue(`${line}\n`);
    },
    flush: () => {
      if (!last.startsWith('{"export":') || !(JSON.parse(last) as Notice).export.complete) throw new Error('The export was cut off.');
    },
  });
}

/** Pieces of a text as its lines. */
export function lines(): TransformStream<string, string> {
  let rest = '';
  return new TransformStream({
    transform: (piece, out) => {
      const parts = (rest + piece).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) if (part !== '') out.enqueue(part);
    },
    flush: (out) => {
      if (rest !== '') out.enqueue(rest);
    },
  });
}

export function csvLine(cells: Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** Captured text could be a formula for a spreadsheet: a quote before it makes it text. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
