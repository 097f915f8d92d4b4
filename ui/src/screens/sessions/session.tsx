import { Empty } from '@/components/states';

export function SessionScreen() {
  return <Empty title="Session" />;
}
