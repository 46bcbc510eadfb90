"""The transformers backend with the micro-Llama: streaming, cancelling, quantising, forcing, what can be missing."""

import copy
import shutil
from dataclasses import replace

import anyio
import numpy as np
import pytest
import torch
import trio

import specbench.llm.local.loading as loading
from specbench.core.errors import CheckpointError, ConfigError
from specbench.core.types import Message, ToolCall
from specbench.embed import make_embedding
from specbench.embed.hidden import HiddenStateEmbedding, prompt_hidden
from specbench.llm.backends.forced import ReplayBackend, forced_ids
from specbench.llm.backends.transformers_local import TransformersBackend, context_tok, prompt_ids
from specbench.llm.base import CallStarted, End, LLMError, Request
from specbench.llm.local.decoder import Decoder, TextAssembler
from specbench.llm.local.loading import load_model
from specbench.llm.local.memory import LLAMA_3_8B, plan_memory
from specbench.llm.local.precision import quick_dtype
from specbench.llm.registry import make_backend, micro_folder


async def collect(backend, request):
    async with backend.stream(request) as events:
        return [event async for event in events]


@pytest.mark.parametrize("run", [anyio.run, trio.run])
def test_the_model_streams_a_call(run, micro, ask):
    backend = TransformersBackend(micro)
    events = run(collect, backend, ask)
    end = events[-1]
    assert isinstance(end, End) and end.calls and end.reason == "stop"
    assert next(event for event in events if isinstance(event, CallStarted)).tok < end.usage.completion_tok
    assert end.usage.prompt_tok > 200 and end.usage.prefill_s > 0 and end.usage.decode_s > 0
    assert backend.usage.completion_tok == end.usage.completion_tok


def test_what_it_streams_is_what_generate_writes(micro, ask):
    prompt = torch.tensor([prompt_ids(micro, ask)])
    written = micro.model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=100, do_sample=False)
    text = micro.tokenizer.decode(written[0, prompt.shape[1] : -1])
    forced = forced_ids(micro, ask, anyio.run(TransformersBackend(micro).complete, ask).message())
    assert micro.tokenizer.decode(forced[:-1]) == text


def test_a_cancelled_invocation_stops_within_two_tokens(micro, ask, monkeypatch):
    steps = []
    original = Decoder.step
    monkeypatch.setattr(Decoder, "step", lambda self: (steps.append(1), original(self))[1])

    async def cancel():
        with anyio.CancelScope() as scope:
            async with backend.stream(ask) as events:
                async for event in events:
                    if isinstance(event, CallStarted):
                        seen.append(event.tok)
                        scope.cancel()

    backend, seen = TransformersBackend(micro), []
    anyio.run(cancel)
    assert len(steps) - seen[0] <= 2
    assert backend.usage.cancelled == 1 and backend.usage.completion_tok == seen[0]


def test_invocations_side_by_side_write_what_each_writes_alone(micro, talk):
    requests = [Request(decision.point.messages, talk.tools) for decision in list(talk.decisions())[:3]]
    backend = TransformersBackend(micro)

    async def together():
        ends = [None] * len(requests)

        async def one(at):
            ends[at] = await backend.complete(requests[at])

        async with anyio.create_task_group() as group:
            for at in range(len(requests)):
                group.start_soon(one, at)
        return ends

    alone = [anyio.run(backend.complete, request) for request in requests]
    assert [end.message() for end in anyio.run(together)] == [end.message() for end in alone]


