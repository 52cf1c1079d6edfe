"""Every kind of fact says what stands in it, in words that the project uses."""

from __future__ import annotations

import pyarrow as pa
import pytest

from aedile.errors import DataError
from aedile.facts import KINDS, kind_of


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_says_what_stands_in_it(kind):
    assert kind.meaning.endswith(".")
    names = [field.name for field in (*kind.sent, *kind.fields.values())]
    assert len(names) == len(set(names)) + len(kind.sent)
    for field in kind.fields.values():
        assert field.meaning[-1] in ".)…"
        assert field.meaning[0].isupper()
        assert not field.values or field.type == pa.string()
        assert field.least is None or field.type in (pa.int64(), pa.float64())
        assert not field.hashed or field.type == pa.string()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_money_has_a_currency_and_every_column_its_type(kind):
    assert [field.name for field in kind.schema] == list(kind.fields)
    assert kind.schema.metadata == {b"aedile.kind": kind.name.encode(), b"aedile.version": b"1"}
    if "amount" in kind.fields:
        assert kind.fields["amount"].unit == "minor units"
        assert kind.fields["currency"].required == kind.fields["amount"].required


def test_a_kind_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(DataError) as caught:
        kind_of("exposure")
    assert caught.value.code.name == "AED-DATA-070"
    assert "exposures" in caught.value.hint
