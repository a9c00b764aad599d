"""Keeps converted weights on disk, so that a worker's next start need not convert them again.

Reading a GGUF file means unpacking every weight; the same weights as safetensors are mapped into memory at once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import transformers

from ecom_llm.model_files import ModelSource

logger = logging.getLogger(__name__)

DEFAULT_FOLDER = Path("~/.cache/ecom_llm/weights")
# Begins the name of a folder that is being written. One that nothing came to for so long has lost its writer.
WRITING = ".writing-"
ABANDONED_SECONDS = 3600


def folder_for(source: ModelSource, dtype: torch.dtype, root: str | None) -> Path | None:
    """Where the converted weights of a model are, or will be.

    Args:
        source: what is to be loaded.
        dtype: of the weights wanted.
        root: the option `cache_dir`; None takes the default, an empty string means no cache.

    Returns:
        A folder that need not exist; None when there is nothing to convert or no cache is wanted.
    """
    name = source.arguments.get("gguf_file")
    if name is None or root == "":
        return None
    folder = (Path(root) if root else DEFAULT_FOLDER).expanduser()
    if not _is_ones_own(folder):
        logger.warning(
            "%s can be written by others, who would decide what is said; weights are not kept there.", folder
        )
        return None
    file = Path(source.name) / name
    stat = file.stat()
    # A file that was replaced, or a library that may read it otherwise, has other weights.
    parts = [str(file.resolve()), stat.st_size, stat.st_mtime_ns, dtype, torch.__version__, transformers.__version__]
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:24]
    return folder / f"{file.stem}-{digest}"


def _is_ones_own(folder: Path) -> bool:
    """Whether nobody but this process's user may write to a folder; one that is not there yet will be made so."""
    if not folder.exists() or not hasattr(os, "getuid"):
        return True
    stat = folder.stat()
    return stat.st_uid == os.getuid() and not stat.st_mode & 0o022


def keep(folder: Path, model: Any, tokenizer: Any) -> None:
    """Write converted weights; several workers may do so at once, and a failure costs nothing but time.

    Args:
        folder: as `folder_for` gave it.
        model: the model, as loaded.
        tokenizer: its tokenizer.
    """
    temporary: Path | None = None
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder.parent)
        temporary = Path(tempfile.mkdtemp(prefix=WRITING, dir=folder.parent))
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        os.replace(temporary, folder)
    except Exception as error:
        # A full disk, another worker that was quicker: the model is loaded, and that is what counts.
        logger.info("Converted weights were not kept in %s: %s", folder, error)
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what workers that were killed left half written."""
    for left in folder.glob(f"{WRITING}*"):
        try:
            touched_at = max(path.stat().st_mtime for path in (left, *left.iterdir()))
        except FileNotFoundError:
            # Its writer has finished meanwhile.
            continue
        if time.time() - touched_at > ABANDONED_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def forget(folder: Path) -> None:
    """Throw converted weights away that cannot be read."""
    shutil.rmtree(folder, ignore_errors=True)
