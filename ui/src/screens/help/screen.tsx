import { apiUrl } from '@/api/client';
import { TopBar } from '@/shell/top-bar';

import { SendTraces } from './send-traces';

export function HelpScreen() {
  return (
    <>
      <TopBar crumbs={[{ label: 'Help' }]} />
      <div className="flex-1 overflow-auto">
        <div className="mx-auto max-w-2xl px-6 py-6">
          <h2 className="mb-4 text-xl font-semibold">Send traces here</h2>
          <SendTraces />
          <h2 className="mt-8 mb-2 text-lg font-semibold">For programs</h2>
          <p className="text-muted">
            Everything these screens show comes from an API with an{' '}
            <a className="text-accent underline" href={apiUrl('/openapi.json')}>
              OpenAPI document
            </a>
            .
          </p>
        </div>
      </div>
    </>
  );
}
