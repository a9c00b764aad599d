"""Converted weights on disk: what a killed worker left behind goes, what another is writing stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

from ecom_llm.generate.backends.local import weights_cache


class Writer:
    """Writes a file, as models and tokenizers do."""

    def save_pretrained(self, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"weights")


def half_written(root: Path, name: str, *, folder_age: float, file_age: float) -> Path:
    folder = root / f"{weights_cache.WRITING}{name}"
    folder.mkdir(parents=True)
    file = folder / "model.safetensors"
    file.write_bytes(b"half")
    for path, age in ((file, file_age), (folder, folder_age)):
        os.utime(path, (time.time() - age, time.time() - age))
    return folder


def test_what_a_killed_worker_left_half_written_is_removed_with_the_next_weights(tmp_path: Path) -> None:
    abandoned = half_written(tmp_path, "old", folder_age=7200, file_age=7100)
    slow = half_written(tmp_path, "slow", folder_age=7200, file_age=10)
    weights_cache.keep(tmp_path / "lamp-1", Writer(), Writer())
    assert (tmp_path / "lamp-1" / "model.safetensors").read_bytes() == b"weights"
    assert not abandoned.exists()
    assert slow.exists()
