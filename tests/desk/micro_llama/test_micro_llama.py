"""The micro-Llama: its format, its training, and that the shipped model does what its card says."""

import json
import random
import re
from collections import Counter
from itertools import islice, pairwise, product

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AttentionInterface

from specbench.core.errors import CheckpointError, ConfigError
from specbench.core.types import Message, ToolCall
from specbench.desk.micro_llama import training
from specbench.desk.micro_llama.attention import BLOCK, register
from specbench.desk.micro_llama.card import card_text
from specbench.desk.micro_llama.conversations import (
    NO_TOOLS_REPLY,
    TEST_BOOKS,
    conversations,
    training_conversations,
    without_tools,
)
from specbench.desk.micro_llama.examples import copy_batches, encode, talk_batches
from specbench.desk.micro_llama.exercises import EXERCISE_PROMPT, exercise
from specbench.desk.micro_llama.measure import answers, scores
from specbench.desk.micro_llama.schedule import Schedule
from specbench.desk.micro_llama.word_noise import ANSWERS, VariedBook, vocabulary
from specbench.desk.people.deterministic_agent import OPENINGS, TOPICS
from specbench.desk.people.goals import KINDS
from specbench.desk.phrases.books import read_book
from specbench.desk.phrases.grammar import Book
from specbench.desk.world.desk import SupportDesk
from specbench.desk.world.words import CATALOGUE
from specbench.llm.backends.transformers_local import prompt_ids
from specbench.llm.base import Request
from specbench.llm.chat_format import chat_messages, chat_tools
from specbench.llm.llama3_format import segments
from specbench.llm.registry import micro_folder

STARTS = {kind: opening.partition("{")[0] for kind, opening in OPENINGS.items()}
TINY = Schedule(copy_steps=2, copy_tokens=256, steps=4, tokens=1500, short_tokens=300, warmup_steps=2)


class TestFormat:
    def test_the_template_and_the_training_text_agree(self, micro):
        for trace, _ in islice(training_conversations(11), 12):
            text = "".join(piece.text for piece in segments(trace.messages, trace.tools))
            chat = chat_messages(trace.messages, arguments_as_text=False)
            told = micro.tokenizer.apply_chat_template(chat, tools=chat_tools(trace.tools) or None, tokenize=False)
            assert told == text

    def test_words_and_several_calls_in_one_message(self, micro):
        calls = (ToolCall("a", {"x": "é"}), ToolCall("b", {}))
        messages = [Message("user", "hi"), Message("assistant", "Sure.", calls), Message("tool", "{}")]
        text = "".join(piece.text for piece in segments(messages, {}))
        chat = chat_messages(messages, arguments_as_text=False)
        assert micro.tokenizer.apply_chat_template(chat, tokenize=False) == text
        assert 'Sure.<|python_tag|>{"name": "a", "parameters": {"x": "é"}}; {"name": "b", "parameters": {}}' in text

    def test_the_mark_before_a_call_outlives_a_server_that_leaves_out_special_tokens(self, micro):
        ids = micro.tokenizer("Sure.<|python_tag|>{}<|eot_id|>", add_special_tokens=False)["input_ids"]
        assert micro.tokenizer.decode(ids, skip_special_tokens=True) == "Sure.<|python_tag|>{}"

    def test_a_prompt_is_the_beginning_of_the_conversation(self, micro, talk):
        whole, _ = encode(micro.tokenizer, list(segments(talk.messages, talk.tools)))
        for decision in talk.decisions():
            prompt = prompt_ids(micro, Request(decision.point.messages, talk.tools))
            assert whole[: len(prompt)] == prompt

    def test_only_the_assistants_words_are_learned(self, micro, talk):
        ids, learned = encode(micro.tokenizer, list(segments(talk.messages, talk.tools)))
        text = micro.tokenizer.decode([token for token, wanted in zip(ids, learned, strict=True) if wanted])
        assert text.count("<|eot_id|>") == sum(message.role == "assistant" for message in talk.messages)
        assert "Tools:" not in text

    def test_what_is_copied_is_cut_alike_wherever_it_stands(self, micro):
        tokens = micro.tokenizer.tokenize
        for word in ("D48213", "ann.lee98@example.com", "Westridge"):
            alone = tokens(f'"{word}"')[1:-1]
            inside = tokens(f"It is {word} here")
            assert any(inside[at : at + len(alone)] == alone for at in range(len(inside)))