def test_drawn_tokens_depend_on_the_seed_alone(micro, ask):
    backend = TransformersBackend(micro)
    texts = [
        anyio.run(backend.complete, replace(ask, tools={}, temperature=20.0, seed=seed, max_tok=12)).text
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_a_message_is_cut_at_max_tok(micro, ask):
    end = anyio.run(TransformersBackend(micro).complete, replace(ask, max_tok=3))
    assert (end.usage.completion_tok, end.reason, end.calls) == (3, "length", ())


def test_characters_of_several_tokens_come_whole(micro):
    text = "Ωλ – naïve 🙂 end"
    assembler = TextAssembler(micro.tokenizer)
    pieces = [assembler.add(token) for token in micro.tokenizer(text, add_special_tokens=False)["input_ids"]]
    assert "".join(pieces) == text and "\ufffd" not in "".join(pieces)


@pytest.mark.parametrize("quantisation", ["nf4", "int8"])
def test_four_and_eight_bits_run_on_the_cpu(quantisation, ask, caplog):
    loaded = load_model(micro_folder(), quantisation=quantisation, device="cpu")
    assert loaded.name == f"micro-llama ({quantisation})"
    assert f"torch.{loaded.dtype}" == str({"nf4": quick_dtype("cpu"), "int8": torch.float16}[quantisation])
    end = anyio.run(TransformersBackend(loaded).complete, replace(ask, max_tok=8))
    assert end.usage.completion_tok >= 1
    assert "inputs will be cast" not in caplog.text, "a warning at every layer and token"


@pytest.mark.parametrize("quick", [torch.bfloat16, torch.float32])
def test_weights_in_bfloat16_are_not_computed_in_it_where_that_takes_fifty_times_as_long(quick, tmp_path, monkeypatch):
    whole = load_model(micro_folder(), device="cpu")
    folder = tmp_path / "halved"
    copy.deepcopy(whole.model).to(torch.bfloat16).save_pretrained(folder)
    whole.tokenizer.save_pretrained(folder)
    monkeypatch.setattr("specbench.llm.local.loading.quick_dtype", lambda device: quick)
    loaded = load_model(folder, device="cpu")
    assert f"torch.{loaded.dtype}" == str(quick) == str(loaded.model.dtype)
    # What would just do for two bytes a weight does not for four.
    monkeypatch.setattr("specbench.llm.local.loading.free_bytes", lambda device: plan_memory(folder).total_bytes(2048))
    if quick is torch.float32:
        with pytest.raises(LLMError, match="a smaller model, or another device"):
            load_model(folder, device="cpu")
    else:
        load_model(folder, device="cpu")


def test_which_processors_compute_in_bfloat16():
    # What torch itself says that it was built for and has found.
    known = {"AVX2": torch.float32, "AVX512": torch.bfloat16}
    capability = torch.backends.cpu.get_cpu_capability()
    assert quick_dtype("cpu") is known.get(capability, quick_dtype("cpu")), capability
    # On a GPU nothing is asked of the CPU.
    assert quick_dtype("cuda:1") is torch.bfloat16


def test_the_eight_billion_fit_where_they_are_said_to():
    whole, four = plan_memory(LLAMA_3_8B), plan_memory(LLAMA_3_8B, "nf4")
    wide = plan_memory(LLAMA_3_8B, number_bytes=4)
    assert (wide.weights_bytes, wide.kv_bytes_a_token) == (2 * whole.weights_bytes, 2 * whole.kv_bytes_a_token)
    assert whole.parameters == four.parameters == 8_030_261_248
    assert whole.weights_bytes == 16_060_522_496
    assert 5.6e9 < four.weights_bytes < 5.8e9
    assert whole.kv_bytes_a_token == 131_072


class TestForcedReplay:
    WORDS = Message("assistant", "Let me see.", (ToolCall("get_order", {"order_id": "D1"}),))
    BOTH = Message(
        "assistant", "", (ToolCall("get_order", {"order_id": "D1"}), ToolCall("get_tickets", {"user_id": "U"}))
    )

    @pytest.mark.parametrize("message", [WORDS, BOTH, Message("assistant", "It is here.")])
    def test_the_recorded_message_is_written(self, micro, ask, message):
        backend = ReplayBackend(micro, lambda request: message)
        end = anyio.run(backend.complete, ask)
        assert (end.message(), end.reason) == (message, "stop")
        assert end.usage.completion_tok == len(forced_ids(micro, ask, message)) - 1
        assert end.usage.decode_s > 0

    def test_random_weights_do_and_are_labelled(self, ask):
        loaded = load_model(micro_folder(), device="cpu", random_weights=True)
        backend = ReplayBackend(loaded, lambda request: self.WORDS)
        assert backend.name == "micro-llama (random weights) (forced replay)"
        assert anyio.run(backend.complete, ask).message() == self.WORDS


class TestHiddenStates:
    def test_they_come_with_the_prefill_and_fit_the_embedding_protocol(self, micro, ask):
        vector = prompt_hidden(micro, ask)
        assert vector.shape == (128,) and vector.dtype == np.float32
        embedding = make_embedding(f"hidden:{micro_folder()}")
        embedding.fit([])
        one, two = embedding.encode("where is my order"), embedding.encode("cancel it")
        assert embedding.dim == 128 and np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
        assert not np.allclose(one, two)
        assert not embedding.encode("  ").any()
        again = HiddenStateEmbedding()
        again.restore(embedding.state())
        assert np.array_equal(again.encode("cancel it"), two)

    def test_another_model_in_the_folder_is_noticed(self, micro, tmp_path):
        shutil.copytree(micro_folder(), tmp_path / "model")
        state = HiddenStateEmbedding(tmp_path / "model").state() | {"fingerprint": "0" * 64}
        with pytest.raises(CheckpointError, match="not the one this checkpoint was trained with"):
            HiddenStateEmbedding().restore(state)
        with pytest.raises(ConfigError, match="hidden:FOLDER"):
            HiddenStateEmbedding().fit([])


class TestWhatCanBeMissing:
    def test_the_model(self):
        with pytest.raises(LLMError, match=r"no such folder.*hf download no/such.*HF_TOKEN, which is"):
            load_model("no/such")

    @pytest.mark.parametrize(("name", "part"), [("config.json", "configuration"), ("model.safetensors", "weights")])
    def test_a_file(self, tmp_path, name, part):
        folder = tmp_path / "model"
        shutil.copytree(micro_folder(), folder)
        (folder / name).unlink()
        with pytest.raises(LLMError, match=f"holds no {part} that can be read; it holds .*whole checkpoint"):
            load_model(folder)

    def test_the_tokenizer(self, tmp_path):
        folder = tmp_path / "model"
        shutil.copytree(micro_folder(), folder)
        for each in folder.glob("token*"):
            each.unlink()
        with pytest.raises(LLMError, match=r"holds no tokenizer|without a chat template"):
            load_model(folder)

    def test_the_chat_template(self, tmp_path):
        folder = tmp_path / "model"
        shutil.copytree(micro_folder(), folder)
        (folder / "chat_template.jinja").unlink()
        with pytest.raises(LLMError, match=r"without a chat template.*chat_template\.jinja"):
            load_model(folder)

    def test_memory(self, monkeypatch):
        monkeypatch.setattr(loading, "free_bytes", lambda device: 1_000_000)
        with pytest.raises(LLMError, match=r"needs about 0\.0 GB on cpu .*0\.0 GB are free.*nf4, a smaller model"):
            load_model(micro_folder(), device="cpu")

    def test_room_in_the_context(self, micro):
        long = Request([Message("user", "hello " * context_tok(micro))])
        with pytest.raises(LLMError, match=r"tokens, and the context of micro-llama ends at 2,048; shorten"):
            anyio.run(TransformersBackend(micro).complete, long)

    def test_the_end_of_the_context_ends_the_message(self, micro):
        words = 2030
        request = Request([Message("user", "hello " * words)])
        while True:
            try:
                end = anyio.run(TransformersBackend(micro).complete, request)
                break
            except LLMError:
                words -= 10
                request = Request([Message("user", "hello " * words)])
        assert end.usage.prompt_tok + end.usage.completion_tok <= 2048

    def test_a_known_way_of_quantising(self):
        with pytest.raises(ConfigError, match="quantisation is 'gptq'; use none, int8, nf4"):
            load_model(micro_folder(), quantisation="gptq")

    def test_a_known_backend(self):
        with pytest.raises(ConfigError, match="no LLM is called 'gpt'; use one of micro"):
            make_backend("gpt")


def test_backends_have_names(monkeypatch):
    assert make_backend("micro").name == "micro-llama"
    assert make_backend("micro", pace_tokens_per_s=30).name == "micro-llama (paced, 30 tok/s)"
    assert make_backend(f"transformers:{micro_folder()}").name == "micro-llama"
    assert make_backend("openai:llama@http://127.0.0.1:1/v1").name == "openai:llama"


def test_half_a_surrogate_pair_is_read_as_its_escape(micro):
    odd, escaped = (Request([Message("user", f"where is {text}?")]) for text in ("\ud83d", "\\ud83d"))
    assert prompt_ids(micro, odd) == prompt_ids(micro, escaped)
