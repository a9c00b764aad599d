"""A model that is missing, or whose files could run code, is refused before anything is loaded."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from ecom_llm.exceptions import ModelFileError
from ecom_llm.model_files import locate


@pytest.mark.parametrize("name", ["weights.bin", "weights.pt", "weights.PKL", "weights.ckpt"])
def test_pickle_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelFileError, match="pickle"):
        locate(str(file))


def test_folder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(ModelFileError, match="pickled"):
        locate(str(tmp_path))


def test_pickle_named_gguf_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(pickle.dumps({}))
    with pytest.raises(ModelFileError, match="not a GGUF file"):
        locate(str(file))


@pytest.mark.parametrize("model", ["/nowhere/model.gguf", "./nowhere", "~/nowhere", "model.gguf", "nowhere"])
def test_missing_model_is_refused_with_what_to_do(model: str) -> None:
    with pytest.raises(ModelFileError, match="MODEL takes"):
        locate(model)


def test_unknown_packaged_model_is_refused() -> None:
    with pytest.raises(ModelFileError, match="packaged:smollm2"):
        locate("packaged:nothing")


def test_safetensors_folder_is_loaded_from_disk_only(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert locate(str(tmp_path)).arguments == {"local_files_only": True}


def test_gguf_file_is_loaded_from_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF\x03")
    source = locate(str(file))
    assert (source.name, source.arguments["gguf_file"]) == (str(tmp_path), "small.gguf")


def test_hub_id_keeps_its_pinned_revision() -> None:
    assert locate("owner/name", "0123abc").arguments == {"revision": "0123abc"}
