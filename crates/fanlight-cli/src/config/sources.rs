//! Defaults, then the file, then the environment, then flags: the later one counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::memory::default_budget;
use super::table::{SETTINGS, Setting};
use super::{ConfigError, Settings, Source, file};

/// The flags of `fanlight server` and `fanlight doctor`: one per setting, and the file to read.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingFlags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) values: BTreeMap<&'static str, String>,
}

/// Settings, and where the chosen ones came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) file: Option<PathBuf>,
    /// By key; what is not here has its default.
    pub(crate) sources: BTreeMap<&'static str, Source>,
}

/// Merges all sources. `environment` answers the value of a variable.
pub(crate) fn load(
    flags: &SettingFlags,
    environment: &dyn Fn(&str) -> Option<String>,
    working_dir: &Path,
) -> Result<Loaded, ConfigError> {
    // Deployments often pass variables through that are empty; that says nothing.
    let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
    let named = flags
        .config
        .clone()
        .or_else(|| variable("FANLIGHT_CONFIG").map(PathBuf::from));
    let read = file::read(named, working_dir)?;

    let mut settings = Settings::default();
    settings.fit(default_budget());
    let mut sources = BTreeMap::new();
    for setting in SETTINGS {
        let Some((text, source)) = chosen(setting, read.as_ref(), &variable, flags) else {
            continue;
        };
        (setting.apply)(&mut settings, &text).map_err(|expected| ConfigError::Value {
            key: setting.key,
            value: text.chars().take(200).collect(),
            place: source.clone(),
            expected: expected.0,
        })?;
        sources.insert(setting.key, source);
    }
    settings.server.check()?;
    Ok(Loaded {
        settings,
        file: read.map(|(path, _)| path),
        sources,
    })
}

/// The text that counts for a setting. A wrong value that is overridden does no harm, so it is not looked at.
fn chosen(
    setting: &'static Setting,
    file: Option<&(PathBuf, file::Entries)>,
    variable: &dyn Fn(&str) -> Option<String>,
    flags: &SettingFlags,
) -> Option<(String, Source)> {
    if let Some(text) = flags.values.get(setting.key) {
        return Some((text.clone(), Source::Flag(setting.key)));
    }
    for name in setting.env {
        if let Some(text) = variable(name) {
            return Some((text, Source::Environment(name)));
        }
    }
    let (path, entries) = file?;
    let (_, text) = entries.iter().find(|(key, _)| *key == setting.key)?;
    Some((text.clone(), Source::File(path.clone())))
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Configuration file [env: FANLIGHT_CONFIG] [default: fanlight.toml, where it exists]");
        SETTINGS
            .iter()
            .fold(command.arg(config), |command, setting| {
                command.arg(flag(setting))
            })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &'static Setting) -> Arg {
    let default = if setting.default.is_empty() {
        "none"
    } else {
        setting.default
    };
    Arg::new(setting.key)
        .long(setting.flag())
        .value_name(setting.value_name)
        .help(format!(
            "{} [env: {}] [default: {default}]",
            setting.help,
            setting.env.join(", ")
        ))
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.config = matches.get_one("config").cloned();
        for setting in SETTINGS {
            if let Some(text) = matches.get_one::<String>(setting.key) {
                self.values.insert(setting.key, text.clone());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fanlight_server::ExtraPort;

    use super::*;

    /// Loads with the given file content, variables and flags.
    fn load_from(
        file: Option<&str>,
        variables: &[(&str, &str)],
        flags: &[(&'static str, &str)],
    ) -> Result<Loaded, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            std::fs::write(dir.path().join("fanlight.toml"), text).unwrap();
        }
        let values = flags
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        let environment = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        load(
            &SettingFlags {
                config: None,
                values,
            },
            &environment,
            dir.path(),
        )
    }

    #[test]
    fn without_any_source_everything_has_its_default() {
        let loaded = load_from(None, &[], &[]).unwrap();
        assert_eq!(
            (
                loaded.settings.server.port,
                loaded.file,
                loaded.sources.len()
            ),
            (5000, None, 0)
        );
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let file = "port = 1\nhost = \"10.0.0.1\"\nlog = \"debug\"";
        let variables = [("FANLIGHT_PORT", "2"), ("FANLIGHT_HOST", "10.0.0.2")];
        let loaded = load_from(Some(file), &variables, &[("port", "3")]).unwrap();
        assert_eq!(loaded.settings.server.port, 3);
        assert_eq!(loaded.settings.server.host, "10.0.0.2");
        assert_eq!(loaded.settings.log, "debug");
        assert_eq!(loaded.sources["host"], Source::Environment("FANLIGHT_HOST"));
        assert_eq!(loaded.sources["log"], Source::File("fanlight.toml".into()));
    }

    #[test]
    fn mlflows_names_count_where_ours_are_not_given() {
        let variables = [
            ("MLFLOW_PORT", "81"),
            ("MLFLOW_SERVER_ALLOWED_HOSTS", "a.example,b.example"),
        ];
        let loaded = load_from(None, &variables, &[]).unwrap();
        assert_eq!(loaded.settings.server.port, 81);
        assert_eq!(
            loaded.settings.server.allowed_hosts,
            ["a.example", "b.example"]
        );
        let both = [("MLFLOW_PORT", "81"), ("FANLIGHT_PORT", "82")];
        assert_eq!(
            load_from(None, &both, &[]).unwrap().settings.server.port,
            82
        );
    }

    #[test]
    fn an_empty_variable_says_nothing() {
        assert_eq!(
            load_from(None, &[("FANLIGHT_PORT", "")], &[])
                .unwrap()
                .settings
                .server
                .port,
            5000
        );
    }

    #[test]
    fn an_otlp_port_that_was_asked_for_is_required() {
        let loaded = load_from(
            None,
            &[("FANLIGHT_OTLP_GRPC_PORT", "4317")],
            &[("otlp_http_port", "off")],
        )
        .unwrap();
        assert_eq!(
            loaded.settings.server.otlp_grpc_port,
            ExtraPort::Required(4317)
        );
        assert_eq!(loaded.settings.server.otlp_http_port, ExtraPort::Off);
    }

    #[test]
    fn a_wrong_value_is_named_with_its_source() {
        let error = |result: Result<Loaded, ConfigError>| result.unwrap_err().to_string();
        insta::assert_snapshot!(
            error(load_from(None, &[("FANLIGHT_PORT", "80a")], &[])),
            @r#"port = "80a" (environment variable FANLIGHT_PORT): expected a port from 0 to 65535"#
        );
        insta::assert_snapshot!(
            error(load_from(Some("seal_after = 10"), &[], &[])),
            @r#"seal_after = "10" (file fanlight.toml): expected a length of time such as 500ms, 30s, 10m, 1h or 7d"#
        );
        insta::assert_snapshot!(
            error(load_from(None, &[], &[("otlp_http_port", "on")])),
            @r#"otlp_http_port = "on" (flag --otlp-http-port): expected a port from 0 to 65535, or `off`"#
        );
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        insta::assert_snapshot!(
            load_from(None, &[], &[("max_inflight_bytes", "1MiB")]).unwrap_err(),
            @"`max_inflight_bytes` is 1048576, but has to be at least 268435456, which is `max_decompressed_bytes`"
        );
    }

    #[test]
    fn a_file_that_was_named_has_to_exist() {
        let error = load_from(None, &[("FANLIGHT_CONFIG", "other.toml")], &[]).unwrap_err();
        insta::assert_snapshot!(error, @"configuration file other.toml cannot be read");
    }
}
