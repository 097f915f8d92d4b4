//! Traces that come from a file: checked line by line, kept together.

use std::collections::{BTreeSet, HashMap};

use fanlight_api::v1::portable::{ImportOptions, PortableTrace};
use fanlight_model::{Batch, ExperimentId, SpanGroup, TraceEdits, TraceFacts, TraceKey};

use super::lines::{ReadTrace, read_lines};
use super::{Intake, IntakeError, Payload, Target};

/// What became of the lines of one request.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pub(crate) traces: usize,
    pub(crate) spans: usize,
    pub(crate) bad_lines: Vec<BadLine>,
}

#[derive(Debug)]
pub(crate) struct BadLine {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) reason: String,
}

impl Intake {
    /// Keeps the traces of all lines; doing so again changes nothing.
    ///
    /// With a bad line nothing is kept, unless `options` say to leave it out.
    pub(crate) async fn import(
        &self,
        target: &Target,
        payload: Payload,
        options: &ImportOptions,
    ) -> Result<Imported, IntakeError> {
        self.sink.wait_for_room().await?;
        let (lines, _reservation) = self.decode(payload, read_lines).await?;
        let mut collected = Collected {
            batch: self.empty_batch(target),
            edits: Vec::new(),
            experiments: HashMap::new(),
            forced: None,
        };
        if let Some(named) = &options.experiment {
            collected.forced = Some(self.experiment_called(target, named).await?);
        }
        let mut imported = Imported::default();
        for line in lines {
            let taken = match line.read {
                Ok(read) => self.take(target, &mut collected, read).await?,
                Err(reason) => Err(reason),
            };
            let line = line.number;
            match taken {
                Ok(()) => {}
                Err(reason) if options.skip_bad_lines => {
                    imported.bad_lines.push(BadLine { line, reason });
                }
                Err(reason) => return Err(IntakeError::BadLine { line, reason }),
            }
        }
        let Collected { batch, edits, .. } = collected;
        imported.spans = batch.span_count();
        imported.traces = distinct_traces(&batch);
        if !batch.is_empty() {
            self.sink.append(batch).await?;
        }
        if !edits.is_empty() {
            self.sink.add_edits(edits).await?;
        }
        self.counters.spans_accepted.add(imported.spans);
        Ok(imported)
    }

    /// The inner error is about the line, the outer one about this server.
    async fn take(
        &self,
        target: &Target,
        collected: &mut Collected,
        read: ReadTrace,
    ) -> Result<Result<(), String>, IntakeError> {
        let Some(portable) = read.portable else {
            let target = Target {
                experiment: collected.forced,
                ..target.clone()
            };
            let placed = target.place(read.spans, self.sink.as_ref()).await?;
            collected.batch.groups.extend(placed);
            return Ok(Ok(()));
        };
        let experiment = match collected.forced {
            Some(forced) => forced,
            None => match self.experiment_of(target, collected, &portable).await? {
                Ok(found) => found,
                Err(reason) => return Ok(Err(reason)),
            },
        };
        let spans = read.spans.into_iter();
        let spans = spans.flat_map(|group| group.spans).collect();
        collected.add(portable, experiment, spans);
        Ok(Ok(()))
    }

    /// By its name, which means the same on every server; by its id where it has none.
    async fn experiment_of(
        &self,
        target: &Target,
        collected: &mut Collected,
        portable: &PortableTrace,
    ) -> Result<Result<ExperimentId, String>, IntakeError> {
        let asked = (portable.experiment_name.clone(), portable.experiment_id);
        if let Some(known) = collected.experiments.get(&asked) {
            return Ok(Ok(*known));
        }
        let found = match &asked {
            (Some(name), _) => self.sink.experiment_named(target.workspace, name).await?,
            (None, Some(id)) if self.sink.has_experiment(target.workspace, *id).await? => *id,
            (None, Some(id)) => {
                return Ok(Err(format!(
                    "experiment {id} does not exist here; say with `experiment` where to import to"
                )));
            }
            (None, None) => ExperimentId::DEFAULT,
        };
        collected.experiments.insert(asked, found);
        Ok(Ok(found))
    }

    /// Digits are an id, which has to exist; anything else is a name.
    async fn experiment_called(
        &self,
        target: &Target,
        named: &str,
    ) -> Result<ExperimentId, IntakeError> {
        match named.parse() {
            Ok(id) if self.sink.has_experiment(target.workspace, id).await? => Ok(id),
            Ok(id) => Err(IntakeError::NoSuchExperiment { id }),
            Err(_) => Ok(self.sink.experiment_named(target.workspace, named).await?),
        }
    }
}

/// What all lines come to.
struct Collected {
    batch: Batch,
    edits: Vec<(TraceKey, TraceEdits)>,
    /// By name and id, as lines say them.
    experiments: HashMap<(Option<String>, Option<ExperimentId>), ExperimentId>,
    /// Where everything goes.
    forced: Option<ExperimentId>,
}

impl Collected {
    fn add(
        &mut self,
        portable: PortableTrace,
        experiment: ExperimentId,
        spans: Vec<fanlight_model::Span>,
    ) {
        let key = TraceKey {
            workspace: self.batch.workspace,
            trace: portable.trace.id,
        };
        // Otherwise nobody would find the trace, or not by its id.
        let needs_facts = spans.is_empty() || portable.trace.alias.is_some();
        let facts = portable.facts.or_else(|| {
            needs_facts.then(|| TraceFacts {
                alias: portable.trace.alias.clone(),
                ..TraceFacts::new(key.trace, experiment)
            })
        });
        if let Some(facts) = facts {
            self.batch.traces.push(TraceFacts {
                experiment,
                ..facts
            });
        }
        if !spans.is_empty() {
            self.batch.groups.push(SpanGroup { experiment, spans });
        }
        if portable.edits != TraceEdits::default() {
            self.edits.push((key, portable.edits));
        }
    }
}

fn distinct_traces(batch: &Batch) -> usize {
    let spans = batch.groups.iter().flat_map(|group| &group.spans);
    let facts = batch.traces.iter().map(|facts| facts.trace_id);
    spans
        .map(|span| span.trace_id)
        .chain(facts)
        .collect::<BTreeSet<_>>()
        .len()
}
