from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom_llm.admin import rule_form
from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.models import RecommendationRule
from ecom_llm.recommend.rules import load_rules
from tests.conftest import MakeCatalog

RULES = "/admin/ecom_llm/recommendationrule/"
HOSTILE = "\"><script>alert('x')</script>"


@pytest.fixture(autouse=True)
def _shop(db: None, memory_catalog: MakeCatalog) -> None:
    memory_catalog()


def add(client: Client, **fields: str) -> str:
    body = {"action": "exclude", "product_id": "jacket-1", "place": "1", "factor": "1.5", "is_active": "on"}
    answer = client.post(f"{RULES}add/", body | fields, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def make(**fields: Any) -> RecommendationRule:
    return RecommendationRule.objects.create(**{"action": "exclude", "product_id": "jacket-1"} | fields)


def test_added_rule_holds_at_once_and_says_who_made_it(admin_client: Client, admin_user: User) -> None:
    now = timezone.now()
    assert not load_rules(now).on_page(now).is_excluded("jacket-1")
    add(admin_client)
    assert RecommendationRule.objects.get().created_by == admin_user
    assert load_rules(now).on_page(now).is_excluded("jacket-1")


def test_who_changes_a_rule_did_not_make_it(admin_client: Client) -> None:
    rule = make(created_by=User.objects.create_user("eva"))
    body = {"action": "exclude", "product_id": "jacket-2", "place": "1", "factor": "1.5", "is_active": "on"}
    admin_client.post(f"{RULES}{rule.pk}/change/", body)
    rule.refresh_from_db()
    assert rule.product_id == "jacket-2"
    assert rule.created_by is not None
    assert rule.created_by.username == "eva"


def test_variant_is_taken_as_its_product(admin_client: Client) -> None:
    add(admin_client, product_id=" jacket-1-l ", seed_id="kettle-1")
    assert RecommendationRule.objects.get().product_id == "jacket-1"


def test_category_is_taken_as_the_products_write_it(admin_client: Client) -> None:
    add(admin_client, product_id="", product_category=" jackets ")
    assert RecommendationRule.objects.get().product_category == "Jackets"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"product_id": "jacket-9"}, "No product has the id “jacket-9”. Copy it from your list of products."),
        ({"seed_id": "x" * 100}, "No product has the id “xxx"),
        ({"product_id": ""}, "Say which product or category the rule is about."),
        ({"product_category": "Jackets"}, "Choose a product or a category, not both."),
        ({"product_id": "", "product_category": "Jacket"}, "Did you mean “Jackets”?"),
        ({"product_id": "", "product_category": "Light"}, "Did you mean “Lighting”?"),
        ({"product_id": "", "product_category": "ets"}, "Did you mean “Jackets”?"),
        ({"product_id": "", "product_category": "Umbrellas"}, "Enter its name as the products have it."),
        (
            {"seed_category": "Coffee", "query": "kettle"},
            "Choose one: beside a product, in a category or for a search.",
        ),
        ({"query": "?!"}, "Enter at least one word of letters or digits."),
        ({"action": "pin", "product_id": "", "product_category": "Jackets"}, "A whole category cannot be pinned."),
        ({"action": "pin", "place": "0"}, "Enter a place from 1 to 100."),
        ({"action": "pin", "seed_id": "jacket-1-l"}, "A product is never recommended on its own page."),
        ({"action": "boost", "factor": "0"}, "Enter a number from 0.01 to 100 that is not 1."),
        ({"action": "boost", "factor": "1"}, "Enter a number from 0.01 to 100 that is not 1."),
        ({"action": "boost", "factor": "nan"}, "Enter a number."),
        ({"product_id": "\0"}, "Null characters are not allowed."),
        (
            {"starts_at_0": "2026-02-02", "starts_at_1": "10:00", "ends_at_0": "2026-02-02", "ends_at_1": "10:00"},
            "The end must be after the beginning.",
        ),
    ],
)
def test_rule_that_could_do_nothing_is_refused_with_what_to_do(
    admin_client: Client, fields: dict[str, str], message: str
) -> None:
    assert message in add(admin_client, **fields)
    assert not RecommendationRule.objects.exists()


def test_any_category_is_taken_where_there_are_too_many_products_to_look(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_form, "MOST_READ", 2)
    add(admin_client, product_id="", product_category="Umbrellas")
    assert RecommendationRule.objects.get().product_category == "Umbrellas"


