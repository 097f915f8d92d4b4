/** The server's rows as a table for spreadsheets. */

type Cell = string | number | boolean | null;

interface Notice {
  export: { columns?: { name: string }[]; complete?: boolean };
}

/** Names of columns, then rows. Fails when the stream was cut off. */
export function recordsOf(stream: string): Cell[][] {
  const records: Cell[][] = [];
  let isComplete = false;
  for (const line of stream.split('\n')) {
    if (line === '') continue;
    const read = JSON.parse(line) as Cell[] | Notice;
    if (Array.isArray(read)) records.push(read);
    else if (read.export.columns) records.push(read.export.columns.map(({ name }) => name));
    else if (read.export.complete) isComplete = true;
  }
  if (!isComplete) throw new Error('The export was cut off.');
  return records;
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
