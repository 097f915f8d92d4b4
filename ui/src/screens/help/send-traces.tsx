import { CopyButton } from '@/components/copy';
import { serverUrl } from '@/lib/base';

/** Three ways to send a first trace, with this server's own address filled in. */
export function SendTraces({ experiment }: { experiment?: string | undefined }) {
  const url = serverUrl('').replace(/\/$/, '');
  const named = experiment ?? 'my-app';
  const python = `import mlflow

mlflow.set_tracking_uri("${url}")
mlflow.set_experiment(${JSON.stringify(named)})

with mlflow.start_span("hello") as span:
    span.set_inputs({"question": "Who is there?"})
    span.set_outputs("world")`;
  const otlp = `export OTEL_EXPORTER_OTLP_ENDPOINT=${url}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_RESOURCE_ATTRIBUTES=service.name=${named}`;
  return (
    <div className="flex flex-col gap-4">
      <Sample title="Python, with MLflow" note="Autologging works too: mlflow.openai.autolog(), mlflow.langchain.autolog() and so on." code={python} />
      <Sample title="Anything that speaks OpenTelemetry" note="OTLP over HTTP at this address; over gRPC at port 4317." code={otlp} />
      <Sample title="Only to look around" note="About three hundred realistic traces in three experiments." code={`fanlight demo --url ${url}`} />
    </div>
  );
}

function Sample({ title, note, code }: { title: string; note: string; code: string }) {
  return (
    <section>
      <h3 className="font-medium">{title}</h3>
      <p className="mb-1.5 text-sm text-muted">{note}</p>
      <div className="flex items-start rounded-md border border-line bg-sunken">
        <pre className="min-w-0 flex-1 overflow-x-auto p-3 text-sm" tabIndex={0} aria-label={title}>
          {code}
        </pre>
        <div className="p-1">
          <CopyButton text={code} label={`Copy: ${title}`} />
        </div>
      </div>
    </section>
  );
}
