import './styles/index.css';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { ApiError } from '@/api/client';
import { setStyleNonce } from '@/lib/style-nonce';
import { applyTheme } from '@/lib/theme';
import { makeRouter } from '@/routes';

setStyleNonce();
applyTheme();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      // The server's "no" stays a no; only what may pass is asked again.
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || [0, 429, 503].includes(error.status)),
    },
  },
});

const place = document.getElementById('root');
if (!place) throw new Error('the page has no #root');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={makeRouter(queries)} />
    </QueryClientProvider>
  </StrictMode>,
);
