//! What a decorator knows of a function: worked out once, used at every call.

use std::collections::HashSet;
use std::sync::Mutex;

use fanlight::attributes as key;
use fanlight::{Experiment, SpanId, Text, TraceId, Value, global};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::arguments::{attributes_of, experiment_of, link_of};
use crate::context::{self, lock};
use crate::span::LiveSpan;
use crate::span::free::begin;
use crate::{json, tracing};

/// Names of functions are few and live as long as the program; more than this many are not kept.
const MAX_NAMES: usize = 10_000;

static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

fn name_for_ever(name: &str) -> Text {
    let mut names = lock(&NAMES);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return Text::Borrowed(known);
    }
    if names.len() >= MAX_NAMES {
        return Text::Owned(name.to_owned());
    }
    let kept: &'static str = name.to_owned().leak();
    names.insert(kept);
    Text::Borrowed(kept)
}

struct Parameter {
    name: Py<PyString>,
    /// The name as JSON, with its colon.
    label: String,
    default: Option<Py<PyAny>>,
}

/// How the spans of one function begin.
#[pyclass(frozen, module = "fanlight._core")]
pub(crate) struct Recipe {
    name: Text,
    span_type: String,
    function: Option<String>,
    attributes: Vec<(Text, Value)>,
    experiment: Option<Experiment>,
    sampling_ratio: Option<f64>,
    /// The first argument is the object or class.
    skips_first: bool,
    positional: Vec<Parameter>,
    more_positional: Option<String>,
    keyword: Vec<Parameter>,
    more_keyword: Option<String>,
    /// Names and defaults are not known: arguments are written as they come.
    is_opaque: bool,
    links: Vec<(TraceId, SpanId)>,
}

type Named = (String, bool, Py<PyAny>);

#[pymethods]
impl Recipe {
    /// `positional` and `keyword` are parameters as `(name, has a default, default)`; `signature` is false when they
    /// are not known.
    #[new]
    #[pyo3(signature = (name, span_type, function=None, attributes=None, *, experiment_name=None, experiment_id=None, sampling_ratio=None, signature=true, skips_first=false, positional=Vec::new(), more_positional=None, keyword=Vec::new(), more_keyword=None, links=None))]
    #[expect(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "each is one keyword in Python, converted for this call"
    )]
    fn new(
        py: Python<'_>,
        name: &str,
        span_type: &str,
        function: Option<&str>,
        attributes: Option<&Bound<'_, PyAny>>,
        experiment_name: Option<String>,
        experiment_id: Option<String>,
        sampling_ratio: Option<f64>,
        signature: bool,
        skips_first: bool,
        positional: Vec<Named>,
        more_positional: Option<&str>,
        keyword: Vec<Named>,
        more_keyword: Option<&str>,
        links: Option<Vec<Bound<'_, PyAny>>>,
    ) -> PyResult<Self> {
        let label = |name: &str| format!("{}: ", json::quoted(name));
        let parameters = |named: Vec<Named>| {
            named
                .into_iter()
                .map(|(name, has_default, default)| Parameter {
                    label: label(&name),
                    name: PyString::intern(py, &name).unbind(),
                    default: has_default.then_some(default),
                })
                .collect()
        };
        let links = links
            .iter()
            .flatten()
            .map(link_of)
            .collect::<PyResult<_>>()?;
        Ok(Self {
            name: name_for_ever(name),
            span_type: json::quoted(span_type),
            function: function.map(json::quoted),
            attributes: attributes_of(attributes),
            experiment: experiment_of(experiment_name, experiment_id),
            sampling_ratio,
            skips_first,
            positional: parameters(positional),
            more_positional: more_positional.map(label),
            keyword: parameters(keyword),
            more_keyword: more_keyword.map(label),
            is_opaque: !signature,
            links,
        })
    }

    /// Starts the span of a call and makes it current. `None` while tracing is off.
    #[pyo3(signature = (args, kwargs))]
    fn enter<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
    ) -> Option<Bound<'py, LiveSpan>> {
        let span = self.start(py, args, kwargs)?;
        span.get().make_current(py, span.as_any());
        Some(span)
    }

    /// Starts the span of a call. `None` while tracing is off.
    #[pyo3(signature = (args, kwargs))]
    fn start<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
    ) -> Option<Bound<'py, LiveSpan>> {
        if !tracing::is_on(py) {
            return None;
        }
        let parent = context::current(py);
        // Room for the outputs too.
        let mut attributes = Vec::with_capacity(4 + self.attributes.len());
        attributes.push((
            Text::from(key::SPAN_TYPE),
            Value::String(self.span_type.clone()),
        ));
        if let Some(function) = &self.function {
            attributes.push((
                Text::from(key::FUNCTION_NAME),
                Value::String(function.clone()),
            ));
        }
        let inputs = self.inputs(args, kwargs);
        attributes.push((Text::from(key::INPUTS), Value::String(inputs)));
        let mut builder = global::span(self.name.clone()).attributes(attributes);
        if !self.attributes.is_empty() {
            builder = builder.attributes(self.attributes.clone());
        }
        if let Some(experiment) = &self.experiment {
            builder = builder.experiment(experiment.clone());
        }
        if let Some(ratio) = self.sampling_ratio {
            builder = builder.sampling_ratio(ratio);
        }
        for (trace_id, span_id) in &self.links {
            builder = builder.link(*trace_id, *span_id);
        }
        begin(py, builder, parent.as_ref()).ok()
    }
}

