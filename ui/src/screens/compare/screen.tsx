import { Empty } from '@/components/states';

export function CompareScreen() {
  return <Empty title="Compare" />;
}
