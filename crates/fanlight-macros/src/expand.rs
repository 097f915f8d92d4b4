//! The function as it is compiled: calls of the SDK around the body as it was written.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, Ident, Path, Result, ReturnType, Type, parse_quote};

use crate::options::{Options, Returns};
use crate::signature::{Function, Shape, argument_names, error_type, shape_of};

pub(crate) fn traced(options: &Options, function: &Function) -> Result<TokenStream> {
    let names = argument_names(&function.signature);
    check_skipped(options, function, &names)?;
    let shape = shape(options, function)?;
    let expansion = Expansion {
        sdk: options
            .crate_path
            .clone()
            .unwrap_or_else(|| parse_quote!(::fanlight)),
        call: Ident::new("call", Span::mixed_site()),
        result: Ident::new("result", Span::mixed_site()),
        output: &function.signature.output,
        has_outputs: !options.no_outputs && gives_back(function),
    };
    let begin = expansion.begin(options, function, &names);
    let run = expansion.run(function, &shape);
    let Function {
        attributes,
        visibility,
        signature,
        ..
    } = function;
    Ok(quote! {
        #(#attributes)*
        #visibility #signature {
            #begin
            #run
        }
    })
}

fn check_skipped(options: &Options, function: &Function, names: &[Ident]) -> Result<()> {
    for skipped in &options.skip {
        if skipped == "self" || names.contains(skipped) {
            continue;
        }
        let has = match names {
            [] => "it has none".to_owned(),
            names => {
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                format!("it has {}", names.join(", "))
            }
        };
        return Err(Error::new(
            skipped.span(),
            format!(
                "`{skipped}` is not an argument of `{}`; {has}",
                function.signature.ident
            ),
        ));
    }
    Ok(())
}

/// What the signature shows, and the attribute says where it does not.
fn shape(options: &Options, function: &Function) -> Result<Shape> {
    let shown = shape_of(&function.signature.output);
    let Some(said) = options.returns else {
        return Ok(shown);
    };
    if !gives_back(function) {
        return Err(Error::new_spanned(
            &function.signature,
            "`err`, `stream` and `future` say what a function gives back; this one gives nothing back",
        ));
    }
    Ok(match (said, shown) {
        (Returns::Result, Shape::Plain) => Shape::Result(Box::new(Shape::Plain)),
        (Returns::Stream, Shape::Plain) => Shape::Stream { boxed: false },
        (Returns::Future, Shape::Plain) => Shape::Future {
            boxed: false,
            output: Box::new(Shape::Plain),
        },
        (_, shown) => shown,
    })
}

fn gives_back(function: &Function) -> bool {
    matches!(function.signature.output, ReturnType::Type(..))
}

struct Expansion<'a> {
    sdk: Path,
    call: Ident,
    result: Ident,
    output: &'a ReturnType,
    has_outputs: bool,
}

