//! A filter as bitmaps over one segment.
//!
//! Every part of a filter becomes two sets of rows: those that fulfil it for certain, and those that may. They are
//! equal where the index knows everything. AND, OR and NOT are set operations on both; what is left between them is
//! looked at row by row by the search.

use std::ops::ControlFlow;
use std::sync::Arc;

use fanlight_model::{ExperimentId, NAME_TAG, TraceEdits, TraceId, WorkspaceId};
use fanlight_store::{Facets, Property, Segment, SegmentView, SpanProfile};
use roaring::RoaringBitmap;

use crate::filter::{Filter, Number, SpanCondition, SpanField, Test, TraceCondition, TraceField};
use crate::overlay::Overlay;
use crate::text::{candidates, holders};

/// Rows between certainty and possibility; `must` is within `may`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) must: RoaringBitmap,
    pub(crate) may: RoaringBitmap,
}

impl Bounds {
    fn exact(rows: RoaringBitmap) -> Self {
        Self {
            must: rows.clone(),
            may: rows,
        }
    }

    pub(crate) fn unknown(rows: RoaringBitmap) -> Self {
        Self {
            must: RoaringBitmap::new(),
            may: rows,
        }
    }

    fn and(self, other: &Self) -> Self {
        Self {
            must: self.must & &other.must,
            may: self.may & &other.may,
        }
    }

    fn or(self, other: &Self) -> Self {
        Self {
            must: self.must | &other.must,
            may: self.may | &other.may,
        }
    }

    fn not(self, all: &RoaringBitmap) -> Self {
        Self {
            must: all - self.may,
            may: all - self.must,
        }
    }

    /// Whether the row fulfils it is known now.
    fn set(&mut self, row: u32, fulfils: bool) {
        for rows in [&mut self.must, &mut self.may] {
            if fulfils {
                rows.insert(row)
            } else {
                rows.remove(row)
            };
        }
    }

    fn within(self, all: &RoaringBitmap) -> Self {
        Self {
            must: self.must & all,
            may: self.may & all,
        }
    }
}

/// The live rows of a workspace and of some experiments, if only those are wanted, without an index of values: what there
/// is to look at when that is damaged.
pub(crate) fn rows_in_scope(
    view: &SegmentView,
    workspace: WorkspaceId,
    is_wanted: impl Fn(ExperimentId) -> bool,
) -> RoaringBitmap {
    let rows = view.segment.rows();
    let in_scope =
        |row: &u32| rows.workspace(*row) == workspace && is_wanted(rows.experiment(*row));
    view.live().into_iter().filter(in_scope).collect()
}

/// Compiles filters for one segment.
#[derive(Debug)]
pub(crate) struct Compiler<'a> {
    pub(crate) segment: &'a Arc<Segment>,
    pub(crate) overlay: &'a Overlay,
    pub(crate) workspace: WorkspaceId,
    /// The rows to choose from.
    pub(crate) all: &'a RoaringBitmap,
}

/// A damaged index says so in words.
type Compiled = Result<Bounds, String>;

