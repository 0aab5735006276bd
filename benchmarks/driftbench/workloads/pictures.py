"""Pictures as a vision model gets them through Pillow: decoded, turned, scaled, cropped."""

import os

import numpy as np
from outputs import array, emit
from PIL import Image, ImageOps

found = {}
for name in sorted(os.listdir(os.environ["MODEL"])):
    image = Image.open(os.path.join(os.environ["MODEL"], name))
    plain = ImageOps.exif_transpose(image).convert("RGB")
    found[f"{name}.pixels"] = array(np.asarray(plain))
    found[f"{name}.default"] = array(np.asarray(plain.resize((96, 64))))
    for method in ("NEAREST", "BILINEAR", "BICUBIC", "LANCZOS"):
        scaled = plain.resize((61, 47), getattr(Image, method))
        found[f"{name}.{method}"] = array(np.asarray(scaled))
    found[f"{name}.gray"] = array(np.asarray(plain.convert("L")))
    thumb = plain.copy()
    thumb.thumbnail((40, 40))
    found[f"{name}.thumbnail"] = array(np.asarray(thumb))
    ready = np.asarray(ImageOps.fit(plain, (32, 32)), np.float32) / 255.0
    found[f"{name}.ready"] = array((ready - 0.5) / 0.25)
emit(found)
