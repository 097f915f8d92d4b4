import { useParams } from '@tanstack/react-router';
import { Empty } from '@/components/states';
import { TopBar } from '@/shell/top-bar';
export function TracesScreen() {
  const { experimentId } = useParams({ from: '/experiments/$experimentId/traces' });
  return (<><TopBar experimentId={experimentId} crumbs={[{ label: 'Traces' }]} /><Empty title="Traces" /></>);
}
