//! What this crate makes of exports captured from real instrumentation.
//!
//! A line per span: name, type, model, input/output/total tokens with cache reads and writes, cost in millionths of a
//! dollar, and whether inputs and outputs are known. Below them, a line per trace: state, name of the root, usage, and
//! its two previews.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read must fail its test"
)]

mod otlp;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use fanlight_model::{Cost, ExperimentId, Span, TokenUsage, TraceKey, WorkspaceId};
use fanlight_normalize::{meaning, sort_spans, summarize};

fn report(text: &str) -> String {
    let mut traces: BTreeMap<_, Vec<Arc<Span>>> = BTreeMap::new();
    for span in otlp::spans(text) {
        traces.entry(span.trace_id).or_default().push(span);
    }
    let mut traces: Vec<_> = traces.into_values().collect();
    for spans in &mut traces {
        sort_spans(spans);
    }
    traces.sort_by_key(|spans| (spans[0].start, spans[0].span_id));

    let mut lines = String::new();
    for spans in traces {
        for span in &spans {
            writeln!(lines, "{}", span_line(span)).unwrap();
        }
        writeln!(lines, "{}", trace_lines(&spans)).unwrap();
    }
    lines
}

fn span_line(span: &Span) -> String {
    let meaning = meaning(span);
    let known = |name: &str, is_known: bool| {
        if is_known {
            name.to_owned()
        } else {
            "-".to_owned()
        }
    };
    [
        span.name.clone(),
        meaning.span_type.map_or("-".into(), Cow::into_owned),
        meaning.model.map_or("-".into(), Cow::into_owned),
        usage(meaning.usage),
        cost(meaning.cost),
        known("in", meaning.inputs.is_some()),
        known("out", meaning.outputs.is_some()),
    ]
    .join(" | ")
}

fn trace_lines(spans: &[Arc<Span>]) -> String {
    let key = TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: spans[0].trace_id,
    };
    let summary = summarize(key, ExperimentId::DEFAULT, None, spans);
    let preview = |text: Option<String>| {
        text.map_or("-".into(), |text| {
            text.chars().take(100).collect::<String>()
        })
    };
    format!(
        "  {} {} {} {}\n  > {}\n  < {}",
        summary.state,
        summary.root_name.as_deref().unwrap_or("-"),
        usage(summary.usage),
        cost(summary.cost),
        preview(summary.request_preview),
        preview(summary.response_preview),
    )
}

fn usage(usage: Option<TokenUsage>) -> String {
    let Some(usage) = usage else {
        return "-".into();
    };
    let part = |count: Option<u64>| count.map_or("?".into(), |count| count.to_string());
    let mut text = format!(
        "{}/{}/{}",
        part(usage.input),
        part(usage.output),
        part(usage.total)
    );
    for (name, count) in [("read", usage.cache_read), ("write", usage.cache_write)] {
        if let Some(count) = count {
            write!(text, " {name} {count}").unwrap();
        }
    }
    text
}

fn cost(cost: Option<Cost>) -> String {
    cost.map_or("-".into(), |cost| format!("{:.2}", cost.total * 1e6))
}

