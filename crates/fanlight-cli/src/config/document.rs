//! `docs/configuration.md`, written from the table so that it cannot fall behind. A test compares them; it writes the
//! page anew when `FANLIGHT_UPDATE_DOCS` is set.

#![cfg(test)]

use std::fmt::Write;

use super::table::SETTINGS;

const OPENING: &str = "\
# Configuration

Every setting can be given in four places; the later one counts:

1. the default below,
2. a TOML file: `--config FILE`, else `FANLIGHT_CONFIG`, else `fanlight.toml` in the working directory where it exists,
3. an environment variable (an empty one says nothing; of several names the first counts),
4. a flag of `fanlight server`.

A value that cannot be read stops the start and is named with its source. An unknown key in the file is an error.

Sizes are whole numbers with a unit (`64MiB` = 64 × 1024 × 1024, `64MB` = 64,000,000) or plain bytes. Times are whole
numbers with a unit (`500ms`, `30s`, `10m`, `1h`, `7d`); where the name ends in `_ms`, plain milliseconds. Lists are
separated by commas, in the file also `[\"a\", \"b\"]`.

```toml
# fanlight.toml
host = \"0.0.0.0\"
data_dir = \"/var/lib/fanlight\"
allowed_hosts = [\"traces.example.com\"]
```

";

const CLOSING: &str = "
## What retention counts

The oldest traces go first, as many as are too old, too many or too large. Limits of experiments are looked at first,
then `retention_total_bytes` for what is left. `fanlight retention` shows what would go.

How much a trace takes on disk is an estimate. A sealed one has its share of its segment: of the spans and texts by its
number of spans, of the indexes the same as every other trace. A trace that is not sealed yet counts with what it takes
in memory. The log, uploaded files and the catalog do not count. A trace that is deleted no longer counts at once, but
its bytes leave the disk later, when its neighbours go as well or when segments are merged.

## The command line as a client

`fanlight traces` and `fanlight demo` find their server by `--url`, else `FANLIGHT_URL`, else `MLFLOW_TRACKING_URI`, else
`http://127.0.0.1:5000`. `fanlight demo` also takes `OTEL_EXPORTER_OTLP_ENDPOINT`, before `MLFLOW_TRACKING_URI`.
";

fn render() -> String {
    let mut page = OPENING.to_owned();
    for setting in SETTINGS {
        let default = if setting.default.is_empty() {
            "none".to_owned()
        } else {
            format!("`{}`", setting.default)
        };
        let variables: Vec<String> = setting.env.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(
            page,
            "## `{}`\n\n{}.\n\n- Default: {default}\n- Flag: `--{} {}`\n- Environment: {}\n\n",
            setting.key,
            setting.help,
            setting.flag(),
            setting.value_name,
            variables.join(", "),
        );
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page + CLOSING
}

#[test]
fn the_configuration_page_is_up_to_date() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("FANLIGHT_UPDATE_DOCS").is_some() {
        std::fs::write(&page, render()).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == render(),
        "run the tests once with FANLIGHT_UPDATE_DOCS=1 to bring docs/configuration.md up to date"
    );
}
