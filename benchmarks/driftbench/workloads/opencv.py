"""Pictures as a vision model gets them through OpenCV: decoded, scaled, turned, blurred."""

import os

import cv2
import numpy as np
from outputs import array, attempt, emit

cv2.setNumThreads(1)
found = {}
for name in sorted(os.listdir(os.environ["MODEL"])):
    image = cv2.imread(os.path.join(os.environ["MODEL"], name))
    if image is None:
        found[f"{name}.pixels"] = "not read"
        continue
    found[f"{name}.pixels"] = array(image)
    for method in ("NEAREST", "LINEAR", "CUBIC", "AREA", "LANCZOS4"):
        how = getattr(cv2, f"INTER_{method}")
        found[f"{name}.{method}"] = array(cv2.resize(image, (61, 47), interpolation=how))
    found[f"{name}.gray"] = array(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    found[f"{name}.hsv"] = array(cv2.cvtColor(image, cv2.COLOR_BGR2HSV))
    found[f"{name}.blur"] = array(cv2.GaussianBlur(image, (5, 5), 1.1))
    turned = cv2.getRotationMatrix2D((30, 20), 17.0, 1.2)
    found[f"{name}.turned"] = array(cv2.warpAffine(image, turned, (50, 50)))
    blob = attempt(lambda i=image: cv2.dnn.blobFromImage(i, 1 / 255.0, (32, 32), swapRB=True))
    found[f"{name}.blob"] = array(blob) if isinstance(blob, np.ndarray) else blob
emit(found)
