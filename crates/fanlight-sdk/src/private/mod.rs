//! What the code written by `#[fanlight::trace]` calls. Not for use by hand: it changes without notice.

mod call;
mod capture;
mod stream;

pub use call::{Call, Inputs, apart, begin, follow, never, with_error};
pub use capture::{
    AsDebug, AsJson, AsNothing, Captured, ErrorAsDebug, ErrorAsDisplay, ErrorAsError,
    ErrorAsNothing, ErrorWithin, Failure, Item, ItemAsDebug, ItemAsDebugResult, ItemAsJson,
    ItemAsJsonResult, ItemAsNothing, Value,
};
pub use stream::TracedStream;
