from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.entities import EvidenceKind
from ecom_llm.recommend import packing
from ecom_llm.recommend.packing import (
    Shown,
    pack_evidence,
    pack_floats,
    pack_ids,
    unpack_evidence,
    unpack_floats,
    unpack_ids,
)

# Any characters that a database takes in text.
ids = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=100)
floats = st.floats(width=32, allow_nan=False)
shown = st.builds(Shown, st.sampled_from(packing._KINDS), st.integers(0, 2**32 - 1), floats)


@given(st.lists(ids))
def test_ids_that_are_packed_come_out_again(product_ids: list[str]) -> None:
    packed = pack_ids(product_ids)
    assert unpack_ids(packed) == unpack_ids(memoryview(packed)) == product_ids


@given(st.lists(floats))
def test_numbers_that_are_packed_come_out_again(values: list[float]) -> None:
    packed = pack_floats(values)
    assert list(unpack_floats(packed)) == list(unpack_floats(memoryview(packed))) == values
    assert len(packed) == 4 * len(values)


@given(st.lists(shown, min_size=1), st.data())
def test_what_shows_a_candidate_is_found_at_its_place(items: list[Shown], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(items) - 1))
    assert unpack_evidence(pack_evidence(items), place) == items[place]


def test_numbers_are_little_endian_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pack_floats([1.0]) == b"\x00\x00\x80\x3f"
    other = "big" if sys.byteorder == "little" else "little"
    monkeypatch.setattr(sys, "byteorder", other)
    assert pack_floats([1.0]) == b"\x3f\x80\x00\x00"
    assert list(unpack_floats(pack_floats([1.5]))) == [1.5]


def test_more_visits_than_a_record_holds_are_as_many_as_it_holds() -> None:
    item = Shown(EvidenceKind.POPULAR, 2**40, 0.0)
    assert unpack_evidence(pack_evidence([item]), 0).support == 2**32 - 1


def test_kinds_keep_their_numbers() -> None:
    """What is stored names them by number, so they may only be added to."""
    assert [kind.value for kind in packing._KINDS[:7]] == [
        "viewed_after", "viewed_together", "added_together", "bought_together", "similar", "popular",
        "popular_in_category",
    ]  # fmt: skip
