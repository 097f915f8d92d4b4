"""CrewAI: crews, flows, tasks, agents and tools."""

# Objects of libraries that may not be there have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

from . import spans
from .calls import Call, Method, Wrapping
from .usage import read


class _Step(Method):
    library = "crewai"

    def name(self, call: Call) -> str:
        given = read(call.subject, "name") or read(call.subject, "role")
        return str(given).strip() if isinstance(given, str) and given else call.function.__qualname__

    def skips(self, call: Call) -> bool:
        """A tool may be run by another form of itself."""
        return self.span_type == spans.TOOL and spans.is_inside(spans.TOOL)

    def inputs(self, call: Call) -> Any:
        if self.span_type == spans.TOOL:
            return call.kwargs or call.arguments
        asked = {name: _short(value) for name, value in call.arguments.items() if value is not None}
        description = read(call.subject, "description")
        return {"description": description, **asked} if isinstance(description, str) and description else asked

    def conclude(self, span: spans.Span, result: Any) -> None:
        raw = read(result, "raw")
        span.set_outputs(raw if isinstance(raw, str) else _short(result))


class _Task(_Step):
    def name(self, call: Call) -> str:
        return str(read(call.subject, "name") or "Task")


class _Flow(_Step):
    """Agents are flows inside; those are no flows of the application."""

    def skips(self, call: Call) -> bool:
        return type(call.subject).__module__.startswith("crewai.")

    def name(self, call: Call) -> str:
        return f"{type(call.subject).__name__}.kickoff"


class _FlowStep(_Flow):
    """One method of a flow."""

    def name(self, call: Call) -> str:
        return str(call.arguments.get("method_name") or "step")

    def inputs(self, call: Call) -> Any:
        return [_short(value) for value in call.arguments.get("args") or ()]

    def conclude(self, span: spans.Span, result: Any) -> None:
        # Newer versions answer with the number of an event too.
        super().conclude(span, result[0] if isinstance(result, tuple) and result else result)


def _short(value: Any) -> Any:
    """Agents and tasks refer to each other, to models and to tools: their names will do."""
    if isinstance(value, (list, tuple)):
        return [_short(item) for item in value]
    if type(value).__module__.startswith("crewai"):
        return str(read(value, "role") or read(value, "name") or read(value, "raw") or type(value).__name__)
    return value


_STEPS = {
    "crewai.crew:Crew.kickoff": _Step("Crew.kickoff", spans.CHAIN),
    "crewai.crew:Crew.akickoff": _Step("Crew.akickoff", spans.CHAIN),
    "crewai.flow.flow:Flow.kickoff_async": _Flow(span_type=spans.CHAIN),
    "crewai.flow.flow:Flow._execute_method": _FlowStep(span_type=spans.CHAIN),
    "crewai.task:Task._execute_core": _Task(span_type=spans.CHAIN),
    "crewai.task:Task._aexecute_core": _Task(span_type=spans.CHAIN),
    "crewai.agent.core:Agent.execute_task": _Step(span_type=spans.AGENT),
    "crewai.agent.core:Agent.aexecute_task": _Step(span_type=spans.AGENT),
    "crewai.agent.core:Agent.kickoff": _Step(span_type=spans.AGENT),
    "crewai.tools.base_tool:BaseTool.run": _Step(span_type=spans.TOOL),
    "crewai.tools.base_tool:Tool.run": _Step(span_type=spans.TOOL),
    "crewai.tools.structured_tool:CrewStructuredTool.invoke": _Step(span_type=spans.TOOL),
    "crewai.tools.structured_tool:CrewStructuredTool.ainvoke": _Step(span_type=spans.TOOL),
}


def install(patches: Wrapping) -> None:
    """Models are asked through their providers' clients or LiteLLM, whose integrations tell of that with its tokens."""
    for path, method in _STEPS.items():
        patches.trace(path, method)