#[test]
fn adk_otel() {
    insta::assert_snapshot!(report(include_str!("fixtures/adk_otel.json")), @r###"
    invocation | - | - | - | - | - | -
    agent_run [weather] | - | - | - | - | - | -
    call_llm | LLM | gemini-2.5-flash | 11/10/21 | 28.30 | in | out
    execute_tool get_weather | TOOL | - | - | - | in | out
    call_llm | LLM | gemini-2.5-flash | 17/14/31 | 40.10 | in | out
      OK invocation 28/24/52 68.40
      > -
      < -
    "###);
}

#[test]
fn claude_code() {
    insta::assert_snapshot!(report(include_str!("fixtures/claude_code.json")), @r###"
    claude_code.interaction | AGENT | - | - | - | in | -
    claude_code.llm_request | LLM | claude-sonnet-4-5 | 7735/1551/9286 read 0 write 0 | 46470.00 | - | -
      OK claude_code.interaction 7735/1551/9286 read 0 write 0 46470.00
      > "[notool] say hello"
      < -
    "###);
}

#[test]
fn contrib_openai() {
    insta::assert_snapshot!(report(include_str!("fixtures/contrib_openai.json")), @r###"
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 15/5/20 | 5.25 | in | out
      OK chat gpt-4o-mini 15/5/20 5.25
      > Hello there
      < You said: Hello there
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 15/5/20 | 5.25 | in | out
      OK chat gpt-4o-mini 15/5/20 5.25
      > Hello there
      < You said: Hello there
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 14/10/24 | 8.10 | in | out
      OK chat gpt-4o-mini 14/10/24 8.10
      > What is the weather in Paris?
      < [{"role":"assistant","parts":[{"arguments":{"city":"Paris"},"name":"get_weather","id":"call_23777840
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 22/6/28 | 6.90 | in | out
      OK chat gpt-4o-mini 22/6/28 6.90
      > What is the weather in Paris?
      < The tool said: 18 C
    embeddings text-embedding-3-small | EMBEDDING | text-embedding-3-small | 2/?/? | 0.04 | - | -
      OK embeddings text-embedding-3-small 2/0/0 0.04
      > -
      < -
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | - | - | in | -
      ERROR chat gpt-4o-mini - -
      > [error:429] hi
      < -
    "###);
}

#[test]
fn genai_anthropic() {
    insta::assert_snapshot!(report(include_str!("fixtures/genai_anthropic.json")), @r###"
    chat claude-sonnet-4-5 | CHAT_MODEL | claude-sonnet-4-5 | 15/5/20 | 120.00 | in | out
    anthropic.messages.create | CHAT_MODEL | claude-sonnet-4-5 | 15/5/20 read 0 write 0 | 120.00 | - | -
      OK chat claude-sonnet-4-5 15/5/20 120.00
      > Hello there
      < You said: Hello there
    chat claude-sonnet-4-5 | CHAT_MODEL | claude-sonnet-4-5 | 15/5/20 | 120.00 | in | out
    anthropic.messages.create | CHAT_MODEL | claude-sonnet-4-5 | 15/5/20 read 0 write 0 | 120.00 | - | -
      OK chat claude-sonnet-4-5 15/5/20 120.00
      > Hello there
      < You said: Hello there
    chat claude-sonnet-4-5 | CHAT_MODEL | claude-sonnet-4-5 | 15/5/20 | 120.00 | in | out
    anthropic.messages.create | CHAT_MODEL | claude-sonnet-4-5 | 15/5/20 read 0 write 0 | 120.00 | - | -
      OK chat claude-sonnet-4-5 15/5/20 120.00
      > Hello there
      < You said: Hello there
    chat claude-sonnet-4-5 | CHAT_MODEL | claude-sonnet-4-5 | 17/10/27 | 201.00 | in | out
    anthropic.messages.create | CHAT_MODEL | claude-sonnet-4-5 | 17/10/27 read 0 write 0 | 201.00 | - | -
      OK chat claude-sonnet-4-5 17/10/27 201.00
      > Weather in Paris?
      < [{"role":"assistant","parts":[{"arguments":{"city":"Paris"},"name":"get_weather","id":"toolu_ee0fba9
    "###);
}

#[test]
fn genai_langchain() {
    insta::assert_snapshot!(report(include_str!("fixtures/genai_langchain.json")), @r###"
    invoke_workflow RunnableSequence | - | - | - | - | in | -
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 18/8/26 | 7.50 | in | out
      OK invoke_workflow RunnableSequence 18/8/26 7.50
      > {"q": "What is a trace?"}
      < -
    invoke_workflow LangGraph | - | - | - | - | in | out
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 14/10/24 | 8.10 | in | out
    execute_tool get_weather | TOOL | - | - | - | in | out
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 24/8/32 | 8.40 | in | out
      OK invoke_workflow LangGraph 38/18/56 16.50
      > What is the weather in Paris?
      < The tool said: Paris: 18 C
    "###);
}

#[test]
fn langfuse_sdk() {
    insta::assert_snapshot!(report(include_str!("fixtures/langfuse_sdk.json")), @r###"
    work | UNKNOWN | - | - | - | in | out
    OpenAI-generation | LLM | - | 9/5/14 read 0 | - | in | out
      OK work 9/5/14 read 0 -
      > {"args": ["Hello there"], "kwargs": {}}
      < "You said: Hello there"
    LangGraph | CHAIN | - | - | - | in | out
    agent | AGENT | - | - | - | in | out
    ChatOpenAI | LLM | - | 14/10/24 read 0 | - | in | out
    OpenAI-generation | LLM | - | 14/10/24 read 0 | - | in | out
    tools_condition | CHAIN | - | - | - | in | out
    tools | CHAIN | - | - | - | in | out
    get_weather | TOOL | - | - | - | in | out
    agent | AGENT | - | - | - | in | out
    ChatOpenAI | LLM | - | 24/8/32 read 0 | - | in | out
    OpenAI-generation | LLM | - | 24/8/32 read 0 | - | in | out
    tools_condition | CHAIN | - | - | - | in | out
      OK LangGraph 38/18/56 read 0 -
      > What is the weather in Paris?
      < The tool said: Paris: 18 C
    "###);
}

#[test]
fn logfire_pydantic_ai() {
    insta::assert_snapshot!(report(include_str!("fixtures/logfire_pydantic_ai.json")), @r###"
    invoke_agent weather_agent | AGENT | - | - | - | - | -
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 17/10/27 | 8.55 | in | out
    execute_tool get_weather | TOOL | - | - | - | in | out
    chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 25/6/31 | 7.35 | in | out
      OK invoke_agent weather_agent 42/16/58 15.90
      > -
      < -
    "###);
}

#[test]
fn oi_openai() {
    insta::assert_snapshot!(report(include_str!("fixtures/oi_openai.json")), @r###"
    ChatCompletion | LLM | gpt-4o-mini | 15/5/20 read 0 | 5.25 | in | out
      OK ChatCompletion 15/5/20 read 0 5.25
      > Hello there
      < You said: Hello there
    ChatCompletion | LLM | gpt-4o-mini | 15/5/20 read 0 | 5.25 | in | out
      OK ChatCompletion 15/5/20 read 0 5.25
      > Hello there
      < You said: Hello there
    ChatCompletion | LLM | gpt-4o-mini | 14/10/24 read 0 | 8.10 | in | out
      OK ChatCompletion 14/10/24 read 0 8.10
      > What is the weather in Paris?
      < {"id":"chatcmpl-28d8aecfb84166118bd7","choices":[{"finish_reason":"tool_calls","index":0,"logprobs":
    ChatCompletion | LLM | gpt-4o-mini | 22/6/28 read 0 | 6.90 | in | out
      OK ChatCompletion 22/6/28 read 0 6.90
      > What is the weather in Paris?
      < The tool said: 18 C
    Response | LLM | gpt-4o-mini | 15/5/20 read 0 write 0 | 5.25 | in | out
      OK Response 15/5/20 read 0 write 0 5.25
      > {"model": "gpt-4o-mini", "input": "Hello there", "instructions": "Be brief."}
      < You said: Hello there
    CreateEmbeddings | EMBEDDING | text-embedding-3-small | 2/?/2 | 0.04 | in | out
      OK CreateEmbeddings 2/0/2 0.04
      > {"model": "text-embedding-3-small", "input": ["hello", "world"], "encoding_format": "base64"}
      < {"data":[{"embedding":[-0.27209657430648804,0.28660836815834045,-0.21404929459095,0.3373997211456299
    ChatCompletion | LLM | gpt-4o-mini | - | - | in | -
      ERROR ChatCompletion - -
      > [error:429] hi
      < -
    "###);
}

#[test]
fn oi_agents() {
    insta::assert_snapshot!(report(include_str!("fixtures/oi_agents.json")), @r###"
    Agent workflow | AGENT | - | - | - | - | -
    Agent workflow | CHAIN | - | - | - | - | -
    helper | AGENT | - | - | - | - | -
    turn | CHAIN | - | - | - | - | -
    response | LLM | gpt-4o-mini | 16/10/26 read 0 write 0 | 8.40 | in | out
    get_weather | TOOL | - | - | - | in | out
    turn | CHAIN | - | - | - | - | -
    response | LLM | gpt-4o-mini | 24/6/30 read 0 write 0 | 7.20 | in | out
      OK Agent workflow 40/16/56 read 0 write 0 15.60
      > -
      < -
    "###);
}

#[test]
fn strands_otel() {
    insta::assert_snapshot!(report(include_str!("fixtures/strands_otel.json")), @r###"
    invoke_agent Strands Agents | AGENT | gpt-4o-mini | 30/16/46 | 14.10 | in | out
    Cycle 00000000-0000-4000-8000-000000000000 | - | - | - | - | in | out
    Model invoke | CHAT_MODEL | gpt-4o-mini | 11/10/21 | 7.65 | in | out
    Tool: get_weather | TOOL | - | - | - | in | out
    Cycle 00000000-0000-4000-8000-000000000000 | - | - | - | - | in | out
    Model invoke | CHAT_MODEL | gpt-4o-mini | 19/6/25 | 6.45 | in | out
      OK invoke_agent Strands Agents 30/16/46 14.10
      > Weather in Paris?
      < The tool said: 18 C
    "###);
}

#[test]
fn tl_openai() {
    insta::assert_snapshot!(report(include_str!("fixtures/tl_openai.json")), @r###"
    openai.chat | CHAT_MODEL | gpt-4o-mini | 15/5/20 read 0 | 5.25 | in | out
      OK openai.chat 15/5/20 read 0 5.25
      > Hello there
      < You said: Hello there
    openai.chat | CHAT_MODEL | gpt-4o-mini | 15/5/20 read 0 | 5.25 | in | out
      OK openai.chat 15/5/20 read 0 5.25
      > Hello there
      < You said: Hello there
    openai.chat | CHAT_MODEL | gpt-4o-mini | 14/10/24 read 0 | 8.10 | in | out
      OK openai.chat 14/10/24 read 0 8.10
      > What is the weather in Paris?
      < [{"role": "assistant", "parts": [{"type": "tool_call", "name": "get_weather", "id": "call_2377784008
    openai.chat | CHAT_MODEL | gpt-4o-mini | 22/6/28 read 0 | 6.90 | in | out
      OK openai.chat 22/6/28 read 0 6.90
      > What is the weather in Paris?
      < The tool said: 18 C
    openai.response | CHAT_MODEL | gpt-4o-mini | 15/5/20 read 0 | 5.25 | in | out
      OK openai.response 15/5/20 read 0 5.25
      > Hello there
      < You said: Hello there
    openai.embeddings | EMBEDDING | text-embedding-3-small | 2/?/? read 0 | 0.04 | in | -
      OK openai.embeddings 2/0/0 read 0 0.04
      > world
      < -
    openai.chat | CHAT_MODEL | gpt-4o-mini | - | - | in | -
      ERROR openai.chat - -
      > [error:429] hi
      < -
    "###);
}

#[test]
fn vercel_ai() {
    insta::assert_snapshot!(report(include_str!("fixtures/vercel_ai.json")), @r###"
    ai.generateText | LLM | - | - | - | in | out
    ai.generateText.doGenerate | LLM | gpt-4o-mini | 15/5/20 read 0 | 5.25 | in | out
      OK ai.generateText 15/5/20 read 0 5.25
      > {"system":"Be brief.","prompt":"Hello there"}
      < "You said: Hello there"
    ai.streamText | LLM | - | - | - | in | out
    ai.streamText.doStream | LLM | gpt-4o-mini | 9/5/14 read 0 | 4.35 | in | out
      OK ai.streamText 9/5/14 read 0 4.35
      > {"prompt":"Hello there"}
      < "You said: Hello there"
    ai.generateText | LLM | - | - | - | in | out
    ai.generateText.doGenerate | LLM | gpt-4o-mini | 11/10/21 read 0 | 7.65 | in | out
    ai.toolCall | TOOL | - | - | - | in | out
    ai.generateText.doGenerate | LLM | gpt-4o-mini | 21/8/29 read 0 | 7.95 | in | out
      OK ai.generateText 32/18/50 read 0 15.60
      > {"prompt":"Weather in Paris?"}
      < "The tool said: Paris: 18 C"
    ai.generateText | LLM | - | - | - | in | out
    ai.generateText.doGenerate | LLM | gpt-4o-mini | 12/5/17 read 0 write 0 | 4.80 | in | out
      OK ai.generateText 12/5/17 read 0 write 0 4.80
      > {"prompt":"Hello there"}
      < "You said: Hello there"
    ai.embed | EMBEDDING | - | - | - | in | out
    ai.embed.doEmbed | EMBEDDING | - | - | - | in | out
      OK ai.embed - -
      > "hello"
      < [-0.27209655979828035,0.28660837632085534,-0.21404929370798054,0.33739973414986774,-0.51879744068205
    ai.generateText | LLM | - | - | - | in | -
    ai.generateText.doGenerate | LLM | gpt-4o-mini | - | - | in | -
      ERROR ai.generateText - -
      > {"prompt":"[error:400] hi"}
      < -
    "###);
}
