"""What pages read to recommend: for each seed its candidates, in one row."""

from __future__ import annotations

from django.db import models

from ecom_llm.entities import ListKind


class CandidateList(models.Model):
    """The candidates of a seed, strongest first, packed by `recommend.packing`.

    A row a seed rather than a row a pair: a page that starts from ten products reads ten rows. The seed of a list of
    kind `pairs`, `orders` or `content` is a product's id, of `category` a category's name, of `shop` and `fresh` empty.
    """

    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in ListKind])
    seed = models.CharField(max_length=100, blank=True)
    # Which rebuild made it; pages read those of `LearnedState.generation`. Content is not learned from events: 0.
    generation = models.PositiveIntegerField(default=0)
    # Visits that looked at the seed, for `pairs`: with few, a page looks further.
    seed_visits = models.PositiveIntegerField(default=0)
    # Ids in UTF-8 with NUL between them.
    product_ids = models.BinaryField()
    # float32, little-endian, one for each id.
    weights = models.BinaryField()
    # One record for each id, see `recommend.packing`; empty where the kind of list says it all.
    evidence = models.BinaryField(default=b"")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["seed", "kind", "generation"], name="ecom_llm_candidates_unique"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.seed}"
