//! Feeds broken input to everything that reads bytes from clients or from disk.
//!
//! Inputs are mutations of a corpus, repeatable from a printed seed. A panic, a hang and memory out of proportion are
//! findings: the input is kept and the run fails. Needs nothing but the stable compiler. Start reading at `driver`.

mod corpus;
mod dice;
mod driver;
mod memory;
mod mutate;
mod targets;

use std::time::Duration;

use clap::Parser;

use driver::Length;
use targets::TARGETS;

/// Options of `fanlight-fuzz`.
#[derive(Debug, Parser)]
struct Options {
    /// Only the target of this name.
    #[arg(long)]
    target: Option<String>,
    /// How long each target is fed.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Begins the same sequence of inputs again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One input from a file, to look at a finding.
    #[arg(long, requires = "target")]
    input: Option<std::path::PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let chosen = |name: &str| {
        options
            .target
            .as_deref()
            .is_none_or(|target| target == name)
    };
    let targets: Vec<_> = TARGETS
        .iter()
        .filter(|target| chosen(target.name))
        .collect();
    anyhow::ensure!(
        !targets.is_empty(),
        "no such target; there are: {}",
        TARGETS.map(|target| target.name).join(", ")
    );
    for target in targets {
        if let Some(path) = &options.input {
            (target.prepare)()?.feed(&std::fs::read(path)?);
            continue;
        }
        let length = Length::Time(Duration::from_secs(options.seconds));
        let inputs = driver::run(target, options.seed, length)?;
        eprintln!(
            "{}: {inputs} inputs, seed {}, nothing found",
            target.name, options.seed
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    /// Memory is counted for the process as a whole.
    static ALONE: Mutex<()> = Mutex::new(());

    /// The whole corpus and some mutations of it.
    #[test]
    fn every_target_takes_its_corpus_and_a_few_hundred_mutations() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        for target in &TARGETS {
            driver::run(target, 1, Length::Inputs(target.quick_inputs)).unwrap();
        }
    }

    #[test]
    fn the_driver_notices_panics_and_memory() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        for name in ["panics", "allocates"] {
            let target = driver::Target {
                name: "self_test",
                dictionary: &[],
                memory_bytes: 1 << 20,
                quick_inputs: 1,
                prepare: if name == "panics" {
                    || Ok(Box::new(Panics))
                } else {
                    || Ok(Box::new(Allocates))
                },
            };
            let error = driver::run(&target, 1, Length::Inputs(3)).unwrap_err();
            assert!(error.to_string().contains("self_test"), "{error:#}");
        }
    }

    struct Panics;
    impl driver::Feed for Panics {
        fn feed(&mut self, input: &[u8]) {
            assert!(input.is_empty(), "not empty");
        }
    }

    struct Allocates;
    impl driver::Feed for Allocates {
        fn feed(&mut self, input: &[u8]) {
            drop(std::hint::black_box(vec![1_u8; (input.len() + 1) << 22]));
        }
    }
}
