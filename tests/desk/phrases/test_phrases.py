"""The phrase books: text files, read when they are needed, with errors that name file and line."""

import re
import subprocess
import sys

import pytest

from specbench.core.errors import ConfigError
from specbench.desk.phrases.books import BOOKS, read_book
from specbench.desk.phrases.grammar import parse


@pytest.mark.parametrize("name", BOOKS)
def test_every_book_can_be_read(name):
    assert all(lines for lines in read_book(name).values())


def test_an_unknown_book_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="no phrase book is called 'poems'; use one of agent, customer, held_out"):
        read_book("poems")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Hi [there|you.", "my.txt, line 3: a bracket has no partner in 'Hi [there|you.'; write [a|b] or {slot}"),
        ("Hi [a [b|c]|d].", "a bracket has no partner in 'Hi [a [b|c]|d].'"),
        ("Hi [you|{first].", "a bracket has no partner in 'Hi [you|{first].'"),
        ("Hi {}.", "a bracket has no partner in 'Hi {}.'"),
        ("#", "my.txt, line 3: an act has no name; write # and its name"),
        ("# greet", "my.txt, line 3: the act 'greet' is here twice"),
        ("# bye", "my.txt, line 3: the act 'bye' has no paraphrase; write one on each line below it"),
    ],
)
def test_a_bad_line_is_named(line, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        parse(f"# greet\nHi.\n{line}\n", "my.txt")


def test_a_paraphrase_without_an_act_is_refused():
    with pytest.raises(ConfigError, match=r"my\.txt, line 2: 'Hi\.' belongs to no act"):
        parse("// About greetings\nHi.\n", "my.txt")


def test_sample_traces_are_made_without_the_training_phrases():
    code = """
from specbench.desk.phrases import books
read, books.parse = [], lambda text, path, parse=books.parse: (read.append(path.split("/")[-1]), parse(text, path))[1]
import specbench.desk.micro_llama.conversations
assert read == [], read
from specbench.desk.people.conversations import generate
list(generate(4))
print(*sorted(read))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["agent.txt", "customer.txt"]
