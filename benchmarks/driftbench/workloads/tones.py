"""Sound as a speech model gets it: resampled with soxr."""

import math

import numpy as np
import soxr
from outputs import array, emit, numbers

noise = np.array(numbers(8000, 5), np.float64) - 0.5
tone = np.array([0.4 * math.sin(0.05 * i + 1e-5 * i * i) for i in range(8000)]) + 0.1 * noise
found = {}
for low, high in ((44100, 16000), (8000, 16000), (22050, 16000)):
    for quality in ("HQ", "VHQ", "LQ"):
        out = soxr.resample(tone.astype(np.float32), low, high, quality=quality)
        found[f"{low}-{high}-{quality}"] = array(out[:1500])
whole = (tone * 20000).astype(np.int16)
found["int16"] = array(soxr.resample(whole, 44100, 16000)[:1500].astype(np.int16))
emit(found)
