"""A text cites the facts it rests on, and only those."""

from __future__ import annotations

from ecom_llm.guard.screen import cited
from tests.guard.facts import JACKET, KETTLE, product


def test_facts_whose_words_or_numbers_are_used_are_cited() -> None:
    assert cited("The Harbour Rain Jacket weighs 420 grams.", [JACKET]) == {
        JACKET.product_id: {"name": "Harbour Rain Jacket", "category": "Jackets", "Weight": "420 g"}
    }


def test_other_form_of_a_word_is_cited() -> None:
    assert cited("A wooden handle.", [KETTLE]) == {KETTLE.product_id: {"Handle": "walnut"}}


def test_flag_is_cited_by_its_name() -> None:
    assert cited("It is waterproof.", [JACKET]) == {JACKET.product_id: {"Waterproof": "yes"}}
    assert cited("It is not dishwasher safe.", [KETTLE]) == {KETTLE.product_id: {"Dishwasher safe": "no"}}


def test_number_without_a_unit_cites_every_fact_that_holds_it() -> None:
    rack = product("Rack", "", Hooks="4", Depth="4 cm", Width="40 cm")
    assert cited("It has four hooks.", [rack])[rack.product_id] == {"Hooks": "4", "Depth": "4 cm"}
    assert cited("It is 4 cm deep.", [rack])[rack.product_id] == {"Depth": "4 cm"}


def test_both_products_of_a_reason_are_cited() -> None:
    found = cited("Beside the Alder kettle, the Harbour jacket.", [JACKET, KETTLE])
    assert set(found) == {JACKET.product_id, KETTLE.product_id}


def test_text_that_rests_on_nothing_cites_nothing() -> None:
    assert cited("Made for the days that are not.", [JACKET, KETTLE]) == {}
