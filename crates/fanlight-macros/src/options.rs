//! What stands in the parentheses of the attribute.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitStr, Path, Result, Token, parenthesized};

/// The arguments of one `#[trace(…)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Expr>,
    pub(crate) span_type: Option<Expr>,
    pub(crate) attributes: Vec<(String, Expr)>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) no_inputs: bool,
    pub(crate) no_outputs: bool,
    pub(crate) root: bool,
    pub(crate) returns: Option<Returns>,
    pub(crate) crate_path: Option<Path>,
}

/// What the function gives back, where its signature does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    Result,
    Stream,
    Future,
}

const KNOWN: &str = "`name`, `span_type`, `attributes(…)`, `skip(…)`, `skip_all`, `no_inputs`, `no_outputs`, `err`, \
                     `stream`, `future`, `root` and `crate`";

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            if input.peek(LitStr) {
                let name: LitStr = input.parse()?;
                return Err(Error::new(
                    name.span(),
                    format!("a name is given as `name = \"{}\"`", name.value()),
                ));
            }
            let key = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
            if seen.contains(&key.to_string()) {
                return Err(Error::new(key.span(), format!("`{key}` is given twice")));
            }
            seen.push(key.to_string());
            options.read(&key, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

impl Options {
    fn read(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match key.to_string().as_str() {
            "name" => self.name = Some(value_of(key, input)?),
            "span_type" => self.span_type = Some(value_of(key, input)?),
            "attributes" => self.attributes = attributes(key, input)?,
            "skip" => self.skip = names(key, input)?,
            "skip_all" | "no_inputs" => self.no_inputs = true,
            "no_outputs" => self.no_outputs = true,
            "root" => self.root = true,
            "err" => self.set_returns(key.span(), Returns::Result)?,
            "stream" => self.set_returns(key.span(), Returns::Stream)?,
            "future" => self.set_returns(key.span(), Returns::Future)?,
            "crate" => {
                input.parse::<Token![=]>()?;
                self.crate_path = Some(input.parse()?);
            }
            unknown => return Err(Error::new(key.span(), unknown_message(unknown))),
        }
        Ok(())
    }

    fn set_returns(&mut self, at: Span, returns: Returns) -> Result<()> {
        if self.returns.is_some() {
            return Err(Error::new(
                at,
                "only one of `err`, `stream` and `future` can be said",
            ));
        }
        self.returns = Some(returns);
        Ok(())
    }
}

fn unknown_message(unknown: &str) -> String {
    let meant = match unknown {
        "inputs" | "capture_inputs" | "skip_inputs" | "input" => "no_inputs",
        "outputs" | "capture_outputs" | "skip_outputs" | "output" | "ret" => "no_outputs",
        "type" | "kind" | "span_kind" => "span_type",
        "attribute" | "fields" | "attrs" | "metadata" | "tags" => "attributes",
        "ignore" | "exclude" => "skip",
        "error" | "result" => "err",
        _ => return format!("unknown argument `{unknown}`; there are {KNOWN}"),
    };
    format!("unknown argument `{unknown}`; did you mean `{meant}`?")
}

fn value_of(key: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if !input.peek(Token![=]) {
        return Err(Error::new(
            key.span(),
            format!("`{key}` needs a value: `{key} = \"…\"`"),
        ));
    }
    input.parse::<Token![=]>()?;
    let value: Expr = input.parse()?;
    if let Expr::Lit(literal) = &value
        && !matches!(literal.lit, syn::Lit::Str(_))
    {
        return Err(Error::new_spanned(&value, format!("`{key}` is a text")));
    }
    Ok(value)
}

fn attributes(key: &Ident, input: ParseStream<'_>) -> Result<Vec<(String, Expr)>> {
    let content = in_parentheses(key, input, "model = \"…\", \"geo.city\" = city")?;
    let pairs = Punctuated::<Pair, Token![,]>::parse_terminated(&content)?;
    Ok(pairs
        .into_iter()
        .map(|pair| (pair.key, pair.value))
        .collect())
}

fn names(key: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    let content = in_parentheses(key, input, "argument, other")?;
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(
        &content,
        <Ident as syn::ext::IdentExt>::parse_any,
    )?;
    Ok(names.into_iter().collect())
}

fn in_parentheses<'a>(
    key: &Ident,
    input: ParseStream<'a>,
    example: &str,
) -> Result<syn::parse::ParseBuffer<'a>> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(
            key.span(),
            format!("`{key}` takes a list: `{key}({example})`"),
        ));
    }
    let content;
    parenthesized!(content in input);
    // The buffer borrows from the stream it was cut out of, which outlives this call.
    Ok(content)
}

/// `gen_ai.request.model = value` or `"gen_ai.request.model" = value`.
struct Pair {
    key: String,
    value: Expr,
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (key, at) = if input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            (key.value(), key.span())
        } else {
            let first = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
            let mut key = first.to_string();
            while input.peek(Token![.]) {
                input.parse::<Token![.]>()?;
                let next = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
                key = format!("{key}.{next}");
            }
            (key, first.span())
        };
        if key.is_empty() {
            return Err(Error::new(at, "an attribute needs a name"));
        }
        if !input.peek(Token![=]) {
            return Err(Error::new(
                at,
                format!("attribute `{key}` needs a value: `{key} = …`"),
            ));
        }
        input.parse::<Token![=]>()?;
        Ok(Self {
            key,
            value: input.parse()?,
        })
    }
}
