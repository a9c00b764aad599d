"""Which visitors have signed in to which account, as far as they agreed to that being kept."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import router, transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from ecom_llm.capture.boundary import boundary, isolated
from ecom_llm.capture.consent import consent_of
from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.capture.visitors import get_visitor, renew_visitor
from ecom_llm.entities import Consent
from ecom_llm.models import Erasure, VisitorAccount
from ecom_llm.privacy.erasing import finish

# What the deletion of an account may wait for its visitors' events to go; the next sweep does the rest.
ACCOUNT_SECONDS = 2.0


def keys_of(user: Any) -> set[str]:
    """The visitors that have signed in to an account at `personal`.

    Args:
        user: an account.
    """
    rows = VisitorAccount.objects.using(router.db_for_write(VisitorAccount)).filter(user_id=user.pk)
    return set(rows.values_list("visitor", flat=True))


@receiver(user_logged_in, dispatch_uid="ecom_llm.link_account")
def link_account(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Link a `personal` visitor to the account just signed in to; a login never fails for it.

    A browser whose visitor belongs to another account gets a new one: two people share it.
    """
    del sender, kwargs
    with boundary("link_account"):
        if request is not None and consent_of(request) is Consent.PERSONAL:
            with isolated(VisitorAccount):
                _link(request, user)


def _link(request: Any, user: Any) -> None:
    visitor = get_visitor(request)
    if not visitor.has_history:
        return
    table = VisitorAccount.objects.using(router.db_for_write(VisitorAccount))
    row, _ = table.get_or_create(visitor=visitor.key, defaults={"user_id": user.pk})
    if row.user_id != user.pk:
        table.create(visitor=renew_visitor(request).key, user_id=user.pk)


@receiver(user_logged_out, dispatch_uid="ecom_llm.part_from_account")
def part_from_account(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Give the browser a new visitor when an account leaves it: whoever uses it next is not shown the last one's past.

    The past stays with the account; signing in again joins the new visitor to it.
    """
    del sender, kwargs
    with boundary("part_from_account"):
        if request is None or user is None or consent_of(request) is not Consent.PERSONAL:
            return
        visitor = get_visitor(request)
        with isolated(VisitorAccount):
            table = VisitorAccount.objects.using(router.db_for_write(VisitorAccount))
            if table.filter(visitor=visitor.key).exists():
                renew_visitor(request)


@receiver(pre_delete, sender=VisitorAccount, dispatch_uid="ecom_llm.forget_account")
def forget_account(sender: Any, instance: VisitorAccount, **kwargs: Any) -> None:
    """Forget the visitors of an account that is deleted; if that is rolled back, so is this.

    It is the link that is listened to, since an account may be deleted as a model of any proxy's name.
    """
    del sender, kwargs
    ask_to_forget({instance.visitor})
    keys = {instance.visitor}
    # Not a `partial`: Django names a robust callback that fails, and a `partial` has no name.
    transaction.on_commit(
        lambda: finish(keys, seconds=ACCOUNT_SECONDS), using=router.db_for_write(Erasure), robust=True
    )
