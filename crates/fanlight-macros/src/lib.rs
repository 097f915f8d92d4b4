//! The attribute macro of Fanlight's SDK. Use it through the crate `fanlight`, which documents it and which what it
//! writes refers to.
//!
//! Owns the reading of the attribute and of the function it stands on, and writes calls of plain functions of the SDK;
//! it decides nothing at run time. Start reading at `options.rs`, then `signature.rs`, then `expand.rs`.

mod expand;
mod options;
mod signature;

use proc_macro::TokenStream;

/// See `fanlight::trace`.
#[proc_macro_attribute]
pub fn trace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let expanded = syn::parse(arguments)
        .and_then(|options| Ok((options, signature::read_function(item.clone())?)))
        .and_then(|(options, function)| expand::traced(&options, &function));
    // The function stays, so that one mistake here is not followed by many about a function that is not there.
    expanded
        .unwrap_or_else(|error| {
            let message = error.to_compile_error();
            quote::quote!(#message #item)
        })
        .into()
}
