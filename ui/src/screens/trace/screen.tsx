import { Empty } from '@/components/states';

export function TraceScreen() {
  return <Empty title="Trace" />;
}