def wordings(*books: Book) -> set[str]:
    """All that the phrases of books can become, case and signs aside."""
    found = set()
    for line in (line for book in books for lines in book.values() for line in lines):
        pieces = [piece.split("|") for piece in re.split(r"[\[\]]", line)]
        found |= {" ".join(re.findall(r"[\w{}$']+", "".join(chosen).lower())) for chosen in product(*pieces)}
    return found


class TestConversations:
    def test_the_deterministic_agent_always_says_the_same(self):
        one, two = ([trace.messages for trace in conversations(5, 3)] for _ in range(2))
        assert one == two

    def test_it_says_once_what_it_has_understood_and_looks_again_for_each_goal(self):
        assert set(OPENINGS) == set(KINDS) == set(TOPICS)
        several = [trace for trace in conversations(40, 3) if len(trace.metadata["goals"].split()) > 1]
        for trace in several:
            said = [message.content for message in trace.messages if message.role == "assistant"]
            assert sum(text.startswith(tuple(STARTS.values())) for text in said) > 0
            for kind, opening in STARTS.items():
                count = sum(text.startswith(opening) for text in said)
                assert count <= trace.metadata["goals"].split().count(kind)
        # The newest order is looked at first, and the history read again for a later goal.
        histories = [
            sum(call.name == "get_order_history" for message in trace.messages for call in message.tool_calls)
            for trace in several
        ]
        assert max(histories) > 1

    def test_it_says_with_every_call_what_it_is_about(self):
        starts = tuple(text.partition("{")[0] for text in TOPICS.values())
        for trace in conversations(40, 3):
            told = False
            for before, message in zip(trace.messages, trace.messages[1:], strict=False):
                told |= message.content.startswith(tuple(STARTS.values()))
                # Until a goal is told there is nothing to say; the first message after it opens with OPENINGS.
                if message.tool_calls and told and before.role == "tool":
                    assert message.content.startswith(starts), message

    def test_the_topic_holds_what_was_chosen(self):
        exchanges = [
            message.content
            for trace in conversations(80, 3)
            for message in trace.messages
            if any(call.name == "exchange_item" for call in message.tool_calls)
        ]
        assert exchanges and all(" for the " in text for text in exchanges)

    def test_the_number_of_every_product_is_said_before_it_is_used(self):
        seen = set()
        for trace in conversations(80, 3):
            for message in trace.messages:
                for call in message.tool_calls:
                    numbers = set(re.findall(r"P\d{4}", json.dumps(dict(call.arguments))))
                    assert numbers <= set(re.findall(r"\((P\d{4})\)", message.content)), message
                    seen |= {call.name} if numbers else set()
        assert seen == {"get_product", "exchange_item", "return_items"}

    def test_it_says_after_each_order_whether_the_item_is_in_it(self):
        fates = Counter()
        named = re.compile(r"(?:\w+ )+?(?:of|to) the (?!latest order)(.+?)(?: \(P\d+\)|: not in D\d+)?\.$")
        for trace in conversations(80, 3):
            for before, order, after in zip(trace.messages, trace.messages[1:], trace.messages[2:], strict=False):
                asked = named.match(before.content)
                if order.name == "get_order" and not order.error and asked:
                    read = json.loads(order.content)
                    held = any(item["name"].endswith(asked[1]) for item in read["items"])
                    assert (f"{asked[1]} (P" if held else f"{asked[1]}: not in {read['order_id']}.") in after.content
                    fates[held] += 1
        assert fates[True] > 10 and fates[False] > 10

    def test_it_says_the_wish_and_only_what_was_said_of_it(self):
        kinds = Counter()
        for trace in conversations(300, 3):
            texts = [(message.role, message.content.lower()) for message in trace.messages]
            for (_, asked), (role, text) in pairwise(texts):
                noun, comma, category = text.partition("i'll see what we have: ")[2].partition(".")[0].partition(", ")
                if role == "assistant" and noun:
                    kinds["noun" if comma else "category"] += 1
                    assert noun in asked and (not comma or noun in CATALOGUE[category][1])
            for message in trace.messages:
                for call in message.tool_calls:
                    if call.name == "update_preferences":
                        (key, value), _ = sorted(call.arguments.items(), key=lambda pair: pair[0] == "user_id")
                        said = value if isinstance(value, str) else json.dumps(value)
                        assert f"{key.replace('_', ' ')}, {said}." in message.content
                        kinds["setting"] += 1
        assert kinds["noun"] > 10 and kinds["category"] > 0 and kinds["setting"] > 10

    def test_it_knows_nothing_that_nobody_said(self):
        reasons = [
            call.arguments["reason"]
            for trace in conversations(60, 3)
            for message in trace.messages
            for call in message.tool_calls
            if call.name == "cancel_order"
        ]
        assert len(reasons) > 3 and set(reasons) == {"other"}

    def test_a_stream_is_the_same_wherever_it_begins(self):
        whole = list(islice(training_conversations(5), 60))
        assert list(islice(training_conversations(5, 50), 10)) == whole[50:]

    def test_held_out_phrasings_are_in_no_training_book(self):
        customer, training_book = read_book("customer"), read_book("training")
        held_out, second = read_book("held_out"), read_book("held_out_second")
        assert set(training_book) <= set(customer)
        learned = wordings(customer, training_book)
        assert "yes please" in learned and len(learned) > 5000
        for book in (held_out, second):
            assert set(book) == set(customer)
            assert not learned & wordings(book)
        assert not wordings(held_out) & wordings(second)

    def test_varied_phrases_keep_their_slots(self):
        book = VariedBook(read_book("training"), random.Random(1), rate=0.5)
        for _ in range(200):
            assert "{order}" in book["cancel"][0]

    def test_scrambled_answers_keep_their_value_and_nothing_else(self):
        words = vocabulary({"any": ("alpha beta gamma",)})
        phrases = read_book("training")
        book = VariedBook(phrases, random.Random(1), 0.0, 1.0, words)
        for act in sorted(ANSWERS & set(phrases)):
            for _ in range(20):
                line = book[act][0]
                assert "{" in line
                bare = re.sub(r"\{\w+\}", "", line)
                assert set(re.findall(r"[A-Za-z']{2,}", bare)) <= set(words), line
        assert book["yes"][0] in phrases["yes"]

    def test_every_call_of_an_exercise_follows_from_its_text(self):
        with SupportDesk(seed=7, customers=12) as desk:
            for number in range(60):
                trace = exercise(desk, f"drill/{number}", read_book("customer"))
                assert trace.messages[0].content == EXERCISE_PROMPT
                shown = " ".join(message.content for message in trace.messages if message.role == "tool")
                asked = [message for message in trace.messages if message.role == "assistant"]
                assert len({message.tool_calls[0] for message in asked}) > len(asked) / 2
                for message in asked:
                    call = message.tool_calls[0]
                    spec = desk.tools[call.name]
                    assert spec.required <= set(call.arguments) <= set(spec.properties)
                    for name, value in call.arguments.items():
                        if name.endswith("_id"):
                            assert f'"{value}"' in shown
                        elif name == "expression":
                            assert all(f":{number}" in shown for number in re.findall(r"[\d.]+", value))

    def test_exercises_tell_whether_an_item_is_in_an_order(self):
        fates = Counter()
        with SupportDesk(seed=7, customers=12) as desk:
            for number in range(60):
                messages = exercise(desk, f"drill/{number}", read_book("customer")).messages
                for asked, order, message in zip(messages, messages[1:], messages[2:], strict=False):
                    if asked.role == "user" and order.role == "tool":
                        name = asked.content.partition(" the ")[2].removesuffix(".")
                        held = any(item["name"].endswith(name) for item in json.loads(order.content)["items"])
                        assert message.tool_calls[0].name == ("get_product" if held else "get_order")
                        missing = f"not in {json.loads(order.content)['order_id']}" in message.content
                        assert missing is not held
                        fates[held] += 1
        assert fates[True] > 10 and fates[False] > 10

    def test_exercises_are_part_of_the_training(self):
        prompts = [trace.messages[0].content for trace, _ in islice(training_conversations(5), 80)]
        assert 5 < prompts.count(EXERCISE_PROMPT) < 40

    def test_without_tools_the_agent_says_that_it_cannot(self, talk):
        bare = without_tools(talk, random.Random(1))
        assert not bare.tools and bare.messages[-1].content == NO_TOOLS_REPLY


