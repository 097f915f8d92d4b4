import { Empty } from '@/components/states';
import { TopBar } from '@/shell/top-bar';
export function ExperimentsScreen() {
  return (<><TopBar crumbs={[{ label: 'Experiments' }]} /><Empty title="Experiments" /></>);
}
