//! The function that the attribute stands on.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, Item, Pat, PathArguments, Result, ReturnType,
    Signature, Type, TypeParamBound, Visibility,
};

/// A function whose body is left as tokens: only the compiler needs to understand it.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
}

/// What becomes of what a function gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Plain,
    /// `Result<…>` of one of the other shapes.
    Result(Box<Shape>),
    Stream {
        boxed: bool,
    },
    Future {
        boxed: bool,
        output: Box<Shape>,
    },
}

pub(crate) fn read_function(item: TokenStream) -> Result<Function> {
    let function = syn::parse2::<Parsed>(item)?.0;
    let signature = &function.signature;
    if let Some(constness) = &signature.constness {
        return Err(Error::new(
            constness.span(),
            "a `const fn` cannot be traced: it may run while the program is compiled",
        ));
    }
    Ok(function)
}

struct Parsed(Function);

impl syn::parse::Parse for Parsed {
    fn parse(input: syn::parse::ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let ahead = input.fork();
        let is_function = ahead.parse::<Visibility>().is_ok() && ahead.parse::<Signature>().is_ok();
        if !is_function {
            let what = input.parse::<Item>().map_or("this", |item| name_of(&item));
            return Err(Error::new(
                proc_macro2::Span::call_site(),
                format!("`#[trace]` stands on functions and methods, not on {what}"),
            ));
        }
        let visibility = input.parse()?;
        let signature: Signature = input.parse()?;
        if input.peek(syn::Token![;]) {
            return Err(Error::new(
                signature.span(),
                "a method without a body cannot be traced; put `#[trace]` on its implementations",
            ));
        }
        Ok(Self(Function {
            attributes,
            visibility,
            signature,
            body: input.parse()?,
        }))
    }
}

fn name_of(item: &Item) -> &'static str {
    match item {
        Item::Impl(_) => "an `impl` block: trace its methods one by one",
        Item::Struct(_) => "a struct",
        Item::Enum(_) => "an enum",
        Item::Trait(_) => "a trait",
        Item::Mod(_) => "a module",
        Item::Const(_) | Item::Static(_) => "a constant",
        _ => "this",
    }
}

/// Names that arguments are bound to, without `self`.
pub(crate) fn argument_names(signature: &Signature) -> Vec<Ident> {
    let mut names = Vec::new();
    for input in &signature.inputs {
        if let FnArg::Typed(argument) = input {
            bound_names(&argument.pat, &mut names);
        }
    }
    names
}

fn bound_names(pattern: &Pat, names: &mut Vec<Ident>) {
    match pattern {
        // One that begins with `_` is unused, as its author says.
        Pat::Ident(bound) if !bound.ident.to_string().starts_with('_') => {
            names.push(bound.ident.clone());
        }
        Pat::Tuple(tuple) => tuple
            .elems
            .iter()
            .for_each(|inner| bound_names(inner, names)),
        Pat::TupleStruct(tuple) => tuple
            .elems
            .iter()
            .for_each(|inner| bound_names(inner, names)),
        Pat::Struct(fields) => {
            for field in &fields.fields {
                bound_names(&field.pat, names);
            }
        }
        Pat::Slice(slice) => slice
            .elems
            .iter()
            .for_each(|inner| bound_names(inner, names)),
        Pat::Reference(reference) => bound_names(&reference.pat, names),
        Pat::Paren(inner) => bound_names(&inner.pat, names),
        Pat::Type(typed) => bound_names(&typed.pat, names),
        _ => {}
    }
}

/// The shape of what the signature says; other names for the types below are not seen through.
pub(crate) fn shape_of(output: &ReturnType) -> Shape {
    match output {
        ReturnType::Default => Shape::Plain,
        ReturnType::Type(_, output) => shape_of_type(output),
    }
}

pub(crate) fn shape_of_type(output: &Type) -> Shape {
    match output {
        Type::Paren(inner) => shape_of_type(&inner.elem),
        Type::Group(inner) => shape_of_type(&inner.elem),
        Type::ImplTrait(bounds) => shape_of_bounds(bounds.bounds.iter(), false),
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else {
                return Shape::Plain;
            };
            match last.ident.to_string().as_str() {
                "Result" => {
                    let inner = first_type(&last.arguments).map_or(Shape::Plain, shape_of_type);
                    Shape::Result(Box::new(inner))
                }
                "BoxStream" | "LocalBoxStream" => Shape::Stream { boxed: true },
                "BoxFuture" | "LocalBoxFuture" => Shape::Future {
                    boxed: true,
                    output: Box::new(
                        first_type(&last.arguments).map_or(Shape::Plain, shape_of_type),
                    ),
                },
                "Pin" => first_type(&last.arguments).map_or(Shape::Plain, shape_of_pinned),
                _ => Shape::Plain,
            }
        }
        _ => Shape::Plain,
    }
}

/// `Box<dyn Future<…>>` or `Box<dyn Stream<…>>` within a `Pin`.
fn shape_of_pinned(pointer: &Type) -> Shape {
    let Type::Path(path) = pointer else {
        return Shape::Plain;
    };
    let last = path.path.segments.last().filter(|last| last.ident == "Box");
    match last.and_then(|last| first_type(&last.arguments)) {
        Some(Type::TraitObject(object)) => shape_of_bounds(object.bounds.iter(), true),
        _ => Shape::Plain,
    }
}

fn shape_of_bounds<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>, boxed: bool) -> Shape {
    for bound in bounds {
        let TypeParamBound::Trait(bound) = bound else {
            continue;
        };
        let Some(last) = bound.path.segments.last() else {
            continue;
        };
        match last.ident.to_string().as_str() {
            "Stream" => return Shape::Stream { boxed },
            "Future" => {
                let output = output_of_future(&last.arguments).map_or(Shape::Plain, shape_of_type);
                return Shape::Future {
                    boxed,
                    output: Box::new(output),
                };
            }
            _ => {}
        }
    }
    Shape::Plain
}

/// `E` of a function that gives back a `Result<T, E>` without `impl` in its `E`.
pub(crate) fn error_type(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, output) = output else {
        return None;
    };
    let Type::Path(path) = output.as_ref() else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(named) => Some(named),
        _ => None,
    });
    types
        .skip(1)
        .find(|error| !matches!(error, Type::ImplTrait(_)))
}

fn output_of_future(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(named) if named.ident == "Output" => Some(&named.ty),
        _ => None,
    })
}

fn first_type(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(first) => Some(first),
        _ => None,
    })
}
