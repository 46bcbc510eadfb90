"""Schema-Guided Dialogue: ``dialogues_*.json`` with its ``schema.json`` in the same folder.

The system calls a service within its turn. A SYSTEM turn with a ``service_call`` becomes *assistant (the call) → tool
(the results as JSON) → assistant (the utterance)*; one without becomes *assistant (the utterance)*. Several frames
with a call are parallel calls. The annotations (state, actions, slots) are never shown: a live agent has none.

- **tools**: every intent of the dialogue's services; ``Events_1__FindEvents`` (service, two underscores, intent),
  because services share intent names and providers allow letters, digits, ``_`` and ``-`` only. Effect ``write`` when
  the schema says ``is_transactional``, else ``read``. Every slot is a string; a categorical slot has an ``enum``, an
  optional one its ``default``.
- **task id** and **trace id**: folder and dialogue id (``sgd/train/1_00000``); the ids of train and dev repeat.

References
----------
Rastogi et al., "Towards Scalable Multi-domain Conversational Agents: The Schema-Guided Dialogue Dataset", AAAI 2020.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.traces.json_arguments import too_deep
from specbench.traces.json_files import OnError, convert_records, json_list
from specbench.traces.json_heads import peek
from specbench.traces.sources.base import Source

__all__ = ["SGD"]


class SGD(Source):
    """Reads Schema-Guided Dialogue files."""

    name = "sgd"

    def detect(self, path: Path, head: str) -> bool:
        """A JSON list whose first record has ``dialogue_id`` and ``turns``."""
        first = peek(head)
        return first.listed and "dialogue_id" in first.keys and bool({"turns", "services"} & first.keys)

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a dialogue."""
        schema_path = path.with_name("schema.json")
        if not schema_path.is_file():
            on_error(
                TraceError(
                    "the dialogues have no schema.json beside them",
                    path=path,
                    remedy=f"put the split's schema.json at {schema_path}; tools and effects come from it",
                )
            )
            return
        failures: list[TraceError] = []
        services = _services(json_list(schema_path, failures.append), schema_path, failures.append)
        if failures:
            on_error(failures[0])
            return

        def convert(number: int, record: Any) -> Trace:
            return _trace(path, services, record)

        yield from convert_records(path, enumerate(json_list(path, on_error), 1), convert, on_error)


def _services(schema: list[Any], path: Path, on_error: OnError) -> dict[str, dict[str, ToolSpec]]:
    """Return ``{service: {intent: spec}}``."""
    services: dict[str, dict[str, ToolSpec]] = {}
    for number, service in enumerate(schema, 1):
        try:
            name = service["service_name"]
            slots = {slot["name"]: slot for slot in service["slots"]}
            services[name] = {intent["name"]: _spec(name, intent, slots) for intent in service["intents"]}
        except (KeyError, TypeError, AttributeError) as error:
            on_error(
                TraceError(
                    f"the service's schema is malformed ({type(error).__name__}: {error})",
                    path=path,
                    line=number,
                    remedy="give SGD's own schema.json: a list of {service_name, slots, intents}",
                )
            )
    return services


def _spec(service: str, intent: dict[str, Any], slots: dict[str, Any]) -> ToolSpec:
    properties: dict[str, Any] = {}
    for name in intent["required_slots"]:
        properties[name] = _slot(slots[name])
    for name, default in intent["optional_slots"].items():
        properties[name] = _slot(slots[name], default)
    return ToolSpec(
        tool_name(service, intent["name"]),
        str(intent.get("description", "")),
        {"type": "object", "properties": properties, "required": list(intent["required_slots"])},
        Effect.WRITE if intent["is_transactional"] else Effect.READ,
    )


def tool_name(service: str, intent: str) -> str:
    """Return the name of a tool, unique across services.

    Examples
    --------
    >>> tool_name("Events_1", "FindEvents")
    'Events_1__FindEvents'
    """
    return f"{service}__{intent}"


