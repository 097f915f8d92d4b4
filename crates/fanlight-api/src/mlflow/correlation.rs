//! How much more often two filters match the same trace than chance would have it.

use serde_json::{Value as Json, json};

/// How many traces match each filter, both, and the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub total: u64,
    pub first: u64,
    pub second: u64,
    pub joint: u64,
}

/// The reply of `calculate-filter-correlation`; figures that are not defined are left out.
pub fn render(counts: Counts) -> Json {
    let mut reply = json!({
        "filter1_count": counts.first,
        "filter2_count": counts.second,
        "joint_count": counts.joint,
        "total_count": counts.total,
    });
    if let Some(npmi) = npmi(counts) {
        reply["npmi"] = npmi.into();
    }
    if let Some(npmi) = npmi_smoothed(counts) {
        reply["npmi_smoothed"] = npmi.into();
    }
    reply
}

/// Normalised pointwise mutual information, from -1 (never together) to 1 (always together).
///
/// Source: G. Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction", 2009.
pub fn npmi(counts: Counts) -> Option<f64> {
    if counts.total == 0 || counts.first == 0 || counts.second == 0 {
        return None;
    }
    if counts.joint == 0 {
        return Some(-1.0);
    }
    if counts.joint == counts.first && counts.joint == counts.second {
        return Some(1.0);
    }
    Some(npmi_of(
        float(counts.joint),
        float(counts.first),
        float(counts.second),
        float(counts.total),
    ))
}

/// The same with half a trace added to each cell of the two-by-two table (Jeffreys' prior), which
/// tames small counts.
pub fn npmi_smoothed(counts: Counts) -> Option<f64> {
    const PRIOR: f64 = 0.5;
    if counts.total == 0 || counts.first == 0 || counts.second == 0 {
        return None;
    }
    let joint = float(counts.joint) + PRIOR;
    let first = float(counts.first) + 2.0 * PRIOR;
    let second = float(counts.second) + 2.0 * PRIOR;
    let npmi = npmi_of(joint, first, second, float(counts.total) + 4.0 * PRIOR);
    Some(npmi.clamp(-1.0, 1.0))
}

fn npmi_of(joint: f64, first: f64, second: f64, total: f64) -> f64 {
    let together = (joint / total).ln();
    let expected = (first / total).ln() + (second / total).ln();
    (together - expected) / -together
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of traces stay far below 2^53"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(total: u64, first: u64, second: u64, joint: u64) -> Counts {
        Counts {
            total,
            first,
            second,
            joint,
        }
    }

    fn rounded(npmi: Option<f64>) -> String {
        npmi.map_or("none".to_owned(), |npmi| format!("{npmi:.7}"))
    }

    #[test]
    fn figures_agree_with_the_reference() {
        assert_eq!(rounded(npmi(counts(42, 34, 39, 31))), "-0.0601462");
        assert_eq!(rounded(npmi_smoothed(counts(42, 34, 39, 31))), "-0.0300726");
        assert_eq!(rounded(npmi(counts(42, 14, 34, 14))), "0.1923418");
        assert_eq!(rounded(npmi_smoothed(counts(42, 14, 34, 14))), "0.1756152");
    }

    #[test]
    fn extremes_are_defined_and_emptiness_is_not() {
        assert_eq!(npmi(counts(10, 3, 4, 0)), Some(-1.0));
        assert_eq!(npmi(counts(10, 3, 3, 3)), Some(1.0));
        assert_eq!(npmi(counts(10, 10, 10, 10)), Some(1.0));
        insta::assert_snapshot!(
            render(counts(10, 0, 3, 0)),
            @r#"{"filter1_count":0,"filter2_count":3,"joint_count":0,"total_count":10}"#
        );
    }
}
