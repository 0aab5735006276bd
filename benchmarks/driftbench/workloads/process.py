"""What an application's own Python does with text, time and sets."""

import datetime
import json
import os
import tempfile
import time
import unicodedata

from corpus import TEXTS
from outputs import attempt, emit

NAMES = {"tea", "coffee", "juice", "water", "milk", "cocoa", "soda"}


def written():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "prompt.txt")
        with open(path, "wb") as file:
            file.write("Réponds en français — merci ☕".encode())
        with open(path) as file:
            return ascii(file.read())


emit(
    {
        "set": "Choose one of: " + ", ".join(NAMES),
        "date": datetime.datetime.fromtimestamp(1718000000).strftime("Today is %d %B %Y, %H:%M."),
        "clock": time.strftime("%Y-%m-%d %H:%M", time.localtime(1711846800)),
        "file": attempt(written),
        "kinds": [[unicodedata.category(c) for c in text] for text in TEXTS],
        "folded": [unicodedata.normalize("NFKC", text).casefold() for text in TEXTS],
        "floats": json.dumps([0.1 + 0.2, 1e22, 5e-324]),
        "lower": [ascii(text.lower()) for text in TEXTS],
        "words": [text.split() for text in TEXTS],
    }
)
