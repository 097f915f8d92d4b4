//! The help as people see it, and command lines that are wrong.

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

fn help(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_help_lists_commands_and_exit_codes() {
    insta::assert_snapshot!(help("fanlight --help"), @"
    Keeps traces of LLM applications: a drop-in for MLflow Tracing and OpenTelemetry

    Usage: fanlight <COMMAND>

    Commands:
      server       Run the server
      demo         Send example traces to a running server
      traces       Search, show, delete and export traces of a running server
      sql          Ask a running server in SQL
      prices       Show, test and change what models cost
      doctor       Check configuration, data directory, ports and clock
      compact      Merge the segments of a data directory that no server has open
      verify       Read everything sealed in a data directory that no server has open
      retention    Show or delete what a data directory holds beyond its retention
      version      Print the version
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes:
      0  done
      1  it failed
      2  the command line was wrong
      3  what was asked for does not exist
      4  the server cannot be reached
    ");
}

#[test]
fn every_setting_is_a_flag_of_the_server() {
    let text = help("fanlight server --help");
    for flag in [
        "--config",
        "--host",
        "--otlp-http-port",
        "--data-dir",
        "--allowed-hosts",
        "--seal-after",
    ] {
        assert!(text.contains(flag), "{flag}");
    }
    assert!(
        text.contains("[env: FANLIGHT_PORT, MLFLOW_PORT] [default: 5000]"),
        "{text}"
    );
}

#[test]
fn deleting_needs_to_know_what() {
    assert_eq!(parse("fanlight traces delete").unwrap_err().exit_code(), 2);
    assert_eq!(
        parse("fanlight traces delete --older-than 30d")
            .unwrap_err()
            .exit_code(),
        2
    );
    assert_eq!(
        parse("fanlight traces delete --id a --until 2026-01-01 --experiment 1")
            .unwrap_err()
            .exit_code(),
        2
    );
    assert!(parse("fanlight traces delete --id a --id b").is_ok());
    assert!(parse("fanlight traces delete --older-than 30d --experiment shop").is_ok());
}

#[test]
fn a_wrong_time_or_address_says_what_was_expected() {
    let first_line = |line| help(line).lines().next().unwrap_or_default().to_owned();
    insta::assert_snapshot!(
        first_line("fanlight traces delete --older-than soon --experiment 1"),
        @"error: invalid value 'soon' for '--older-than <TIME>': expected an age such as 12h, 30d or 8w"
    );
    insta::assert_snapshot!(
        first_line("fanlight traces get x --url ftp://here"),
        @"error: invalid value 'ftp://here' for '--url <URL>': expected an address such as http://127.0.0.1:5000"
    );
}

#[test]
fn there_is_a_completion_script() {
    let script = String::from_utf8(completions(Shell::Bash)).unwrap();
    assert!(script.contains("_fanlight()"));
}