impl Expansion<'_> {
    /// `let call = …;`: the span, with all that is known before the body runs.
    fn begin(&self, options: &Options, function: &Function, names: &[Ident]) -> TokenStream {
        let Self { sdk, call, .. } = self;
        let builder = Ident::new("builder", Span::mixed_site());
        let inputs = Ident::new("inputs", Span::mixed_site());
        let function_name = function.signature.ident.to_string();
        let function_name = function_name.trim_start_matches("r#");
        // No name of anything in Rust has letters that JSON writes otherwise.
        let function_json = format!("\"{function_name}\"");
        let name = options
            .name
            .as_ref()
            .map_or_else(|| quote!(#function_name), |name| quote!(#name));
        let span_type = options
            .span_type
            .iter()
            .map(|span_type| quote!(let #builder = #builder.span_type(#span_type);));
        let root = options
            .root
            .then(|| quote!(let #builder = #builder.root();));
        let attributes = options
            .attributes
            .iter()
            .map(|(key, value)| quote!(let #builder = #builder.attribute(#key, #value);));
        let captured = names
            .iter()
            .filter(|name| !options.no_inputs && !options.skip.contains(name))
            .map(|name| {
                let text = name.to_string();
                let text = text.trim_start_matches("r#");
                let key = format!("\"{text}\":");
                let write = self.writing(&quote!(&#name));
                quote!(#inputs.add(#key, #write);)
            })
            .collect::<Vec<_>>();
        let inputs = (!captured.is_empty()).then(|| {
            quote! {
                let mut #inputs = #sdk::__private::Inputs::new();
                #(#captured)*
                let #builder = #inputs.give_to(#builder);
            }
        });
        quote! {
            let #call = #sdk::__private::Call::new(if #sdk::global::is_recording() {
                #sdk::__private::apart(|| {
                    let #builder = #sdk::__private::begin(#name, #function_json);
                    #(#span_type)*
                    #root
                    #(#attributes)*
                    #inputs
                    #builder.start()
                })
            } else {
                #sdk::Span::none()
            });
        }
    }

    /// The body, and what becomes of what it gives back.
    fn run(&self, function: &Function, shape: &Shape) -> TokenStream {
        let Self { sdk, call, .. } = self;
        let body = &function.body;
        if function.signature.asyncness.is_some() {
            let hint = self.type_hint();
            let awaited = quote! {
                #sdk::__private::follow(&#call, async move { #hint #body }).await
            };
            return self.finish(shape, &awaited);
        }
        let returns = self.named_output().map(|output| quote!(-> #output));
        let ran = quote! {
            #call.run(move || #returns { #body })
        };
        let Shape::Future { boxed, output } = shape else {
            let result = Ident::new("returned", Span::mixed_site());
            let finished = self.finish(shape, &quote!(#result));
            return quote!({ let #result = #ran; #finished });
        };
        let future = Ident::new("future", Span::mixed_site());
        let awaited = quote!(#sdk::__private::follow(&#call, #future).await);
        let finished = self.finish(output, &awaited);
        let wrapped = quote!(async move { #finished });
        let wrapped = if *boxed {
            quote!(::std::boxed::Box::pin(#wrapped))
        } else {
            wrapped
        };
        quote!({ let #future = #ran; #wrapped })
    }

    /// An expression with the value of `given`, that records it.
    fn finish(&self, shape: &Shape, given: &TokenStream) -> TokenStream {
        let Self {
            sdk, call, result, ..
        } = self;
        match shape {
            Shape::Plain | Shape::Future { .. } => {
                let record = self.has_outputs.then(|| {
                    let write = self.writing(&quote!(&#result));
                    quote!(if #call.is_recording() { #call.set_outputs(#write); })
                });
                quote!({
                    let #result = #given;
                    #record
                    #call.finish();
                    #result
                })
            }
            Shape::Result(inner) => {
                let value = Ident::new("value", Span::mixed_site());
                let error = Ident::new("error", Span::mixed_site());
                let finished = self.finish(inner, &quote!(#value));
                let given = match error_type(self.output) {
                    Some(error) => quote!(#sdk::__private::with_error::<_, #error>(#given)),
                    None => given.clone(),
                };
                quote!(match #given {
                    ::core::result::Result::Ok(#value) => ::core::result::Result::Ok(#finished),
                    ::core::result::Result::Err(#error) => {
                        if #call.is_recording() {
                            #[allow(unused_imports, reason = "which one is used depends on the type")]
                            use #sdk::__private::{
                                ErrorAsDebug as _, ErrorAsDisplay as _, ErrorAsError as _, ErrorAsNothing as _,
                                ErrorWithin as _,
                            };
                            (&&&&&#sdk::__private::Failure(&#error)).record_on(#call.span());
                        }
                        #call.finish();
                        ::core::result::Result::Err(#error)
                    }
                })
            }
            Shape::Stream { boxed } => {
                let item = Ident::new("item", Span::mixed_site());
                let capture = if self.has_outputs {
                    quote!({
                        #[allow(unused_imports, reason = "which one is used depends on the type")]
                        use #sdk::__private::{
                            ItemAsDebug as _, ItemAsDebugResult as _, ItemAsJson as _, ItemAsJsonResult as _,
                            ItemAsNothing as _,
                        };
                        (&&&&&#sdk::__private::Item(#item)).captured()
                    })
                } else {
                    quote!({
                        let _ = #item;
                        #sdk::__private::Captured::Nothing
                    })
                };
                let stream = quote!(#call.stream(#given, |#item| #capture));
                if *boxed {
                    quote!(::std::boxed::Box::pin(#stream))
                } else {
                    stream
                }
            }
        }
    }

    /// What writes the JSON of what `reference` refers to, and says whether there was any.
    fn writing(&self, reference: &TokenStream) -> TokenStream {
        let sdk = &self.sdk;
        let json = Ident::new("json", Span::mixed_site());
        quote!(|#json| {
            #[allow(unused_imports, reason = "which one is used depends on the type")]
            use #sdk::__private::{AsDebug as _, AsJson as _, AsNothing as _};
            (&&&#sdk::__private::Value(#reference)).write_json(#json)
        })
    }

    /// The type that is given back, where it can be said again.
    fn named_output(&self) -> Option<&Type> {
        match self.output {
            ReturnType::Type(_, output) if !quote!(#output).to_string().contains("impl ") => {
                Some(output)
            }
            _ => None,
        }
    }

    /// Tells the compiler the type of an `async` block, which has no place for it.
    fn type_hint(&self) -> TokenStream {
        let sdk = &self.sdk;
        match self.named_output() {
            None | Some(Type::Never(_)) => TokenStream::new(),
            Some(output) => quote_spanned! {Span::mixed_site()=>
                if false {
                    return #sdk::__private::never::<#output>();
                }
            },
        }
    }
}