impl Compiler<'_> {
    pub(crate) fn compile(&self, filter: &Filter) -> Compiled {
        Ok(match filter {
            Filter::Everything => Bounds::exact(self.all.clone()),
            Filter::And(parts) => {
                let mut bounds = Bounds::exact(self.all.clone());
                for part in parts {
                    bounds = bounds.and(&self.compile(part)?);
                    if bounds.may.is_empty() {
                        break;
                    }
                }
                bounds
            }
            Filter::Or(parts) => {
                let mut bounds = Bounds::exact(RoaringBitmap::new());
                for part in parts {
                    bounds = bounds.or(&self.compile(part)?);
                }
                bounds
            }
            Filter::Not(part) => self.compile(part)?.not(self.all),
            Filter::Trace(condition) => self.trace(condition)?.within(self.all),
            Filter::Span(condition) => self.spans(condition)?.within(self.all),
        })
    }

    fn facets(&self) -> &Facets {
        self.segment.facets()
    }

    fn trace(&self, condition: &TraceCondition) -> Compiled {
        let test = &condition.test;
        Ok(match &condition.field {
            TraceField::TraceId => self.trace_id(test)?,
            TraceField::ClientRequestId => self.texts(Property::ClientRequestId, test)?,
            TraceField::State => self.texts(Property::State, test)?,
            TraceField::Session => self.texts(Property::Session, test)?,
            TraceField::User => self.texts(Property::User, test)?,
            TraceField::Metadata(key) => self.texts(Property::Metadata(key), test)?,
            TraceField::Name => {
                let base = self.texts(Property::Name, test)?;
                self.with_edited_tag(base, NAME_TAG, test)
            }
            TraceField::Tag(key) if key == "mlflow.trace.spansLocation" => {
                Bounds::unknown(self.all.clone())
            }
            TraceField::Tag(key) => {
                let base = self.texts(Property::Tag(key), test)?;
                self.with_edited_tag(base, key, test)
            }
            TraceField::Run => {
                let base = self.texts(Property::SourceRun, test)?;
                match test {
                    Test::Eq(run) => {
                        let linked = self.texts(Property::LinkedRun, test)?;
                        base.or(&self.edited(linked, |edits| edits.runs.contains(run)))
                    }
                    _ => base,
                }
            }
            TraceField::Start | TraceField::Duration | TraceField::End => {
                self.numbers(&condition.field, test)
            }
            TraceField::Prompt => self.edited(self.texts(Property::Prompt, test)?, |edits| {
                edits.prompts.iter().any(|prompt| {
                    test.accepts_text(Some(&format!("{}/{}", prompt.name, prompt.version)))
                })
            }),
            TraceField::Feedback(_) | TraceField::Expectation(_) | TraceField::Issue => {
                self.assessments(condition)?
            }
            TraceField::Text => self.contents(test)?,
            TraceField::Usage | TraceField::Cost => Bounds::unknown(self.all.clone()),
        })
    }

    /// A test of a property of which a row has one value, several or none.
    fn texts(&self, property: Property<'_>, test: &Test) -> Compiled {
        let facets = self.facets();
        let unlisted = facets.unlisted(property)?;
        let must = match test {
            Test::Eq(value) => facets.rows_of(property, value)?,
            Test::In(values) => {
                let mut rows = RoaringBitmap::new();
                for value in values {
                    rows |= facets.rows_of(property, value)?;
                }
                rows
            }
            Test::IsNull | Test::IsNotNull => {
                let mut present = unlisted;
                for term in facets.values(property) {
                    present |= term.rows()?;
                }
                let rows = if *test == Test::IsNull {
                    self.all - present
                } else {
                    present
                };
                return Ok(Bounds::exact(rows));
            }
            _ => {
                let mut rows = RoaringBitmap::new();
                for term in facets.values(property) {
                    if test.accepts_text(Some(&term.value)) {
                        rows |= term.rows()?;
                    }
                }
                rows
            }
        };
        let may = &must | unlisted;
        Ok(Bounds { must, may })
    }

    fn trace_id(&self, test: &Test) -> Compiled {
        if let Test::Eq(text) = test {
            let mut rows = self.facets().rows_of(Property::Alias, text)?;
            let id = text
                .strip_prefix("tr-")
                .and_then(|hex| hex.parse::<TraceId>().ok());
            // Upper case is another text, although it is the same number.
            if let Some(trace) = id.filter(|id| text[3..] == id.to_string())
                && let Some(row) = self.segment.rows().find(fanlight_model::TraceKey {
                    workspace: self.workspace,
                    trace,
                })
                && !self.aliased()?.contains(row)
            {
                rows.insert(row);
            }
            return Ok(Bounds::exact(rows));
        }
        let aliased = self.aliased()?;
        let plain = (self.all - &aliased).into_iter().filter(|row| {
            let key = self.segment.rows().key(*row);
            key.is_some_and(|key| test.accepts_text(Some(&format!("tr-{}", key.trace))))
        });
        let plain = Bounds::exact(plain.collect());
        Ok(self.texts(Property::Alias, test)?.or(&plain))
    }

    fn aliased(&self) -> Result<RoaringBitmap, String> {
        Ok(self.texts(Property::Alias, &Test::IsNotNull)?.may)
    }

    fn numbers(&self, field: &TraceField, test: &Test) -> Bounds {
        let rows = self.segment.rows();
        let millis = |millis: u64| Number::Int(i64::try_from(millis).unwrap_or(i64::MAX));
        let start_ms = |row: u32| rows.start(row).as_millis();
        let end_ms = |row: u32| {
            let duration = rows.duration(row)?;
            Some(rows.start(row).saturating_add(duration).as_millis())
        };
        let value = |row: u32| match field {
            TraceField::Start => Some(millis(start_ms(row))),
            TraceField::Duration => end_ms(row).map(|end| millis(end - start_ms(row))),
            _ => end_ms(row).map(millis),
        };
        Bounds::exact(
            self.all
                .iter()
                .filter(|row| test.accepts_number(value(*row)))
                .collect(),
        )
    }

    /// Replaces what the segment says about a tag by what was edited since. A tag that was ever edited is part of every
    /// later edit of its trace, so without it the segment is right.
    fn with_edited_tag(&self, mut base: Bounds, tag: &str, test: &Test) -> Bounds {
        for (row, edits) in self.edited_rows() {
            if let Some(value) = edits.tags.get(tag) {
                base.set(row, test.accepts_text(value.as_deref()));
            }
        }
        base
    }

    /// Replaces what the segment says of edited rows by whether their edits fulfil `wanted`.
    fn edited(&self, mut base: Bounds, wanted: impl Fn(&TraceEdits) -> bool) -> Bounds {
        for (row, edits) in self.edited_rows() {
            base.set(row, wanted(&edits));
        }
        base
    }

    fn edited_rows(&self) -> impl Iterator<Item = (u32, Arc<TraceEdits>)> {
        let rows = self.overlay.edited_rows(self.segment).as_ref() & self.all;
        rows.into_iter()
            .filter_map(|row| Some((row, self.overlay.get(self.segment.rows().key(row)?)?)))
    }

    /// Assessments of a session count for its other traces too.
    fn assessments(&self, condition: &TraceCondition) -> Compiled {
        let mut of_sessions = RoaringBitmap::new();
        for session in self.overlay.assessed_sessions(self.workspace) {
            of_sessions |= self.facets().rows_of(Property::Session, &session)?;
        }
        let test = &condition.test;
        let kept = match &condition.field {
            TraceField::Feedback(name) => self.judgements(Property::Feedback(name), test)?,
            TraceField::Expectation(name) => self.judgements(Property::Expectation(name), test)?,
            _ => self.texts(Property::Issue, test)?,
        };
        let own = self.edited(kept, |edits| condition.holds_for(edits.assessments.iter()));
        Ok(Bounds {
            may: own.may | &of_sessions,
            must: own.must - of_sessions,
        })
    }

    /// A test of the values of all assessments with one name, as the segment keeps them: any may answer with yes.
    fn judgements(&self, property: Property<'_>, test: &Test) -> Compiled {
        let mut given = RoaringBitmap::new();
        let mut accepted = RoaringBitmap::new();
        self.facets().each_value(property, "", &mut |text, rows| {
            let value = serde_json::from_str(text);
            let value = value.map_err(|_| "the value of an assessment does not parse")?;
            match test {
                Test::IsNull | Test::IsNotNull => given |= rows.rows()?,
                _ if test.accepts_json(&value) => accepted |= rows.rows()?,
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let unlisted = self.facets().unlisted(property)?;
        let bounds = |must: RoaringBitmap| Bounds {
            may: &must | unlisted,
            must,
        };
        Ok(match test {
            Test::IsNull => bounds(given).not(self.all),
            Test::IsNotNull => bounds(given),
            _ => bounds(accepted),
        })
    }

    /// Some span fulfils the condition.
    fn spans(&self, condition: &SpanCondition) -> Compiled {
        if is_in_profile(condition) {
            return self.profiles(condition);
        }
        Ok(match condition {
            SpanCondition::Any(parts) => {
                let mut bounds = Bounds::exact(RoaringBitmap::new());
                for part in parts {
                    bounds = bounds.or(&self.spans(part)?);
                }
                bounds
            }
            // Each part has a span; whether it is the same one has to be looked at.
            SpanCondition::All(parts) => {
                let mut may = self.all.clone();
                for part in parts {
                    may &= self.spans(part)?.may;
                }
                Bounds::unknown(may)
            }
            SpanCondition::Is(SpanField::Attribute(key), test) => {
                self.attribute(Property::Attribute(key), test)?
            }
            SpanCondition::Is(SpanField::Content, test) => self.contents(test)?,
            SpanCondition::Is(..) => Bounds::unknown(self.all.clone()),
        })
    }

    /// Some text of some span passes.
    fn contents(&self, test: &Test) -> Compiled {
        holders(self.segment, test, self.all)
    }

    /// Values that are not listed are long: their words say which are worth a look.
    fn attribute(&self, property: Property<'_>, test: &Test) -> Compiled {
        let bounds = self.texts(property, test)?;
        if bounds.must == bounds.may {
            return Ok(bounds);
        }
        Ok(match candidates(self.segment, test)? {
            Some(rows) => Bounds {
                may: &bounds.must | (bounds.may & rows),
                must: bounds.must,
            },
            None => bounds,
        })
    }

    /// A condition on name, type and status alone: a span's profile has them together.
    fn profiles(&self, condition: &SpanCondition) -> Compiled {
        let mut must = RoaringBitmap::new();
        for term in self.facets().values(Property::Span) {
            let profile = SpanProfile::parse(&term.value).ok_or("a span profile does not parse")?;
            if profile_fulfils(condition, &profile) {
                must |= term.rows()?;
            }
        }
        let may = &must | self.facets().unlisted(Property::Span)?;
        Ok(Bounds { must, may })
    }
}

fn is_in_profile(condition: &SpanCondition) -> bool {
    match condition {
        SpanCondition::All(parts) | SpanCondition::Any(parts) => parts.iter().all(is_in_profile),
        SpanCondition::Is(field, _) => {
            matches!(
                field,
                SpanField::Name | SpanField::Type | SpanField::Status | SpanField::Model
            )
        }
    }
}

fn profile_fulfils(condition: &SpanCondition, profile: &SpanProfile<'_>) -> bool {
    match condition {
        SpanCondition::All(parts) => parts.iter().all(|part| profile_fulfils(part, profile)),
        SpanCondition::Any(parts) => parts.iter().any(|part| profile_fulfils(part, profile)),
        SpanCondition::Is(field, test) => test.accepts_text(match field {
            SpanField::Name => Some(profile.name),
            SpanField::Type => profile.span_type,
            SpanField::Status => Some(profile.status),
            SpanField::Model => profile.model,
            SpanField::Attribute(_) | SpanField::Content => None,
        }),
    }
}
