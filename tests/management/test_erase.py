from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from ecom_llm.capture.erased import hash_of
from ecom_llm.management.commands import ecom_llm_erase
from ecom_llm.models import Erasure, Event, VisitorAccount
from ecom_llm.privacy.erasing import Erased
from tests.privacy.conftest import ADAM, EVA, record

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("ecom_llm_erase", *arguments, stdout=output)
    return output.getvalue()


def test_visitors_are_forgotten_and_counted() -> None:
    for key in (EVA, EVA, ADAM, "p:3"):
        record(key, product_id="jacket-1")
    told = run("--visitor", EVA, ADAM, "--json")
    assert "Deleted 3 events." in told
    assert json.loads(told.splitlines()[-1]) | {"events": 3, "visitors": 2, "is_complete": True} == json.loads(
        told.splitlines()[-1]
    )
    assert Event.objects.get().visitor == "p:3"


def test_account_is_forgotten_with_all_its_visitors() -> None:
    user = User.objects.create_user("eva")
    for key in (EVA, ADAM):
        VisitorAccount.objects.create(visitor=key, user=user)
        record(key, product_id="jacket-1")
    assert "Deleted 2 events, 2 links to accounts." in run("--user", "eva")


def test_unknown_visitor_is_told_and_written_down() -> None:
    assert "Nothing was kept of them" in run("--visitor", EVA)
    assert Erasure.objects.get().visitor_hash == hash_of(EVA)


def test_account_without_visitors_is_told() -> None:
    User.objects.create_user("eva")
    assert "No visitor is linked to the account 'eva'" in run("--user", "eva")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--visitor", "e" * 32], "p: or a: and 32 of the characters 0-9 and a-f"),
        (["--visitor", "p:1234"], "p: or a: and 32 of the characters 0-9 and a-f"),
        (["--visitor", EVA, "a:" + "E" * 32], "'a:EEEE.* no visitor's key"),
        (["--visitor", "p:" + "e" * 63], "no visitor's key"),
        (["--user", "nobody"], "no account 'nobody'"),
        ([], "required"),
        (["--visitor", EVA, "--user", "eva"], "not allowed with"),
    ],
)
def test_whose_it_is_must_be_said_rightly(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*arguments)
    assert not Erasure.objects.exists()


def test_what_is_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def some(keys: Any, **_: Any) -> Erased:
        return Erased(events=2, is_complete=False)

    monkeypatch.setattr(ecom_llm_erase, "erase", some)
    assert "Not all is done yet" in run("--visitor", EVA)