class TestBatches:
    def test_they_are_seeded_and_can_be_skipped(self, micro):
        digits = np.arange(21, 31)
        whole = list(copy_batches(1, 512, 1024, digits, 0, 7))
        assert np.array_equal(next(iter(copy_batches(1, 512, 1024, digits, 4, 7))).ids, whole[4].ids)
        talks = list(islice(talk_batches(micro.tokenizer, training_conversations, 1, 4000, 0, 300), 4))
        later = next(talk_batches(micro.tokenizer, training_conversations, 1, 4000, 3, 300))
        assert np.array_equal(later.ids, talks[3].ids)
        assert all(batch.ids.size <= 4000 and batch.ids.shape[1] <= 300 for batch in talks)

    def test_what_is_to_be_copied_was_there_before(self):
        batch = next(iter(copy_batches(1, 512, 1024, np.arange(21, 31), 6, 7)))
        for ids, learned in zip(batch.ids, batch.learned, strict=True):
            first = int(np.flatnonzero(learned)[0])
            assert set(ids[learned]) <= set(ids[:first])


class TestAttention:
    """The attention of training against torch's own, which works it out in float32."""

    @pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
    @pytest.mark.parametrize("length", [1, 5, BLOCK, BLOCK + 1, 3 * BLOCK - 7])
    def test_it_is_causal_attention_forth_and_back(self, length, dtype, near):
        torch.manual_seed(length)
        here, there = ([torch.randn(2, 3, length, 16, requires_grad=True) for _ in range(3)] for _ in range(2))
        for one, other in zip(here, there, strict=True):
            other.data = one.data.clone()
        weight = torch.randn(2, 3, length, 16)
        found, _ = AttentionInterface()[register()](None, *(each.to(dtype) for each in here), None)
        assert found.dtype is dtype
        found = found.transpose(1, 2).float()
        known = torch.nn.functional.scaled_dot_product_attention(*there, is_causal=True)
        (found * weight).sum().backward()
        (known * weight).sum().backward()
        # bf16 has eight bits: about 0.4 % of the largest values.
        assert torch.allclose(found, known, atol=near)
        for one, other in zip(here, there, strict=True):
            assert torch.allclose(one.grad, other.grad, atol=2 * near)

    def test_what_comes_later_changes_nothing(self):
        attention = AttentionInterface()[register()]
        query, key, value = (torch.randn(1, 1, 2 * BLOCK, 8) for _ in range(3))
        before, _ = attention(None, query, key, value, None)
        key[:, :, BLOCK + 3 :], value[:, :, BLOCK + 3 :] = 9.0, -9.0
        after, _ = attention(None, query, key, value, None)
        assert torch.equal(before[:, : BLOCK + 3], after[:, : BLOCK + 3])
        assert not torch.equal(before, after)


