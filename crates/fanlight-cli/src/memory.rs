//! The allocator, and how long it keeps what was freed.

use libmimalloc_sys::{mi_option_eager_commit_delay, mi_option_set_default, mi_option_t};

/// Spans are made of many small strings that one thread allocates and another frees; with the system's allocator a fifth
/// of the time of ingest went there, and memory that was freed did not come back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The option that the bindings leave out; it follows this one.
const PURGE_DELAY: mi_option_t = mi_option_eager_commit_delay + 1;
/// While spans come in, what a seal or a request has freed is taken again within this time. Given back at once, the
/// system clears every page anew, which was a tenth of the processor time of ingest.
const PURGE_DELAY_MILLISECONDS: std::ffi::c_long = 100;

/// To be called before anything large is freed. The environment variable `MIMALLOC_PURGE_DELAY` has its way.
pub(crate) fn keep_freed_for_a_moment() {
    // SAFETY: the function takes two numbers, and ignores an option that does not exist.
    #[expect(unsafe_code, reason = "the bindings have no safe call for it")]
    unsafe {
        mi_option_set_default(PURGE_DELAY, PURGE_DELAY_MILLISECONDS);
    }
}
