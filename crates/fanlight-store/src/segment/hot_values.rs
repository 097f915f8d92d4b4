//! What a trace in memory would be listed under if it were sealed now.

use super::facets::{FacetsBuilder, Property};
use super::facets_of::{add_editable, add_recorded, add_span};
use crate::HotTrace;

impl HotTrace {
    /// The values of `property` a segment would list, and whether there are some it would not. Reads every span when
    /// the property is one of spans.
    pub fn listed_values(&self, property: Property<'_>) -> (Vec<String>, bool) {
        let mut terms = FacetsBuilder::default();
        match property {
            Property::Span | Property::Attribute(_) => {
                for span in self.whole().spans() {
                    add_span(&mut terms, 0, span, &fanlight_normalize::meaning(span));
                }
            }
            _ => {
                add_recorded(&mut terms, 0, self.summary());
                add_editable(&mut terms, 0, self.summary(), None);
            }
        }
        terms.values_of(property)
    }
}
