"""What the shop itself wants recommended or not."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RecommendationRule(models.Model):
    """A pin, a boost or an exclusion, in the whole shop or in one place of it."""

    class Action(models.TextChoices):
        """What the rule does with the products that it is about."""

        PIN = "pin", _("Pin to a place")
        BOOST = "boost", _("Multiply the score")
        EXCLUDE = "exclude", _("Never recommend")

    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    # What it is about: one product, or all of a category.
    product_id = models.CharField(_("product"), max_length=100, blank=True)
    product_category = models.CharField(_("products of category"), max_length=100, blank=True)
    # Where it holds; everywhere when all three are empty.
    seed_id = models.CharField(_("beside product"), max_length=100, blank=True)
    seed_category = models.CharField(_("on pages of category"), max_length=100, blank=True)
    query = models.CharField(_("for searches with"), max_length=200, blank=True)
    # For pins: 1 is the first place.
    place = models.PositiveSmallIntegerField(_("place"), default=1)
    # For boosts: above 1 raises, below 1 lowers.
    factor = models.FloatField(_("factor"), default=1.5)
    is_active = models.BooleanField(pgettext_lazy("rule", "active"), default=True)
    starts_at = models.DateTimeField(pgettext_lazy("time", "from"), null=True, blank=True)
    ends_at = models.DateTimeField(pgettext_lazy("time", "until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("recommendation rule")
        verbose_name_plural = _("recommendation rules")

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.product_id or self.product_category}"
