/** Questions that several screens ask, with the names under which their answers are kept. */

import { queryOptions } from '@tanstack/react-query';

import { call } from './client';

export const experimentsQuery = queryOptions({
  queryKey: ['experiments'],
  queryFn: ({ signal }) => call('post', '/experiments/search', { body: { limit: 1000 }, signal }),
});

export const experimentQuery = (id: string) =>
  queryOptions({
    queryKey: ['experiments', id],
    queryFn: ({ signal }) => call('get', '/experiments/{experiment_id}', { path: { experiment_id: id }, signal }),
    // Mostly for its name; the server counts all of its traces for it.
    staleTime: 60_000,
  });
