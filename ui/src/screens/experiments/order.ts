import type { Schemas } from '@/api/client';

type Experiment = Schemas['ExperimentView'];

const VALUES = {
  name: (experiment: Experiment) => experiment.name.toLowerCase(),
  traces: (experiment: Experiment) => experiment.traces,
  errors: (experiment: Experiment) => (experiment.traces === 0 ? -1 : experiment.errors / experiment.traces),
  last_activity: (experiment: Experiment) => experiment.last_activity ?? '',
  created: (experiment: Experiment) => experiment.created,
};

export type SortKey = keyof typeof VALUES;

/** Those with all words in their name, a tag or their id. */
export function found(experiments: Experiment[], text: string): Experiment[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return experiments;
  return experiments.filter(({ id, name, tags }) => {
    const all = [id, name, ...Object.entries(tags).flat()].join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

export function sorted(experiments: Experiment[], key: SortKey, descending: boolean): Experiment[] {
  const value = Object.hasOwn(VALUES, key) ? VALUES[key] : VALUES.last_activity;
  const sign = descending ? -1 : 1;
  return experiments.toSorted((left, right) => {
    const [a, b] = [value(left), value(right)];
    return a < b ? -sign : a > b ? sign : Number(left.id) - Number(right.id);
  });
}