def test_list_names_products_and_what_keeps_them_away(admin_client: Client) -> None:
    make(action="pin", place=3, seed_id="kettle-1")
    make(product_id="soldout-1", query="warm tea")
    make(product_id="hidden-1")
    make(product_id="gone-1", seed_category="Coffee")
    make(action="boost", product_id="", product_category="Lighting", factor=2.5, ends_at=timezone.now())
    page = admin_client.get(RULES).content.decode()
    for words in (
        "Harbour Rain Jacket", "place 3", "beside: Morning Pour-over Kettle", "Tin Mug (sold out)",
        "searches with “warm tea”", "Hidden Flask (hidden)", "everywhere", "gone-1 (no longer in the catalogue)",
        "on pages of: Coffee", "all of Lighting", "score times 2.5", "ended ",
    ):  # fmt: skip
        assert words in page


@pytest.mark.parametrize(
    ("excluded", "is_overruled"),
    [
        ({"product_id": "kettle-1"}, True),
        ({"product_id": "", "product_category": "coffee"}, True),
        ({"product_id": "kettle-1", "seed_id": "jacket-1"}, True),
        ({"product_id": "kettle-1", "seed_id": "lamp-1"}, False),
        ({"product_id": "kettle-1", "is_active": False}, False),
        ({"product_id": "lamp-1"}, False),
    ],
)
def test_list_tells_which_rules_another_one_overrules(
    admin_client: Client, excluded: dict[str, Any], is_overruled: bool
) -> None:
    make(action="pin", product_id="kettle-1", seed_id="jacket-1", note="ours")
    make(action="exclude", **excluded)
    listed = admin_client.get(RULES).context["cl"].result_list
    assert [rule.is_overruled for rule in listed] == [False, is_overruled]
    assert ("overruled by “Never recommend”" in admin_client.get(RULES).content.decode()) is is_overruled


def test_list_takes_a_variant_for_its_product(admin_client: Client) -> None:
    make(action="pin", product_id="jacket-1", seed_id="kettle-1")
    make(product_id="jacket-1-l")
    make(action="pin", product_id="jacket-1-l", seed_id="jacket-2")
    listed = admin_client.get(RULES).context["cl"].result_list
    assert [rule.is_overruled for rule in listed] == [True, False, True]
    page = admin_client.get(RULES).content.decode()
    assert "no longer in the catalogue" not in page
    assert page.count("Harbour Rain Jacket") >= 3


def test_list_costs_as_many_queries_however_long_it_is(admin_client: Client) -> None:
    counts = []
    for _ in range(2):
        for product_id in ("jacket-1", "jacket-2", "kettle-1"):
            make(product_id=product_id, created_by=User.objects.create_user(str(RecommendationRule.objects.count())))
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(RULES)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_rules_are_picked_out_by_state(admin_client: Client) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    make(note="now")
    make(note="now", starts_at=now - hour, ends_at=now + hour)
    make(note="later", starts_at=now + hour)
    make(note="ended", ends_at=now - hour)
    make(note="off", is_active=False, ends_at=now - hour)
    for state, count in (("now", 2), ("later", 1), ("ended", 1), ("off", 1)):
        listed = admin_client.get(RULES, {"state": state}).context["cl"].result_list
        assert [rule.note for rule in listed] == [state] * count


@pytest.mark.parametrize(("action", "is_active"), [("switch_on", True), ("switch_off", False)])
def test_many_rules_are_switched_at_once_and_it_counts_at_once(
    admin_client: Client, action: str, is_active: bool
) -> None:
    rule = make(is_active=not is_active)
    now = timezone.now()
    load_rules(now)
    body = {"action": action, "_selected_action": [str(rule.pk)]}
    assert "1 rule o" in admin_client.post(RULES, body, follow=True).content.decode()
    assert load_rules(now).on_page(now).is_excluded("jacket-1") is is_active


def test_who_may_only_look_changes_nothing() -> None:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_recommendationrule"))
    client = Client()
    client.force_login(user)
    rule = make()
    assert client.get(RULES).status_code == 200
    assert client.post(f"{RULES}add/", {}).status_code == 403
    client.post(RULES, {"action": "switch_off", "_selected_action": [str(rule.pk)]})
    rule.refresh_from_db()
    assert rule.is_active


def test_markup_is_escaped_everywhere(admin_client: Client, memory_catalog: MakeCatalog) -> None:
    memory_catalog([MemoryProduct(id="jacket-1", name=HOSTILE, category=HOSTILE)])
    make(note=HOSTILE, query=HOSTILE)
    make(product_id=HOSTILE, seed_category=HOSTILE)
    pages = [admin_client.get(RULES).content.decode(), add(admin_client, product_id=HOSTILE)]
    pages.append(add(admin_client, product_category="<script>alert"))
    for page in pages:
        assert "<script>alert" not in page
