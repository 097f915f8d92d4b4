/** Traces as files. They pass through piece by piece, so that there may be any number of them. */

import { apiUrl, send } from '@/api/client';
import { lots } from '@/lib/lots';

import { csvOf, lines, wholeLines } from './csv';
import { quoted } from './filter-text';

export type ExportFormat = 'jsonl' | 'csv' | 'parquet';

interface Wanted {
  experimentId: string;
  /** Everything that matches it… */
  filter: string;
  /** …or these alone. */
  ids: string[] | null;
}

/** Ids one filter takes. */
const AT_ONCE = 1000;

const MEDIA = { jsonl: 'application/x-ndjson', csv: 'text/csv', parquet: 'application/vnd.apache.parquet' };
const ASKED = { jsonl: { format: 'otlp' }, csv: { format: 'traces' }, parquet: { format: 'traces', as: 'parquet' } };

export async function exportTraces(format: ExportFormat, { experimentId, filter, ids }: Wanted): Promise<void> {
  const filters = ids === null ? [filter] : lots(ids, AT_ONCE).map((lot) => `request_id IN (${lot.map(quoted).join(', ')})`);
  const parts: Blob[] = [];
  for (const [part, one] of filters.entries()) {
    const reply = await send('post', apiUrl('/traces/export'), { body: { experiments: [experimentId], filter: one, ...ASKED[format] } });
    parts.push(await blobOf(reply, format, part === 0));
  }
  // Parquet files cannot be put one behind the other.
  if (format === 'parquet' && parts.length > 1) parts.forEach((part, at) => save(part, `traces-${at + 1}.parquet`));
  else save(new Blob(parts, { type: MEDIA[format] }), `traces.${format}`);
}

/** What browsers do not keep in memory: large blobs lie on the disk. */
async function blobOf(reply: Response, format: ExportFormat, isFirst: boolean): Promise<Blob> {
  if (format === 'parquet' || !reply.body) return reply.blob();
  const text = reply.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(lines())
    .pipeThrough(format === 'csv' ? csvOf(isFirst) : wholeLines());
  return new Response(text.pipeThrough(new TextEncoderStream())).blob();
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
