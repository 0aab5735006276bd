"""Reads a large JSON document piece by piece: a tokenizer's has a million values."""

import codecs
import json
import re

from . import values

PIECE = 1 << 20
"""Bytes that are decoded at a time."""

TAIL = 4096
"""Characters at the end of what is decoded in which an entry's end is looked for."""

CUTS = {
    "[[": re.compile(r"\](\s*),\s*\["),
    '["': re.compile(r'"(\s*),\s*"'),
    '{"': re.compile(r'\d(\s*),\s*"'),
}
"""What may end an entry in a list of lists, a list of texts and an object of numbers."""

SPACE = re.compile(r"[ \t\n\r]*")
"""RFC 8259, 2."""


class Reader:
    """A place in a document; ValueError where that is no JSON."""

    def __init__(self, data):
        self._data, self._fed = data, 0
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at = "", 0
        self._decode = json.JSONDecoder().raw_decode

    def names(self):
        """Yield the names in an object; each one's value has to be read before the next."""
        self._pass("{")
        more = self._next() != "}"
        while more:
            name = self.value()
            self._pass(":")
            yield name if isinstance(name, str) else self._fail("a name that is no text")
            more = self._next() == ","
            if more:
                self._pass(",")
        self._pass("}")

    def value(self):
        """The next value."""
        self._next()
        while True:
            found, end = self._whole()
            if end:
                self._at = end
                return found
            self._more()

    def pieces(self):
        """Yield the next value; a long list or object as several, each with some entries."""
        opening = self._next()
        while True:
            part = self._some(opening) if opening in ("[", "{") and not self._ended() else None
            if part is not None:
                yield part
                continue
            found, end = self._whole()
            if end:
                self._at = end
                yield found
                return
            self._more()

    def end(self):
        """Nothing may follow."""
        if self._next():
            self._fail("more behind its end")

    def _some(self, opening):
        """Entries up to what looks like the end of one; None where it is no end of one.

        Right they are if they are JSON: inside a text or an entry, something stays open.
        """
        inner = self._text[SPACE.match(self._text, self._at + 1).end() :][:1]
        pattern = CUTS.get(opening + inner)
        ends = pattern and list(pattern.finditer(self._text, max(self._at, len(self._text) - TAIL)))
        if not ends:
            return None
        try:
            closing = "]" if opening == "[" else "}"
            part = json.loads(self._text[self._at : ends[-1].start(1)] + closing)
        except ValueError:
            return None
        self._text, self._at = opening + self._text[ends[-1].end(1) + 1 :], 0
        return part

    def _whole(self):
        """The value here and its end; that is None where it may go on in what is not decoded."""
        if self._text.count(",", self._at) > values.CONTAINERS:
            self._fail("more than %d values in one" % values.CONTAINERS)
        try:
            found, end = self._decode(self._text, self._at)
        except ValueError as error:
            if self._ended():
                self._fail(getattr(error, "msg", "") or str(error))
            return None, None
        on = self._text[end : end + 1] in ("", ".", "e", "E")  # So does a number.
        return found, None if on and not self._ended() else end

    def _next(self):
        """The next character that is no space, empty at the end."""
        while True:
            self._at = SPACE.match(self._text, self._at).end()
            if self._at < len(self._text) or self._ended():
                return self._text[self._at : self._at + 1]
            self._more()

    def _pass(self, character):
        if self._next() != character:
            self._fail("no %s where it has to be" % character)
        self._at += 1

    def _ended(self):
        return self._fed >= len(self._data)

    def _more(self):
        rest = self._text[self._at :]
        # As much again, so that a value that was not whole is read twice and no more.
        end = self._fed + max(PIECE, len(rest))
        piece, self._fed = self._data[self._fed : end], end
        self._text, self._at = rest + self._decoder.decode(piece, self._ended()), 0

    def _fail(self, why):
        raise ValueError("not JSON: " + why)