class TestTraining:
    @pytest.fixture(autouse=True)
    def _few(self, monkeypatch):
        monkeypatch.setattr(training, "TOKENIZER_TRACES", 40)
        monkeypatch.setattr(training, "CHECKPOINT_STEPS", 3)
        monkeypatch.setattr("specbench.desk.micro_llama.examples.POOL", 24)

    def test_an_interrupted_training_ends_in_the_same_bits(self, tmp_path, monkeypatch):
        class Stop(Exception):
            pass

        def stop_at(step):
            def note(text):
                if f"step {step}/" in text:
                    raise Stop

            return note

        training.train(tmp_path / "whole", training_conversations, TINY)
        monkeypatch.setattr(training, "NOTE_STEPS", 1)
        for step in (2, 3, 5):
            with pytest.raises(Stop):
                training.train(tmp_path / "cut", training_conversations, TINY, stop_at(step))
        record = training.train(tmp_path / "cut", training_conversations, TINY)
        assert record["steps"] == 6 and record["tokens"] > 0
        whole, cut = (tmp_path / name / "model.safetensors" for name in ("whole", "cut"))
        assert whole.read_bytes() == cut.read_bytes()
        with pytest.raises(CheckpointError, match=r"begun with another schedule .*or another --out"):
            training.train(tmp_path / "cut", training_conversations, Schedule(seed=8))

    def test_it_goes_on_from_finished_weights(self, tmp_path):
        training.train(tmp_path / "first", training_conversations, TINY)
        more = Schedule(seed=3, steps=1, tokens=1500, lr=1e-9, warmup_steps=1).going_on()
        assert (more.copy_steps, more.total_steps) == (0, 1)
        training.train(tmp_path / "second", training_conversations, more, init=tmp_path / "first")
        first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("first", "second"))
        # One step at next to no learning rate: the weights are those that it began with.
        assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)
        tokenizers = [(tmp_path / name / "tokenizer.json").read_text() for name in ("first", "second")]
        assert tokenizers[0] == tokenizers[1]
        (tmp_path / "first" / "model.safetensors").write_bytes(b"truncated")
        with pytest.raises(CheckpointError, match="holds no micro-Llama to begin with"):
            training.train(tmp_path / "third", training_conversations, more, init=tmp_path / "first")

    def test_a_training_goes_on_in_the_precision_that_it_began_with(self, tmp_path, monkeypatch):
        few = Schedule(copy_steps=0, steps=2, tokens=300, short_tokens=150, warmup_steps=1)
        monkeypatch.setattr(training, "CHECKPOINT_STEPS", 1)

        def stop(text):
            raise InterruptedError(text)

        monkeypatch.setattr(training, "NOTE_STEPS", 2)
        monkeypatch.setattr(training, "quick_dtype", lambda device: torch.float32)
        with pytest.raises(InterruptedError, match="step 2"):
            training.train(tmp_path, training_conversations, few, stop)
        # As if on another machine.
        monkeypatch.setattr(training, "quick_dtype", lambda device: torch.bfloat16)
        assert training.train(tmp_path, training_conversations, few)["precision"] == "float32"

    def test_it_learns(self, tmp_path):
        schedule = Schedule(copy_steps=0, steps=12, tokens=1000, short_tokens=300, warmup_steps=5)
        record = training.train(tmp_path, training_conversations, schedule)
        assert record["loss"] < 4.5  # guessing among 1,536 tokens is at 7.3

    def test_a_schedule_without_steps_is_refused(self):
        with pytest.raises(ConfigError, match="steps is 0"):
            Schedule(steps=0)


