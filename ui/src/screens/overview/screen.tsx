import { Empty } from '@/components/states';

export function OverviewScreen() {
  return <Empty title="Overview" />;
}