def _slot(slot: dict[str, Any], default: str | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": slot.get("description", "")}
    if slot.get("is_categorical") and slot.get("possible_values"):
        schema["enum"] = list(slot["possible_values"])
        if default is not None and default not in schema["enum"]:
            schema["enum"].append(default)
    if default is not None:
        schema["default"] = default
    return schema


def _trace(path: Path, services: dict[str, dict[str, ToolSpec]], record: Any) -> Trace:
    if not isinstance(record, dict):
        raise TraceError("the dialogue is not an object", got=record, remedy="give {dialogue_id, services, turns}")
    identifier, offered, turns = record.get("dialogue_id"), record.get("services"), record.get("turns")
    if not isinstance(identifier, str) or not identifier:
        raise TraceError("the dialogue has no id", field="dialogue_id", got=identifier, remedy="give its dialogue_id")
    if not isinstance(offered, list):
        raise TraceError("the services are not a list", field="services", got=offered, remedy="list the service names")
    if not isinstance(turns, list):
        raise TraceError("the turns are not a list", field="turns", got=turns, remedy="give the list of turns")
    tools: dict[str, ToolSpec] = {}
    for index, service in enumerate(offered):
        if not isinstance(service, str) or service not in services:
            raise TraceError(
                "the service is not in schema.json",
                field=f"services[{index}]",
                got=service,
                remedy="use the schema.json of the same split; each split has its own",
            )
        tools |= {spec.name: spec for spec in services[service].values()}
    messages: list[Message] = []
    for index, turn in enumerate(turns):
        messages.extend(_turn(turn, f"turns[{index}]", tools, len(messages)))
    name = f"sgd/{path.resolve().parent.name}/{identifier}"
    return Trace(name, name, f"sgd:{path.name}", tuple(messages), tools, metadata={"services": " ".join(offered)})


def _turn(turn: Any, place: str, tools: dict[str, ToolSpec], position: int) -> Iterator[Message]:
    """Yield a turn's messages; ``position`` numbers the calls so that their ids differ within the dialogue."""
    speaker = turn.get("speaker") if isinstance(turn, dict) else None
    if speaker not in ("USER", "SYSTEM"):
        raise TraceError(
            "the speaker is not known", field=f"{place}.speaker", got=speaker, remedy="use USER or SYSTEM in each turn"
        )
    utterance = turn.get("utterance")
    if not isinstance(utterance, str):
        raise TraceError("the utterance is not text", field=f"{place}.utterance", got=utterance, remedy="give its text")
    if speaker == "USER":
        yield Message("user", utterance)
        return
    frames = turn.get("frames", [])
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise TraceError(
            "the frames are not objects", field=f"{place}.frames", got=frames, remedy="give a list of frames"
        )
    calls, results = [], []
    for index, frame in enumerate(frames):
        if frame.get("service_call") is not None:
            call = _call(frame, f"{place}.frames[{index}]", tools, f"call-{position}-{index}")
            calls.append(call)
            content = json.dumps(frame.get("service_results", []), ensure_ascii=False)
            results.append(Message("tool", content, tool_call_id=call.id, name=call.name))
    if calls:
        yield Message("assistant", tool_calls=tuple(calls))
        yield from results
    yield Message("assistant", utterance)


def _call(frame: dict[str, Any], place: str, tools: dict[str, ToolSpec], identifier: str) -> ToolCall:
    call = frame["service_call"]
    method = call.get("method") if isinstance(call, dict) else None
    name = tool_name(str(frame.get("service")), str(method))
    if name not in tools:
        raise TraceError(
            "the call is of no intent of the dialogue's services",
            field=f"{place}.service_call.method",
            got=name,
            remedy="use the schema.json of the same split, and list the service in the dialogue's services",
        )
    parameters = call.get("parameters", {})
    if not isinstance(parameters, dict) or too_deep(parameters):
        raise TraceError(
            "the parameters are not a flat object",
            field=f"{place}.service_call.parameters",
            got=parameters,
            remedy="give {slot: value}",
        )
    return ToolCall(name, parameters, identifier)
