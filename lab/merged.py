"""Layers that test how layers merge: what hides, replaces, links to and brings back what.

Sources: OCI image specification, layer.md, "Whiteouts"; overlayfs (kernel documentation).
"""

from __future__ import annotations

import os
import tarfile
from typing import Final

from lab.layer import Raw
from lab.tar import END, Entry, folder, hard, link, program, sparse, tar

DEEP: Final = "/".join(("m/deep", *(str(level) * 60 for level in range(8)), "file"))
"""Longer than the 255 bytes that a header without extension holds."""
LATIN: Final = os.fsdecode(b"m/latin-\xe9")
"""No UTF-8."""

FIRST: Final = tar(
    (
        folder("m/"),
        folder("m/kept/"),
        Entry("m/kept/file", b"kept\n"),
        Entry("m/same", b"the same words\n"),
        Entry("m/gone", b"hidden by a whiteout\n"),
        folder("m/gone-folder/"),
        Entry("m/gone-folder/a", b"hidden with its folder\n"),
        Entry("m/gone-folder/b/c", b"deeper\n"),
        Entry("m/opaque/old", b"hidden by an opaque folder\n"),
        Entry("m/opaque/below/old", b"deeper\n"),
        Entry("m/emptied/old", b"nothing comes in its place\n"),
        Entry("m/late/old", b"hidden by a mark that comes last\n"),
        Entry("m/folder-file/x", b"its folder becomes a file\n"),
        Entry("m/file-folder", b"becomes a folder\n"),
        Entry("m/file-link", b"becomes a link\n"),
        Entry("m/once", b"old\n"),
        Entry("m/both", b"old\n"),
        Entry("m/mode", b"loses its mode\n", mode=0o755),
        folder("m/target/"),
        Entry("m/target/inside", b"inside\n"),
        link("m/link", "target"),
        link("m/replaced", "target"),
        link("m/below", "target"),
        link("m/through", "target"),
        Entry("m/through/written", b"through a link of the same layer\n"),
        Entry("m/hard/a", b"one file, two names\n"),
        hard("m/hard/b", "m/hard/a"),
        Entry("m/hard/kept", b"changed under one name alone\n"),
        hard("m/hard/changed", "m/hard/kept"),
    )
)

NAMES: Final = tar(
    (
        Entry(DEEP, b"deep\n"),
        Entry("m/names/" + "n" * 150, b"more than 100 characters\n"),
        link("m/names/far", "x" * 150),
        Entry("m/names/ä", b"composed\n"),
        Entry("m/names/a\u0308", b"decomposed\n"),
        Entry("m/names/日本", b"words\n"),
        Entry("m/names/😀", b"outside of the basic plane\n"),
        Entry(LATIN, b"not UTF-8\n"),
        Entry("m/names/new\nline", b"a line feed\n"),
        Entry("m/names/tab\tand\x1b[31mred", b"control characters\n"),
        Entry("m/names/ space ", b"around\n"),
        Entry("m/names/back\\slash", b"no separator\n"),
        Entry("m/names/Case", b"first\n"),
        Entry("m/names/CASE", b"second\n"),
        Entry("m/names/case", b"third\n"),
        Entry("m/names/.whiteout", b"begins like a whiteout and is none\n"),
        Entry("m/names/a.wh.b", b"holds the mark and is none\n"),
    )
)

KINDS: Final = b"".join(
    (
        *(
            entry.pack(tarfile.GNU_FORMAT)
            for entry in (
                folder("./m/kinds/"),
                Entry("./m/kinds/empty"),
                program("./m/kinds/program", b"#!/bin/sh\n"),
                Entry("./m/kinds/setuid", b"set\n", mode=0o4755),
                Entry("./m/kinds/fifo", kind=tarfile.FIFOTYPE),
                Entry("./m/kinds/null", kind=tarfile.CHRTYPE, device=(1, 3), mode=0o666),
                folder("./m/kinds/sticky/", mode=0o1777),
                folder("./m/kinds/closed/", mode=0o700),
                link("./m/kinds/loop-a", "loop-b"),
                link("./m/kinds/loop-b", "loop-a"),
                link("./m/kinds/itself", "itself"),
                link("./m/kinds/absolute", "/m/kept"),
                link("./m/kinds/above", "../../../../../etc/os-release"),
                link("./m/kinds/nowhere", "not/there"),
                link("./m/kinds/chain", "chain-2"),
                link("./m/kinds/chain-2", "../link"),
                Entry("./m/kinds/" + "g" * 150, b"GNU's long name\n"),
                Entry(os.fsdecode(b"./m/kinds/raw-\xff"), b"not UTF-8, in no PAX header\n"),
            )
        ),
        sparse(
            "./m/kinds/sparse", 1 << 20, (4096, b"one\n" * 128), (1 << 19, b"two\n" * 128)
        ).pack(),
        END,
    )
)

HIDING: Final = tar(
    (
        Entry("m/.wh.gone"),
        Entry("m/.wh.gone-folder"),
        Entry("m/.wh.once"),
        Entry("m/.wh.never-was"),
        Entry("m/opaque/.wh..wh..opq"),
        Entry("m/opaque/new", b"beside the mark\n"),
        folder("m/emptied/"),
        Entry("m/emptied/.wh..wh..opq"),
        Entry("m/late/new", b"before the mark\n"),
        Entry("m/late/.wh..wh..opq"),
        Entry("m/folder-file", b"was a folder\n"),
        folder("m/file-folder/"),
        Entry("m/file-folder/y", b"its folder was a file\n"),
        link("m/file-link", "kept/file"),
        Entry("m/.wh.both"),
        Entry("m/both", b"new, in the layer that hides the old one\n"),
        Entry("m/mode", b"loses its mode\n", mode=0o644),
        Entry("m/hard/.wh.a"),
        Entry("m/hard/changed", b"changed\n"),
    )
)

RETURNING: Final = tar(
    (
        Entry("m/once", b"new\n"),
        Entry("m/gone-folder/again", b"a and b stay hidden\n"),
        Entry("m/folder-file/z", b"a folder again; x stays hidden\n"),
        folder("m/replaced/"),
        Entry("m/replaced/own", b"a folder where a link was\n"),
        Entry("m/below/own", b"below a lower layer's link: a folder takes its place\n"),
        Entry("m/kept/more", b"more\n"),
        Entry("m/same", b"the same words\n"),
    )
)

LAYERS: Final = tuple(Raw.of(content) for content in (FIRST, NAMES, KINDS, HIDING, END, RETURNING))
"""Bottom first; the fifth is empty."""
