"""Which values a parameter takes: as calls had it, or as the schema says."""

import pytest

from specbench.predictors.learned.counts.argument_types import UNFIT, ArgumentType
from specbench.predictors.learned.counts.tables import ParameterCounts


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({}, "70312", "70312"),
        ({"type": "string"}, "70312", "70312"),
        ({"type": "integer"}, "70312", 70312),
        ({"type": "integer"}, "U12345", UNFIT),
        ({"type": "integer"}, "007", UNFIT),
        ({"type": "integer"}, "2.5", UNFIT),
        ({"type": "integer"}, "true", UNFIT),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "number"}, "NaN", UNFIT),
        ({"type": "number"}, "Infinity", UNFIT),
        ({"type": "boolean"}, "True", True),
        ({"type": "boolean"}, "1", UNFIT),
        ({"type": ["integer", "null"]}, "70312", 70312),
        ({"type": ["string", "integer"]}, "70312", "70312"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "70312", 70312),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "seven", "seven"),
        ({"enum": [70312, 70313]}, "70312", 70312),
        ({"enum": [70312, 70313]}, "seven", UNFIT),
        ({"type": "array"}, "70312", UNFIT),
        ({"type": "object"}, "70312", UNFIT),
        ({"type": "null"}, "70312", UNFIT),
        ({"type": 7, "anyOf": "x", "enum": 3}, "70312", "70312"),
        ({"$ref": "#/definitions/bill"}, "70312", "70312"),
    ],
)
def test_a_text_becomes_a_value_of_the_schemas_type_or_none(schema, text, value):
    found = ArgumentType(None, schema).value(text)
    assert found == value and type(found) is type(value)


def test_what_real_calls_had_goes_before_the_schema():
    sloppy = ArgumentType(ParameterCounts(kinds={"str": 2, "digits": 9, "int": 1}), {"type": "integer"})
    assert (sloppy.value("70312"), sloppy.value("seven")) == ("70312", "seven")
    strict = ArgumentType(ParameterCounts(kinds={"int": 9}), {"type": "integer"})
    assert (strict.value("70312"), strict.value("seven")) == (70312, UNFIT)


def test_a_list_or_an_object_is_nothing_to_be_filled():
    assert not ArgumentType(None, {"type": "array"}).scalar
    assert not ArgumentType(None, {"type": ["object", "null"]}).scalar
    assert ArgumentType(None, {"type": ["array", "string"]}).scalar and ArgumentType(None, {}).scalar