class TestShipped:
    def test_it_is_small_and_holds_what_from_pretrained_needs(self):
        files = {path.name: path.stat().st_size for path in micro_folder().iterdir() if path.is_file()}
        assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja", "README.md"} <= set(files)
        assert sum(files.values()) < 8_000_000

    def test_the_card_tells_the_measured_numbers(self):
        measured = json.loads((micro_folder() / "measured.json").read_text())["measured"]
        card = (micro_folder() / "README.md").read_text()
        for part in TEST_BOOKS:
            assert f"{measured[part]['exact']:.1%}" in card

    def test_the_card_is_the_one_that_training_writes_and_names_files_that_exist(self):
        card = (micro_folder() / "README.md").read_text()
        assert card == card_text(json.loads((micro_folder() / "measured.json").read_text()))
        paths = re.findall(r"`(specbench/[^`]*)`", card)
        assert len(paths) >= 5 and all((micro_folder().parents[1] / path).is_file() for path in paths)

    def test_it_calls_and_answers_as_its_card_says(self, micro):
        measured = json.loads((micro_folder() / "measured.json").read_text())["measured"]
        found = scores(answers(micro, conversations(3, seed=2)))
        assert found["valid_json"] == 1
        assert found["exact"] >= measured["seen"]["exact"] - 0.15

    def test_without_tools_it_does_not_call(self, micro):
        rng = random.Random(1)
        found = answers(micro, [without_tools(trace, rng) for trace in conversations(4, seed=5)])
        assert len(found) > 8 and not any(each.begins_call for each in found)
        assert sum(each.written == NO_TOOLS_REPLY for each in found) >= 3