impl Recipe {
    /// The arguments by their names, with defaults, as JSON text. A call that does not fit the parameters is written
    /// as far as it does: it is about to raise.
    fn inputs(&self, args: &Bound<'_, PyTuple>, kwargs: &Bound<'_, PyDict>) -> String {
        let mut writer = json::Writer::new();
        let mut entries = Entries {
            writer: &mut writer,
            is_first: true,
        };
        entries.writer.raw("{");
        let given = args.len();
        let skipped = usize::from(self.skips_first && given > 0);
        if self.is_opaque {
            if given > skipped {
                entries.add("\"args\": ", |writer| {
                    writer.value(args.get_slice(skipped, given).as_any());
                });
            }
            if !kwargs.is_empty() {
                entries.add("\"kwargs\": ", |writer| writer.value(kwargs));
            }
            writer.raw("}");
            return writer.finish();
        }
        let has_kwargs = !kwargs.is_empty();
        for (index, parameter) in self.positional.iter().enumerate() {
            match args.get_borrowed_item(skipped + index) {
                Ok(value) => entries.add(&parameter.label, |writer| writer.value(&value)),
                Err(_) => entries.named(parameter, kwargs, has_kwargs),
            }
        }
        if let Some(label) = &self.more_positional {
            let from = (skipped + self.positional.len()).min(given);
            entries.add(label, |writer| {
                writer.value(args.get_slice(from, given).as_any());
            });
        }
        for parameter in &self.keyword {
            entries.named(parameter, kwargs, has_kwargs);
        }
        if let Some(label) = &self.more_keyword {
            let rest = PyDict::new(args.py());
            if has_kwargs {
                for item in kwargs.items().iter() {
                    if let (Ok(name), Ok(value)) = (item.get_item(0), item.get_item(1))
                        && !self.names(&name)
                    {
                        let _ = rest.set_item(name, value);
                    }
                }
            }
            entries.add(label, |writer| writer.value(rest.as_any()));
        }
        writer.raw("}");
        writer.finish()
    }

    fn names(&self, name: &Bound<'_, PyAny>) -> bool {
        let parameters = self.positional.iter().chain(&self.keyword);
        parameters
            .map(|parameter| parameter.name.bind(name.py()))
            .any(|known| known.is(name) || known.as_any().eq(name).unwrap_or(false))
    }
}

struct Entries<'a> {
    writer: &'a mut json::Writer,
    is_first: bool,
}

impl Entries<'_> {
    fn add(&mut self, label: &str, write: impl FnOnce(&mut json::Writer)) {
        if !std::mem::take(&mut self.is_first) {
            self.writer.raw(", ");
        }
        self.writer.raw(label);
        if self.writer.is_full() {
            self.writer.text("… [cut]");
        } else {
            write(self.writer);
        }
    }

    fn named(&mut self, parameter: &Parameter, kwargs: &Bound<'_, PyDict>, has_kwargs: bool) {
        let py = kwargs.py();
        if has_kwargs && let Ok(Some(value)) = kwargs.get_item(parameter.name.bind(py)) {
            self.add(&parameter.label, |writer| writer.value(&value));
        } else if let Some(default) = &parameter.default {
            self.add(&parameter.label, |writer| writer.value(default.bind(py)));
        }
    }
}
