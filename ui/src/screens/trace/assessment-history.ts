import type { Schemas } from '@/api/client';

type Said = Schemas['AssessmentView'];

/** What was said in its place before, newest first. */
export function historyOf(said: Said, all: Said[]): Said[] {
  const byId = new Map(all.map((one) => [one.id, one]));
  const found: Said[] = [];
  // Clients may write a circle.
  for (let old = byId.get(said.overrides ?? ''); old && old !== said && !found.includes(old); old = byId.get(old.overrides ?? '')) found.push(old);
  return found;
}
