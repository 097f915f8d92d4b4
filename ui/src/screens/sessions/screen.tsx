import { Empty } from '@/components/states';

export function SessionsScreen() {
  return <Empty title="Sessions" />;
}
