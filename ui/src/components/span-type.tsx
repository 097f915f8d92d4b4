import {
  Bot, BrainCircuit, Cpu, Database, FileText, Gauge, GitBranch, Layers, ListChecks, MessageSquare, Shield, Shapes, SortAsc, Waypoints, Wrench,
  type LucideIcon,
} from 'lucide-react';

interface Look {
  label: string;
  icon: LucideIcon;
  /** Name of a colour in `tokens.css`. */
  color: string;
}

/** An icon and a colour per type of span; what a client invents looks like `other` under its own name. */
const LOOKS: Record<string, Look> = {
  AGENT: { label: 'Agent', icon: Bot, color: 'var(--color-span-agent)' },
  LLM: { label: 'LLM', icon: Cpu, color: 'var(--color-span-llm)' },
  CHAT_MODEL: { label: 'Chat model', icon: MessageSquare, color: 'var(--color-span-chat)' },
  TOOL: { label: 'Tool', icon: Wrench, color: 'var(--color-span-tool)' },
  RETRIEVER: { label: 'Retriever', icon: Database, color: 'var(--color-span-retriever)' },
  EMBEDDING: { label: 'Embedding', icon: Layers, color: 'var(--color-span-embedding)' },
  RERANKER: { label: 'Reranker', icon: SortAsc, color: 'var(--color-span-reranker)' },
  PARSER: { label: 'Parser', icon: FileText, color: 'var(--color-span-parser)' },
  CHAIN: { label: 'Chain', icon: GitBranch, color: 'var(--color-span-chain)' },
  WORKFLOW: { label: 'Workflow', icon: Waypoints, color: 'var(--color-span-workflow)' },
  TASK: { label: 'Task', icon: ListChecks, color: 'var(--color-span-task)' },
  MEMORY: { label: 'Memory', icon: BrainCircuit, color: 'var(--color-span-memory)' },
  GUARDRAIL: { label: 'Guardrail', icon: Shield, color: 'var(--color-span-guardrail)' },
  EVALUATOR: { label: 'Evaluator', icon: Gauge, color: 'var(--color-span-evaluator)' },
};

export function spanLook(type: string | null | undefined): Look {
  const known = LOOKS[(type ?? '').toUpperCase()];
  return known ?? { label: type || 'Span', icon: Shapes, color: 'var(--color-span-other)' };
}

export function SpanTypeIcon({ type, size = 14 }: { type: string | null | undefined; size?: number }) {
  const { label, icon: Icon, color } = spanLook(type);
  return (
    <span className="inline-flex shrink-0" style={{ color }} title={label}>
      <Icon size={size} aria-label={label} role="img" />
    </span>
  );
}
