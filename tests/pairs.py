"""Item pairs as if they had been learned, for tests of what rests on them."""

from __future__ import annotations

from ecom_llm.entities import EvidenceKind, ListKind
from ecom_llm.models import CandidateList, LearnedState
from ecom_llm.recommend.packing import Shown, pack_evidence, pack_floats, pack_ids


def make_pairs(
    seed: str, *product_ids: str, kind: EvidenceKind = EvidenceKind.VIEWED_AFTER, support: int = 5, lift: float = 2.0
) -> None:
    """Make a list of what goes with a product, in the place of one that was learned.

    Args:
        seed: the product's id.
        product_ids: what goes with it, strongest first.
        kind: what shows it.
        support: how many visits or orders do.
        lift: how many times as often as by chance.
    """
    state, _ = LearnedState.objects.get_or_create(pk=1, defaults={"generation": 1})
    is_order = kind is EvidenceKind.BOUGHT_TOGETHER
    CandidateList.objects.update_or_create(
        kind=(ListKind.ORDERS if is_order else ListKind.PAIRS).value,
        seed=seed,
        generation=state.generation,
        defaults={
            "product_ids": pack_ids(product_ids),
            "weights": pack_floats(1 / place for place in range(1, len(product_ids) + 1)),
            "evidence": pack_evidence([Shown(kind, support, lift)] * len(product_ids)),
        },
    )
