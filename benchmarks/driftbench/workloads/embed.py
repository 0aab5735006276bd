"""Sentence embeddings of MiniLM int8 through ONNX Runtime and tokenizers, and their ranking."""

import os

import numpy as np
import onnxruntime
import tokenizers
from corpus import TEXTS
from outputs import array, emit

folder = os.environ["MODEL"]
tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
tokenizer.no_padding()
tokenizer.enable_truncation(64)
session = onnxruntime.InferenceSession(
    os.path.join(folder, "model.onnx"), providers=["CPUExecutionProvider"]
)
wanted = {one.name for one in session.get_inputs()}


def vector(text):
    coded = tokenizer.encode(text)
    given = {
        "input_ids": [coded.ids],
        "attention_mask": [coded.attention_mask],
        "token_type_ids": [coded.type_ids],
    }
    given = {name: np.array(value, np.int64) for name, value in given.items() if name in wanted}
    out = session.run(None, given)[0]
    mean = out[0].mean(0) if out.ndim == 3 else out[0]
    return mean / np.linalg.norm(mean)


vectors = np.stack([vector(text) for text in TEXTS if text.strip()])
scores = vectors @ vectors[0]
emit({"vectors": array(vectors.astype(np.float32)), "order": np.argsort(-scores).tolist()})
