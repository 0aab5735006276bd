"""Numeric work that sits around a model in NumPy: products, softmax, norms, sorting, FFT."""

import numpy as np
from outputs import array, emit, numbers

a = (np.array(numbers(96 * 130, 41), np.float32) - np.float32(0.5)).reshape(96, 130)
b = (np.array(numbers(130 * 40, 42), np.float32) - np.float32(0.5)).reshape(130, 40)
logits = a @ b
shifted = np.exp(logits - logits.max(1, keepdims=True))
soft = shifted / shifted.sum(1, keepdims=True)
wide = a.astype(np.float64)
gram = wide[:30, :30] @ wide[:30, :30].T
mixed = np.float32(3) + np.array([1.5], np.float64)
emit(
    {
        "product": array(logits),
        "product64": array(wide @ b.astype(np.float64)),
        "softmax": array(soft),
        "chosen": soft.argmax(1).tolist(),
        "norm": array(np.linalg.norm(a, axis=1)),
        "tanh": array(np.tanh(a[:20])),
        "sine": array(np.sin(wide[:20] * 900)),
        "log": array(np.log1p(np.abs(a[:20]))),
        "spread": array(a.std(0)),
        "eigen": array(np.linalg.eigvalsh(gram)),
        "solve": array(np.linalg.solve(gram + np.eye(30), wide[:30, 0])),
        "fourier": array(np.abs(np.fft.rfft(wide[0]))),
        "top": np.argsort(-a[0])[:20].tolist(),
        "quantile": array(np.quantile(wide, [0.1, 0.5, 0.9])),
        "type": str((np.float32(3) + 3.0).dtype) + str(mixed.dtype),
        "text": str(np.float64(0.1)) + repr(np.array([0.1, 1e-9])),
        "half": array(a[:10].astype(np.float16)),
    }
)
