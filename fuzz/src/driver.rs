//! Feeds a target: first its corpus, then mutations, until the time or the number of inputs is over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::corpus;
use crate::dice::Dice;
use crate::memory::measured;
use crate::mutate::mutate;

/// Something that reads bytes.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Words that its inputs are made of.
    pub(crate) dictionary: &'static [&'static str],
    /// Most memory that one input may cost; inputs have at most 256 KiB.
    pub(crate) memory_bytes: usize,
    /// Inputs of a short run.
    #[cfg_attr(not(test), expect(dead_code, reason = "short runs are a test"))]
    pub(crate) quick_inputs: u64,
    pub(crate) prepare: fn() -> anyhow::Result<Box<dyn Feed>>,
}

/// A target ready to be taken.
pub(crate) trait Feed {
    /// Takes any bytes. Refusing them is fine, and so is taking them; nothing else is.
    fn feed(&mut self, input: &[u8]);

    /// Inputs beside those of the corpus folder.
    fn seeds(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    Time(Duration),
    #[cfg_attr(not(test), expect(dead_code, reason = "short runs are a test"))]
    Inputs(u64),
}

/// No input takes a hundredth of this, so whatever does hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Answers how many inputs were taken; fails at the first finding.
pub(crate) fn run(target: &Target, seed: u64, length: Length) -> anyhow::Result<u64> {
    let mut feed = (target.prepare)()?;
    let mut inputs = corpus::load(target.name)?;
    inputs.extend(feed.seeds());
    if inputs.is_empty() {
        inputs.push(Vec::new());
    }
    let mut dice = Dice(seed);
    let started = Instant::now();
    let taken = Arc::new(AtomicU64::new(0));
    watch(target.name, seed, &taken);
    loop {
        let number = taken.load(Ordering::Relaxed);
        let from_corpus = usize::try_from(number)
            .ok()
            .and_then(|number| inputs.get(number));
        let over = match length {
            Length::Time(time) => started.elapsed() >= time,
            Length::Inputs(most) => number >= most,
        };
        if over && from_corpus.is_none() {
            // The watch ends with its last input.
            taken.store(u64::MAX, Ordering::Relaxed);
            return Ok(number);
        }
        let input = from_corpus.cloned().unwrap_or_else(|| {
            let [one, other] = [(); 2].map(|()| dice.below(inputs.len()));
            mutate(&inputs[one], &inputs[other], target.dictionary, &mut dice)
        });
        let (outcome, memory) = measured(|| catch_unwind(AssertUnwindSafe(|| feed.feed(&input))));
        let finding = match outcome {
            Err(_) => Some("a panic".to_owned()),
            Ok(()) if memory > target.memory_bytes => Some(format!("{memory} bytes of memory")),
            Ok(()) => None,
        };
        if let Some(finding) = finding {
            taken.store(u64::MAX, Ordering::Relaxed);
            if cfg!(test) && target.name == "self_test" {
                anyhow::bail!("self_test: {finding}");
            }
            let path = corpus::keep(target.name, seed, number, &input)?;
            anyhow::bail!(
                "{}: {finding} with input {number} of seed {seed}, kept as {}",
                target.name,
                path.display()
            );
        }
        taken.fetch_add(1, Ordering::Relaxed);
    }
}

/// Ends the process when one input takes for ever: nothing else gets out of a loop.
fn watch(target: &'static str, seed: u64, taken: &Arc<AtomicU64>) {
    let taken = Arc::downgrade(taken);
    std::thread::spawn(move || {
        let (mut last, mut since) = (0, Instant::now());
        while let Some(number) = taken.upgrade().map(|taken| taken.load(Ordering::Relaxed)) {
            if number != last {
                (last, since) = (number, Instant::now());
            }
            if number == u64::MAX {
                return;
            }
            if since.elapsed() > PATIENCE {
                eprintln!("{target}: a hang with input {number} of seed {seed}");
                std::process::exit(1);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
}
