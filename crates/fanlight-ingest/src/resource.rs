//! The experiment a resource asks for.

use fanlight_model::{ExperimentId, Resource, Value};

/// Where spans should go when the request itself does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExperimentHint {
    Id(ExperimentId),
    /// Not empty, at most 500 characters; created when it does not exist.
    Name(String),
    None,
}

const ID_KEYS: [&str; 3] = [
    "mlflow.experiment_id",
    "mlflow.experiment.id",
    "mlflow.experimentId",
];
const NAME_KEYS: [&str; 3] = [
    "mlflow.experiment.name",
    "mlflow.experiment_name",
    "mlflow.experimentName",
];

/// Longest experiment name, in characters. `MLflow`'s limit.
const MAX_NAME_CHARS: usize = 500;

/// Reads the explicit ids first, then the explicit names, then `service.name`. A value that cannot be what its key says
/// is passed over.
pub fn experiment_of(resource: &Resource) -> ExperimentHint {
    let attributes = &resource.attributes;
    let id = ID_KEYS
        .into_iter()
        .find_map(|key| experiment_id(attributes.get(key)?));
    if let Some(id) = id {
        return ExperimentHint::Id(id);
    }
    let explicit = NAME_KEYS
        .into_iter()
        .find_map(|key| experiment_name(attributes.get_str(key)?));
    // SDKs fill in `unknown_service:<program>` when the user gave no name.
    let service = || {
        attributes
            .get_str("service.name")
            .filter(|name| !name.trim().starts_with("unknown_service"))
    };
    explicit
        .or_else(|| experiment_name(service()?))
        .map_or(ExperimentHint::None, ExperimentHint::Name)
}

fn experiment_id(value: &Value) -> Option<ExperimentId> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok().map(ExperimentId),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn experiment_name(text: &str) -> Option<String> {
    let name: String = text.trim().chars().take(MAX_NAME_CHARS).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(entries: &[(&str, Value)]) -> ExperimentHint {
        let attributes = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        experiment_of(&Resource { attributes })
    }

    #[test]
    fn an_id_is_an_integer_or_decimal_text() {
        assert_eq!(
            hint(&[("mlflow.experiment_id", "12".into())]),
            ExperimentHint::Id(ExperimentId(12))
        );
        assert_eq!(
            hint(&[("mlflow.experimentId", 7.into())]),
            ExperimentHint::Id(ExperimentId(7))
        );
        assert_eq!(
            hint(&[("mlflow.experiment.id", Value::Int(-1))]),
            ExperimentHint::None
        );
    }

    #[test]
    fn an_explicit_name_beats_the_service_name() {
        let service = ("service.name", "shop".into());
        assert_eq!(
            hint(std::slice::from_ref(&service)),
            ExperimentHint::Name("shop".into())
        );
        assert_eq!(
            hint(&[service, ("mlflow.experiment_name", " blue ".into())]),
            ExperimentHint::Name("blue".into())
        );
    }

    #[test]
    fn a_service_name_made_up_by_an_sdk_says_nothing() {
        assert_eq!(
            hint(&[("service.name", "unknown_service:python".into())]),
            ExperimentHint::None
        );
        assert_eq!(hint(&[("service.name", "  ".into())]), ExperimentHint::None);
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(
            hint(&[("service.name", "é".repeat(600).into())]),
            ExperimentHint::Name("é".repeat(500))
        );
    }

    #[test]
    fn an_unreadable_id_gives_way_to_the_name() {
        let both = [
            ("mlflow.experiment_id", "abc".into()),
            ("service.name", "shop".into()),
        ];
        assert_eq!(hint(&both), ExperimentHint::Name("shop".into()));
    }
}
