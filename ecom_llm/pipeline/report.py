"""What became of the jobs of a run."""

from __future__ import annotations

from dataclasses import dataclass

from ecom_llm import metrics


@dataclass(slots=True)
class Report:
    """What one run made of its jobs, counted.

    Attributes:
        claimed: jobs taken.
        stored: texts made and kept.
        blocked: jobs without a completion that passed the guard.
        requeued: jobs whose product changed meanwhile; they wait again.
        failed: attempts that raised.
        expired: jobs whose product is gone.
        lost: jobs whose lease went to another worker.
        released: jobs given back unspent.
        pause_seconds: how long the backend asks to be left alone; 0 when it does not.
    """

    claimed: int = 0
    stored: int = 0
    blocked: int = 0
    requeued: int = 0
    failed: int = 0
    expired: int = 0
    lost: int = 0
    released: int = 0
    pause_seconds: float = 0.0

    @property
    def carried(self) -> int:
        """Jobs that this run brought to an end, or whose attempt it used up."""
        return self.stored + self.blocked + self.requeued + self.failed + self.expired

    def count(self, kind: str, outcome: str, jobs: int = 1) -> None:
        """Count what became of jobs, here and for the metrics.

        Args:
            kind: of the jobs.
            outcome: name of a count.
            jobs: how many.
        """
        setattr(self, outcome, getattr(self, outcome) + jobs)
        for _ in range(jobs):
            metrics.observe_job(kind, outcome)

    def add(self, other: Report) -> None:
        """Add another run's counts; the pause is the latest one's."""
        for name in Report.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.pause_seconds = other.pause_seconds
