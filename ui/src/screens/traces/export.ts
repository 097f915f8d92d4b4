/** Traces as files. */

import { apiUrl, call, send } from '@/api/client';

import { csvLine, recordsOf } from './csv';
import { quoted } from './filter-text';

export type ExportFormat = 'jsonl' | 'csv' | 'parquet';

interface Wanted {
  experimentId: string;
  /** Everything that matches it… */
  filter: string;
  /** …or these alone. */
  ids: string[] | null;
}

/** Ids one statement takes. */
const MOST_FOR_PARQUET = 1000;

export async function exportTraces(format: ExportFormat, wanted: Wanted): Promise<void> {
  const filter = wanted.ids === null ? wanted.filter : `request_id IN (${wanted.ids.map(quoted).join(', ')})`;
  const body = { experiments: [wanted.experimentId], filter };
  if (format === 'jsonl') {
    const reply = await send('post', apiUrl('/traces/export'), { body: { ...body, format: 'otlp' } });
    save(await reply.blob(), 'traces.jsonl');
  } else if (format === 'csv') {
    const reply = await send('post', apiUrl('/traces/export'), { body: { ...body, format: 'traces' } });
    const lines = recordsOf(await reply.text()).map(csvLine);
    save(new Blob([lines.join('')], { type: 'text/csv' }), 'traces.csv');
  } else {
    const ids = wanted.ids ?? (await firstIds(body));
    const query = `SELECT * FROM traces WHERE trace_id IN (${ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')})`;
    const reply = await send('post', apiUrl('/sql'), { body: { query, format: 'parquet' } });
    save(await reply.blob(), 'traces.parquet');
  }
}

async function firstIds(body: { experiments: string[]; filter: string }): Promise<string[]> {
  const ids: string[] = [];
  let token: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof searchPage>> = await searchPage(body, token);
    ids.push(...page.traces.map(({ id }) => id));
    token = page.next_page_token;
    if (ids.length > MOST_FOR_PARQUET) throw new Error(`Parquet takes ${MOST_FOR_PARQUET} traces at a time here; \`fanlight traces export\` has no limit.`);
  } while (token !== null);
  if (ids.length === 0) throw new Error('Nothing matches.');
  return ids;
}

function searchPage(body: { experiments: string[]; filter: string }, token: string | null) {
  return call('post', '/traces/search', { body: { ...body, limit: 500, ...(token === null ? {} : { page_token: token }) } });
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
