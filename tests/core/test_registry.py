"""Parts by name: built in, from packages, or spelled out; and never from a file."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from specbench.core import registry
from specbench.core.errors import ConfigError, PluginWarning
from specbench.core.registry import BACKENDS, LATENCIES, POLICIES, PREDICTORS, Registry
from specbench.predictors import make_predictor


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry with one built-in part, two that packages bring, and one that cannot be loaded."""
    found = [
        EntryPoint("good", "collections:Counter", "some.group"),
        EntryPoint("own", "collections:deque", "some.group"),
        EntryPoint("broken", "no_such_module:Thing", "some.group"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: found)
    return Registry("part", "some.group", {"own": "collections:OrderedDict"}, hint="own:SIZE")


def test_built_in_parts_come_first_and_keep_their_names(parts: Registry) -> None:
    with pytest.warns(PluginWarning, match=r"the part 'own' \(collections:deque\) takes a name that another part has"):
        assert list(parts) == ["own", "good", "broken"]
    assert parts.load("own").__name__ == "OrderedDict"


def test_a_broken_part_is_named_once_and_left_out(parts: Registry) -> None:
    with pytest.warns(PluginWarning) as warned:
        assert list(parts.loaded()) == ["own", "good"]
    assert "'broken' (no_such_module:Thing) cannot be loaded: ModuleNotFoundError" in str(warned[-1].message)
    assert "broken" not in parts and list(parts) == ["own", "good"]


@pytest.mark.filterwarnings("ignore::specbench.core.errors.PluginWarning")
def test_a_part_can_be_spelled_out(parts: Registry) -> None:
    assert parts.load("collections:ChainMap").__name__ == "ChainMap"
    with pytest.raises(ConfigError, match="the part 'collections:Nothing' cannot be loaded: AttributeError"):
        parts.load("collections:Nothing")


@pytest.mark.filterwarnings("ignore::specbench.core.errors.PluginWarning")
def test_an_unknown_name_is_told_with_all_that_are_allowed(parts: Registry) -> None:
    with pytest.raises(ConfigError, match=r"no part is called 'bad'; use one of own, good, broken \(own:SIZE, or pack"):
        parts.make("bad")


@pytest.mark.parametrize("name", ["os:system", "subprocess:run", "collections:Counter", "../x:y", "a b:c"])
def test_a_name_from_a_file_imports_nothing(name: str) -> None:
    with pytest.raises(ConfigError, match="no predictor is called"):
        make_predictor(name, imports=False)


@pytest.mark.parametrize(
    ("kind", "text", "parts"),
    [
        (POLICIES, "threshold:0.4,2", ("threshold", "0.4,2")),
        (POLICIES, " topk ", ("topk", "")),
        (BACKENDS, "openai:qwen@http://h:1/v1", ("openai", "qwen@http://h:1/v1")),
        (LATENCIES, "profile:/a/b:c.json,1", ("profile", "/a/b:c.json,1")),
        (PREDICTORS, "my_package.module:Mine", ("my_package.module:Mine", "")),
        (PREDICTORS, "my_package.module:Mine:a:b", ("my_package.module:Mine", "a:b")),
    ],
)
def test_names_and_arguments_are_told_apart(kind: Registry, text: str, parts: tuple[str, str]) -> None:
    assert kind.split(text) == parts


def test_options_that_a_part_does_not_take_are_told() -> None:
    with pytest.raises(ConfigError, match=r"the predictor 'ngram' does not take these options: .*'depth'"):
        make_predictor("ngram", depth=3)
