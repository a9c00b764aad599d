"""The sections of `ECOM_LLM`, with their defaults. docs/settings.md is made from this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecom_llm.entities import Consent, EventKind

PACKAGED_MODEL = "packaged:smollm2-135m-instruct"


@dataclass(frozen=True, slots=True)
class Catalog:
    """Where products come from."""

    # Dotted path of the catalogue adapter.
    adapter: str = "ecom_llm.catalog.adapters.model.ModelCatalog"
    # The adapter's own options; for ModelCatalog the model and the field map.
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Capture:
    """What is recorded."""

    # URL names of product pages, each with the URL argument that holds the product id.
    product_views: Mapping[str, str] = field(default_factory=dict)
    # URL names of search pages, each with the query parameter that holds the words.
    search_views: Mapping[str, str] = field(default_factory=dict)
    # Names under which a product page's template context may hold the product.
    context_names: tuple[str, ...] = ("product", "object")
    # Dotted path of the sink that events go to.
    sink: str = "ecom_llm.capture.sinks.buffered.BufferedSink"
    # Events that a process holds in memory at most, waiting for the database; more are dropped and counted.
    buffer_events: int = 10_000
    # Seconds after which a process writes down what it holds.
    flush_seconds: int = 1
    # Address of the Redis that holds the stream, for RedisSink; `rediss://` for TLS.
    redis_url: str = ""
    # Name of the stream in that Redis.
    stream: str = "ecom_llm:events"
    # Events that wait in the stream at most; more are dropped and counted.
    stream_events: int = 1_000_000
    # Milliseconds a request may wait for Redis; its events then take the way through memory.
    redis_timeout_ms: int = 100
    # Seconds in which the same visitor's same page, search or impression counts once.
    repeat_seconds: int = 5
    # Whether what signed-in staff do in the shop is recorded.
    record_staff: bool = True
    # Minutes without an event after which a new visit begins.
    visit_gap_minutes: int = 30
    # Characters of a search that are kept.
    query_max_characters: int = 100


@dataclass(frozen=True, slots=True)
class Recommend:
    """How products are picked."""

    # Candidates kept for each product.
    candidates: int = 100
    # Days of events that item pairs are learned from, back from the newest event.
    learn_days: int = 365
    # Products of one visit that are paired at most, newest first; giant visits teach nothing.
    visit_products: int = 30
    # Minutes after which an idle worker learns again, if there are new events, and after learning has failed.
    learn_minutes: int = 10
    # Whether workers that write texts learn from events, too. Turn it off where something else does, on a schedule.
    learn_in_workers: bool = True
    # Hours after which an idle worker learns all anew, which takes back what is older than LEARN_DAYS.
    rebuild_hours: int = 24
    # Days after which a visit or an order counts half.
    half_life_days: int = 60
    # Visits or orders that must show a pair before it counts as evidence.
    min_support: int = 2
    # Products of the current visit that recommendations start from, newest first.
    visit_seeds: int = 10
    # Whether the current visit of visitors without a lasting id counts, too. Two browsers of one kind behind one
    # address are one visitor then.
    from_anonymous_visits: bool = True
    # How much other categories are preferred among products of about the same score: 0 not at all, 1 a lot.
    diversity: float = 0.2
    # Encoder that compares products by what they are: "packaged:all-minilm-l6-v2", a Hugging Face model, or empty for
    # words alone.
    embeddings: str = "packaged:all-minilm-l6-v2"
    # Revision of a Hugging Face encoder: a commit, so that it cannot change.
    embeddings_revision: str = ""
    # Days in which a product that hardly anyone has seen may take one place among recommendations for what it is.
    fresh_days: int = 30


@dataclass(frozen=True, slots=True)
class Budget:
    """What a kind of text may cost."""

    # Jobs that may be started in an hour of the clock.
    jobs_per_hour: int = 20_000
    # Prompt and completion tokens of all tries together, over 24 hours; a prompt counts for each of its completions.
    tokens_per_day: int = 50_000_000
    # Waiting jobs above which new ones are refused; bulk work stops at three quarters of it.
    queue_cap: int = 10_000
    # Hours after which a job that still waits is dropped.
    ttl_hours: int = 72


@dataclass(frozen=True, slots=True)
class Generate:
    """How jobs become completions."""

    # Alias in BACKENDS for each kind of text; "default" where a kind is not named.
    backends: Mapping[str, str] = field(default_factory=dict)
    # "worker": manage.py ecom_llm_worker polls the job table. "celery": a message wakes a Celery worker.
    driver: str = "worker"
    # Celery queue of the wake-up messages.
    queue: str = "ecom_llm"
    # Seconds a worker may hold a job without renewing.
    lease_seconds: int = 120
    # Seconds one batch of the model may take; its jobs are then tried again one by one.
    batch_seconds: int = 600
    # Seconds without a token after which a worker's process ends itself, to be replaced; at most two thirds of
    # LEASE_SECONDS.
    hang_seconds: int = 80
    # The same until a backend's first token in a process: its model may have to be downloaded, loaded and compiled.
    load_seconds: int = 900
    # Claims after which a job that never finishes is set aside as failed.
    max_attempts: int = 3
    # Tries, each with another seed, before the plain sentence stands in.
    tries: int = 2
    # Jobs claimed at once.
    batch_jobs: int = 64
    # Whether digits that no fact holds, and GUARD["BANNED_WORDS"], are forbidden while the model writes. The guard
    # reads every text either way.
    grounded_decoding: bool = False
    # Prompt and completion tokens in one batch of the model, padding included.
    batch_tokens: int = 65_536
    # Budget by kind, "default" where a kind or a key is not named: jobs_per_hour, tokens_per_day, queue_cap, ttl_hours.
    budgets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    # Seconds between two sweeps of an idle worker.
    sweep_seconds: int = 2
    # Sampling by kind: max_new_tokens, temperature, top_p, repetition_penalty, stop, and n, the completions of one
    # prompt in one try, among which the guard picks. If not set, the first try is the likeliest completion alone, the
    # next draws four.
    sampling: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guard:
    """What a text must satisfy."""

    # Shortest and longest text in characters, by kind.
    length: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    # Whether each word that the model writes must stand in a fact or merely join facts together. The packaged model
    # needs it; for one that can be trusted with words of its own, turn it off.
    closed_vocabulary: bool = True
    # Words that no text may hold.
    banned_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Publish:
    """What becomes of a text that passes the guard."""

    # "publish" or "review", by kind. A kind that is not named is published in English and reviewed in other
    # languages, because the guard's lexicons are English.
    policy: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channels:
    """Where texts go besides product pages."""

    # Distinct visitors who must have searched the same words before copy is written for them.
    search_min_visitors: int = 2
    # Days of searches that are counted.
    search_days: int = 30


RETENTION_DAYS: Mapping[str, int] = {
    "default": 90,
    EventKind.PURCHASE.value: 730,
    "broken": 14,
    "count": 400,
    "job": 30,
    "not_interested": 180,
}
"""What `PRIVACY["RETENTION_DAYS"]` does not say."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """What may be known of a visitor."""

    # Level of a visitor who has not decided: "none", "anonymous" or "personal".
    default_consent: str = Consent.ANONYMOUS.value
    # Cookie that holds the visitor's decision.
    consent_cookie: str = "ecom_llm_consent"
    # Cookie that holds the signed visitor id, at `personal` only.
    visitor_cookie: str = "ecom_llm_visitor"
    # Cookie that says that recommendations are to use nothing of what the visitor did; it holds no id.
    general_cookie: str = "ecom_llm_recommendations"
    # Days these cookies last.
    cookie_days: int = 180
    # Days until something is deleted, by kind of event, and for "broken" (events kept aside), "count" (what was
    # counted), "job" (jobs that have ended) and "not_interested" (products that a visitor does not want); "default" is
    # for kinds of event that are not named. If not set, 730 for "purchase", 14 for "broken", 400 for "count", 30 for
    # "job", 180 for "not_interested" and 90 for all other kinds of event.
    retention_days: Mapping[str, int] = field(default_factory=dict)
    # Address of the shop's own privacy page, linked from the banner.
    policy_url: str = ""

    def days_kept(self, name: str) -> int:
        """Days until something is deleted.

        Args:
            name: a kind of event, or another key of `RETENTION_DAYS`.
        """
        chosen = {**RETENTION_DAYS, **self.retention_days}
        return chosen.get(name, chosen["default"])


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Who may read how the shop's texts are doing."""

    # Bearer token with which a program may read `metrics/`, 32 characters or more. Without one only staff may.
    metrics_token: str = ""


@dataclass(frozen=True, slots=True)
class Train:
    """Fine-tuning; has no settings yet."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of `ECOM_LLM`."""

    catalog: Catalog = field(default_factory=Catalog)
    capture: Capture = field(default_factory=Capture)
    recommend: Recommend = field(default_factory=Recommend)
    # By alias: BACKEND (dotted path), MODEL, REVISION and OPTIONS.
    backends: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {
            "default": {
                "BACKEND": "ecom_llm.generate.backends.transformers.TransformersBackend",
                "MODEL": PACKAGED_MODEL,
            }
        }
    )
    generate: Generate = field(default_factory=Generate)
    guard: Guard = field(default_factory=Guard)
    publish: Publish = field(default_factory=Publish)
    channels: Channels = field(default_factory=Channels)
    privacy: Privacy = field(default_factory=Privacy)
    monitoring: Monitoring = field(default_factory=Monitoring)
    train: Train = field(default_factory=Train)
