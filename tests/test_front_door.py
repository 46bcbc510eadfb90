"""The front door as people use it: names, the example of the README, what objects show, what a slip says."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import specbench as sb
from specbench.core.errors import ConfigError, NotFittedError, PredictorError
from specbench.predictors.controls import Silent
from specbench.study import Workbench
from specbench.testing import make_traces, run_virtual

PACKAGES = {
    "traces": ["read", "read_traces", "write_traces", "split", "Traces"],
    "embed": ["Embedding", "make_embedding"],
    "predictors": ["Predictor", "Session", "make_predictor"],
    "policies": ["Policy", "Threshold", "TopK", "ExpectedValue"],
    "speculation": ["Options", "RunAhead", "Limit", "Breaker", "Traits"],
    "metrics": ["SpeculationMetrics", "predict_traces", "rates"],
    "sim": ["simulate", "sweep", "Latency", "Constant", "LogNormal", "Measured"],
    "runtime": ["Executor", "Tool"],
    "integrations": ["SpeculativeAgent", "SpeculationMiddleware", "BackendChatModel", "Tracer"],
    "llm": ["Backend", "Request", "make_backend"],
    "desk": ["SupportDesk", "desk_tools"],
    "study": ["evaluate", "compare", "simulate", "sweep", "Workbench", "Setting", "run_study"],
    "report": ["build_report", "build_comparison"],
    "plots": ["plot_curve"],
    "testing": ["check_predictor", "make_traces"],
}


class Silly(sb.Policy):
    """Forgets to return what it chooses."""

    def choose(self, point: Any, predictions: Any, state: Any = None) -> Any:
        return None

    def __repr__(self) -> str:
        return "Silly()"


class Sure(Silent):
    """Is more than sure."""

    name = "sure"

    def session(self, tools: Any, agent: str | None = None) -> Any:
        return SureSession()


class SureSession(sb.Session):
    def observe(self, message: Any) -> None:
        pass

    def predict(self, k: int = 1) -> list[sb.Prediction]:
        return [sb.Prediction(None, 1.5)]


@pytest.fixture(scope="module")
def held() -> dict[str, Any]:
    """One of each object that people hold."""
    traces = sb.Traces(make_traces(12))
    train, test = traces.split(test=0.25, seed=0)
    evaluation = sb.evaluate(["markov", sb.NGram()], train, test)
    run = sb.simulate(evaluation["ngram"], test, sb.Threshold(0.4))
    comparison = sb.compare("ngram", train, test)
    return {
        "traces": traces, "train": train, "trace": traces[0], "point": next(traces[0].decisions()).point,
        "predictor": evaluation["ngram"], "evaluation": evaluation, "comparison": comparison, "run": run,
        "ledger": run.ledger, "metrics": run.metrics, "table": run.table,
    }  # fmt: skip


def test_every_name_is_there_and_found_by_completion() -> None:
    assert set(sb.__all__) <= set(dir(sb))
    for name in sb.__all__:
        assert getattr(sb, name) is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_gives_its_main_names(package: str) -> None:
    module = importlib.import_module(f"specbench.{package}")
    for name in PACKAGES[package]:
        assert name in module.__all__ and hasattr(module, name)


def test_no_function_of_a_package_has_the_name_of_a_module_beside_it() -> None:
    import pkgutil

    for info in pkgutil.walk_packages(sb.__path__, "specbench."):
        if info.ispkg:
            module = importlib.import_module(info.name)
            beside = {each.name for each in pkgutil.iter_modules(module.__path__)}
            functions = {name for name in getattr(module, "__all__", ()) if callable(getattr(module, name, None))}
            assert not beside & functions, info.name


def test_the_example_works_from_reading_to_loading(tmp_path: Any) -> None:
    sb.write_traces(tmp_path / "traces.jsonl", make_traces(12))
    traces = sb.read(tmp_path)
    train, test = traces.split(test=0.25, seed=0)
    result = sb.evaluate(["markov", sb.Patterns()], train, test)
    assert list(result) == ["markov", "patterns"] and result.plot_curve().axes
    run = sb.simulate(result["patterns"], test, sb.Threshold(0.4), latency="constant:2,1")
    assert "Seconds: constant (modelled)." in run.report()
    sb.save(result["patterns"], tmp_path / "mine")
    point = next(test[0].decisions()).point
    assert sb.load(tmp_path / "mine").predict(point) == result["patterns"].predict(point)


def test_measured_seconds_decide_where_traces_carry_them() -> None:
    """A recorded conversation of three seconds thinking and two seconds of tools, replayed with its own seconds."""

    async def look(x: int) -> str:
        await anyio.sleep(2.0)
        return f"saw {x}"

    async def think(point: sb.DecisionPoint) -> sb.ToolCall | str:
        await anyio.sleep(3.0)
        return "There." if point.messages[-1].role == "tool" else sb.ToolCall("look", {"x": 1})

    async def talk() -> sb.Trace:
        async with sb.Executor([sb.Tool(sb.ToolSpec("look", effect=sb.Effect.READ), look)]) as executor:
            await executor.conversation("c1").user("Is 1 there?", think)
            return executor.trace("c1")

    run = sb.simulate("oracle", [run_virtual(talk)], "always", latency="measured", predict_ms=0)
    assert run.seconds_from == "measured (recorded seconds)"
    assert (run.metrics.sequential_s, run.metrics.saved_s) == (8.0, 2.0)


def test_traces_without_seconds_cannot_be_measured() -> None:
    with pytest.raises(ConfigError, match=r"carry no recorded seconds.*constant:THINK,TOOL"):
        sb.simulate("oracle", make_traces(4), latency="measured")


@pytest.mark.parametrize(
    "name",
    ["traces", "train", "trace", "point", "predictor", "evaluation", "comparison", "run", "ledger", "metrics", "table"],
)
def test_objects_are_short_in_a_console(held: dict[str, Any], name: str) -> None:
    text = repr(held[name])
    assert len(text) < 200 and "\n" not in text and " object at 0x" not in text


@pytest.mark.parametrize(
    "name", ["traces", "trace", "predictor", "evaluation", "comparison", "run", "ledger", "metrics"]
)
def test_objects_are_tables_in_a_notebook(held: dict[str, Any], name: str) -> None:
    assert held[name]._repr_html_().lstrip().startswith("<table")


def test_a_checkpoint_is_measured_as_it_is(held: dict[str, Any], tmp_path: Any) -> None:
    loaded = sb.load(sb.save(held["predictor"], tmp_path / "mine"))
    again = sb.evaluate(loaded, None, held["traces"][9:])
    assert again.metrics["ngram"]["fit_s"] < 0.1
    with pytest.raises(ConfigError, match="without training traces only fitted predictors can be measured; 'markov'"):
        sb.evaluate("markov", None, held["traces"])


def test_what_comes_from_traces_is_escaped_in_a_notebook() -> None:
    trace = sb.Trace("<b>x</b>", "t", "s", (sb.Message("user", "<script>alert(1)</script>"),))
    assert "<script>" not in trace._repr_html_() and "<b>" not in trace._repr_html_()


def test_a_workbench_takes_names_where_it_takes_lists() -> None:
    bench = Workbench(most=8)
    assert len(repr(bench)) < 200 and bench._repr_html_().startswith("<table")
    assert list(bench.accuracy("markov")["predictor"]) == ["markov"]
    assert bench.run("markov")[0].config["predictor"] == "markov"


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        (lambda traces: sb.evaluate("markoff", traces[:4], traces[4:]), "no predictor is called 'markoff'; use one of"),
        (lambda traces: sb.evaluate([], traces[:4], traces[4:]), "no predictor was given"),
        (lambda traces: sb.evaluate([7], traces[:4], traces[4:]), "a predictor is a name or a specbench.Predictor"),
        (lambda traces: sb.evaluate("markov", traces, traces), "training and test share [0-9]+ task"),
        (lambda traces: sb.simulate("markov", traces), "'markov' has to learn first"),
        (lambda traces: sb.simulate("oracle", traces, "often"), "no policy is called 'often'"),
        (lambda traces: sb.simulate("oracle", traces, 0.4), "a policy is a subclass of"),
        (lambda traces: sb.simulate("oracle", traces, latency="quick"), "no latency model is called 'quick'"),
        (lambda traces: sb.evaluate("markov,ngram", traces[:4], traces[4:]), r"give a list: \['markov', 'ngram'\]"),
        (lambda traces: sb.evaluate([sb.Markov], traces[:4], traces[4:]), r"make one: MarkovPredictor\(\)"),
        (lambda traces: sb.evaluate("markov", [], traces), "there is no training trace to fit on"),
        (lambda traces: sb.evaluate("markov", "file.jsonl", traces), r"are read first: specbench.read\('file.jsonl'\)"),
        (lambda traces: sb.evaluate("markov", traces[:4], traces[4]), "test traces are a list of traces"),
        (lambda traces: sb.simulate("oracle", [1, 2]), "recorded traces are specbench.Trace objects; got 1"),
        (
            lambda traces: sb.simulate("oracle", traces, Silly()),
            r"the policy Silly\(\) raised TypeError: it returned None",
        ),
        (lambda traces: sb.save(traces, "x"), "what is saved is a fitted predictor"),
        (lambda traces: sb.check_predictor(sb.Markov()), r"its class \(MarkovPredictor, not MarkovPredictor\(\)\)"),
        (lambda traces: sb.ToolSpec("x", effect="raed"), "the effect of tool 'x' is one of read, write,.*got 'raed'"),
        (lambda traces: sb.Options(run_ahead=1), r"run_ahead is specbench.RunAhead\(\.\.\.\), or None"),
        (lambda traces: sb.Options(limits={"x": 5}), r"the rate limit of 'x' is specbench.Limit\(per_s, burst\)"),
        (lambda traces: sb.Executor([], "markov"), r"a fitted specbench.Predictor object; got 'markov'. Load one with"),
        (lambda traces: sb.Executor([], sb.Markov), "a predictor is a fitted specbench.Predictor object"),
        (lambda traces: sb.Executor([], None, "treshold:0.2"), "no policy is called 'treshold'"),
        (lambda traces: sb.Executor([], None, 0.5), "a policy is a subclass of"),
    ],
)
def test_a_slip_says_what_is_allowed(slip: Callable[[list[sb.Trace]], Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        slip(make_traces(6))


def test_effects_and_texts_are_taken_where_objects_are() -> None:
    assert sb.ToolSpec("x", effect="read").effect is sb.Effect.READ
    executor = sb.Executor([], None, "threshold:0.2", options="carry_ttl_s=60")
    assert executor.policy == sb.Threshold(0.2) and executor.options.carry_ttl_s == 60
    assert sb.Options(windows="think+user") == sb.Options(windows={"think", "user"})
    with pytest.raises(NotFittedError, match="markov has not been fitted"):
        sb.Executor([], sb.Markov())


def test_broken_probabilities_are_not_measured() -> None:
    with pytest.raises(PredictorError, match=r"'sure' gave Prediction\(call=None, p=1\.5\) at decision 0 of trace"):
        sb.evaluate(Sure(), make_traces(4)[:2], make_traces(4)[2:], allow_overlap=True)


def test_a_result_names_what_was_evaluated(held: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match="no predictor 'markow' was evaluated; there are markov, ngram"):
        held["evaluation"]["markow"]
