"""Layers that nobody means well with, each with what a reader has to make of it.

`reads` says whether a layer is to be read or refused. Where engines differ, what is harmless is
read: a name that stays inside the image, a link whatever it says. Refused is what has no one
meaning, what is damaged, and what would cost more than any real layer.

python -m tests.layers.hostile    writes the small ones to fixtures/hostile, as seeds of a fuzzer
"""

from __future__ import annotations

import io
import os
import struct
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from lab.oci import stored_gzip
from lab.tar import BLOCK, END, Entry, checked, folder, hard, link, octal, sparse, tar
from tests.layers import bombs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SEEDS: Final = Path(__file__).parents[2] / "fixtures" / "hostile"
SMALL: Final = 4 * BLOCK
"""Bytes up to which a case is committed, without the blocks that end a tar."""
GNU: Final = tarfile.GNU_FORMAT
FILE: Final = Entry("file", b"content\n").pack()
AFTER: Final = Entry("after", b"after\n").pack()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A layer as it is stored, and what is expected of who reads it."""

    name: str
    why: str
    open: Callable[[], BinaryIO]
    reads: bool
    holds: tuple[str, ...] = ()
    """Paths that are there once it is read."""
    lacks: tuple[str, ...] = ()
    """Paths that are not."""
    data: bytes | None = None
    """The whole, where it is small; None for a stream."""


def reads(name: str, why: str, data: bytes, *holds: str, lacks: tuple[str, ...] = ()) -> Case:
    """A small layer that is read, with paths that it holds then."""
    return Case(
        name=name,
        why=why,
        open=lambda: io.BytesIO(data),
        reads=True,
        holds=holds,
        lacks=lacks,
        data=data,
    )


def refused(name: str, why: str, data: bytes) -> Case:
    """A small layer that is refused."""
    return Case(name=name, why=why, open=lambda: io.BytesIO(data), reads=False, data=data)


def bomb(name: str, why: str, pieces: Callable[[], Iterable[bytes]]) -> Case:
    """A layer that is refused before it has cost much."""

    def opened() -> BinaryIO:
        return cast("BinaryIO", bombs.Produced(pieces()))

    return Case(name=name, why=why, open=opened, reads=False)


def whole(*parts: bytes | Entry) -> bytes:
    """Return entries and raw blocks as one tar, with the blocks that end it."""
    return b"".join(part.pack() if isinstance(part, Entry) else part for part in parts) + END


def patched(entry: bytes, at: int, field: bytes) -> bytes:
    """Return an entry with a field of its header replaced, and the checksum made right."""
    head = entry[:at] + field + entry[at + len(field) : BLOCK]
    return checked(head) + entry[BLOCK:]


def sized(size: bytes, content: bytes = b"") -> bytes:
    """Return a file whose header states its size in these twelve bytes."""
    return patched(Entry("sized", content).pack(), 124, size)


def extended(*records: bytes, kind: bytes = b"x", size: int | None = None) -> bytes:
    """Return a PAX header of raw records."""
    return Entry("PaxHeaders/0", b"".join(records), kind=kind, size=size).pack(tarfile.USTAR_FORMAT)


def record(key: bytes, value: bytes) -> bytes:
    """Return one PAX record: its length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def long_name(name: bytes, kind: bytes = b"L", size: int | None = None) -> bytes:
    """Return GNU's entry that holds the next one's name."""
    return Entry("././@LongLink", name, kind=kind, size=size).pack(GNU)


def old_sparse(numbers: tuple[int, ...], size: int, stored: bytes, goes_on: bool = False) -> bytes:
    """Return a sparse file of type S with this map, honest or not."""
    entry = Entry("sparse", stored, kind=b"S").pack(GNU)
    index = b"".join(map(octal, numbers))
    index = index.ljust(96, b"\0") + bytes((goes_on,)) + octal(size)
    return patched(entry, 386, index)


def new_sparse(index: bytes, realsize: bytes, stored: bytes = b"") -> bytes:
    """Return a sparse file of format 1.0 with this map at the start of its content."""
    records = (
        record(b"GNU.sparse.major", b"1"),
        record(b"GNU.sparse.minor", b"0"),
        record(b"GNU.sparse.name", b"sparse"),
        record(b"GNU.sparse.realsize", realsize),
    )
    content = index + bytes(-len(index) % BLOCK) + stored
    return extended(*records) + Entry("GNUSparseFile.0/sparse", content).pack()


def packing() -> Iterator[Case]:
    """Yield what is wrong, or odd, with how a tar is packed."""
    plain = tar((Entry("file", b"content\n"),))
    half = len(plain) // 2
    packed = stored_gzip(plain)
    yield reads("empty", "A layer of no bytes is a tar of no entries.", b"")
    yield reads("zeros", "Nothing but the blocks that end a tar.", END)
    yield reads("gzip-of-nothing", "The same, packed.", stored_gzip(b""))
    yield reads("gzip", "What most layers are.", packed, "file")
    yield reads(
        "gzip-members",
        "Parallel and seekable compressors write several members.",
        stored_gzip(plain[:half]) + stored_gzip(plain[half:]),
        "file",
    )
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % 0
    seekable = packed[:3] + b"\4" + packed[4:10] + struct.pack("<H", len(extra)) + extra
    yield reads("gzip-extra", "eStargz keeps a field in it.", seekable + packed[10:], "file")
    named = packed[:3] + b"\x08" + packed[4:10] + b"n" * 2000 + b"\0" + packed[10:]
    yield reads("gzip-long-name", "A name in the header may be of any length.", named, "file")
    yield refused("gzip-garbage-after", "Go's reader takes it for a member.", packed + b"garbage")
    yield refused("gzip-zeros-after", "The same: padding is no member.", packed + bytes(512))
    yield refused("gzip-cut-in-header", "Cut short.", packed[:6])
    yield refused("gzip-cut-in-content", "Cut short.", packed[:600])
    yield refused("gzip-cut-in-checksum", "All content came, and its proof did not.", packed[:-5])
    wrong = packed[:-8] + bytes((packed[-8] ^ 1,)) + packed[-7:]
    yield refused("gzip-wrong-checksum", "A bit was lost on the way.", wrong)
    short = packed[:-4] + b"\1\0\0\0"
    yield refused("gzip-wrong-length", "It unpacks to another length than it says.", short)
    yield refused(
        "gzip-reserved-flags", "RFC 1952 has them zero.", packed[:3] + b"\xe0" + packed[4:]
    )
    yield refused("gzip-in-gzip", "Layers are packed once.", stored_gzip(packed))
    yield refused("gzip-then-zstd", "Two formats in one.", packed + bombs.zstd_raw(plain))
    yield from _zstd(plain)
    yield refused("bzip2", "No image specification has it.", b"BZh91AY&SY" + bytes(600))
    yield refused("xz", "No image specification has it.", b"\xfd7zXZ\0" + bytes(600))
    page = b"<!DOCTYPE html><title>502 Bad Gateway</title>".ljust(600)
    yield refused("html", "A proxy's error page in place of a layer.", page)
    yield refused(
        "random", "No format at all.", bytes(value * 131 % 251 + 1 for value in range(1024))
    )


def _zstd(plain: bytes) -> Iterator[Case]:
    packed = bombs.zstd_raw(plain)
    skipped = b"\x50\x2a\x4d\x18\4\0\0\0skip"
    yield reads("zstd", "What newer layers are.", packed, "file")
    yield reads("zstd-skippable", "zstd:chunked ends with such frames.", packed + skipped, "file")
    yield reads("zstd-skippable-first", "They may come first, too.", skipped + packed, "file")
    half = len(plain) // 2
    frames = bombs.zstd_raw(plain[:half]) + bombs.zstd_raw(plain[half:])
    yield reads("zstd-frames", "Parallel compressors write several frames.", frames, "file")
    yield refused("zstd-cut", "Cut in the content of a file.", packed[:540])
    yield refused("zstd-garbage-after", "No frame begins there.", packed + b"garbage")
    window = bombs.zstd((bombs.RAW, plain, len(plain)), window=0xF8)
    yield refused("zstd-window", "A frame that asks for terabytes of memory.", window)
    reserved = bombs.zstd((3, b"", 0))
    yield refused("zstd-reserved-block", "RFC 8878 calls it an error.", reserved)


def endings() -> Iterator[Case]:
    """Yield how a tar may end."""
    file, lone = FILE, bytes(BLOCK)
    yield reads("no-end", "Some writers leave the last blocks out.", file, "file")
    yield reads("one-end-block", "Some write one.", file + lone, "file")
    yield reads("long-end", "GNU tar fills its last record.", file + bytes(20 * BLOCK), "file")
    yield reads(
        "after-the-end",
        "What follows the end is no part of the tar, for engines neither.",
        whole(file) + AFTER,
        "file",
        lacks=("after",),
    )
    garbage = whole(file) + b"garbage" * 100
    yield reads("garbage-after-the-end", "The same, of no form.", garbage, "file")
    yield refused("cut-in-header", "Cut short.", file + AFTER[:100])
    yield refused("cut-in-content", "Cut short.", file[: BLOCK + 4])
    yield refused("cut-in-padding", "Cut short; all content is there.", file[: BLOCK + 100])
    yield refused("cut-after-header", "Cut short.", file[:BLOCK])
    yield refused("bad-checksum", "A header that is none.", whole(file[:8] + b"x" + file[9:]))
    yield refused(
        "no-checksum", "Blank, so it proves nothing.", whole(file[:148] + b" " * 8 + file[156:])
    )
    name = Entry(os.fsdecode(b"signed-\xff")).pack(GNU)
    signed = sum(byte - 256 * (byte > 127) for byte in name[:148] + name[156:BLOCK]) + 256
    summed = name[:148] + b"%06o\0 " % signed + name[156:]
    yield reads("signed-checksum", "Old tars summed signed bytes.", whole(summed))


def sizes() -> Iterator[Case]:
    """Yield what a header may state as its size."""
    binary = b"\x80" + (5).to_bytes(11, "big")
    yield reads(
        "size-binary", "GNU's form for large files.", whole(sized(binary, b"12345")), "sized"
    )
    spaced = b"         5  "
    yield reads(
        "size-spaced", "Old tars filled with spaces.", whole(sized(spaced, b"12345")), "sized"
    )
    full = b"000000000005"
    yield reads(
        "size-unended", "Twelve digits leave no room.", whole(sized(full, b"12345")), "sized"
    )
    yield reads("size-blank", "Nothing stated is nothing.", whole(sized(bytes(12))), "sized")
    yield refused("size-negative", "Binary numbers have a sign.", whole(sized(b"\xff" * 12)))
    minimum = b"\xff" * 4 + b"\x80" + bytes(7)
    yield refused("size-minimum", "The least number of 64 bits.", whole(sized(minimum)))
    overflow = b"\x80" + (1 << 63).to_bytes(11, "big")
    yield refused("size-2-63", "One more than 64 bits hold.", whole(sized(overflow)))
    largest = b"\x80" + b"\xff" * 11
    yield refused("size-2-88", "The largest that can be written.", whole(sized(largest)))
    yield refused(
        "size-8-gib", "All digits sevens, and no content.", whole(sized(b"77777777777\0"))
    )
    yield refused("size-letters", "No number.", whole(sized(b"000000000zz\0")))
    yield refused("size-minus", "A sign is no digit.", whole(sized(b"-0000000005\0")))
    for kind, what in ((b"1", "hard-link"), (b"2", "link"), (b"5", "folder"), (b"6", "fifo")):
        bare = Entry("bare", kind=kind, target="file", size=1 << 30).pack()
        why = "It has no content, whatever its size says: else the next header is skipped."
        yield reads(f"size-of-{what}", why, whole(bare, AFTER), "after")


def extensions() -> Iterator[Case]:
    """Yield PAX headers and GNU's long names."""
    entry = Entry("plain", b"12345").pack()
    path = record(b"path", b"other")
    yield reads(
        "pax-path", "A name in place of the header's.", whole(extended(path), entry), "other"
    )
    twice = extended(record(b"path", b"first"), path)
    yield reads("pax-path-twice", "The last one counts.", whole(twice, entry), "other")
    double = extended(record(b"path", b"first")) + extended(path)
    yield reads("pax-headers-twice", "The last one counts.", whole(double, entry), "other")
    blank = extended(path, record(b"path", b""))
    yield reads(
        "pax-path-empty", "An empty value takes a record back.", whole(blank, entry), "plain"
    )
    wide = extended(path, kind=b"g")
    why = "Global headers name no file; engines pass over them."
    yield reads("pax-global-path", why, whole(wide, entry), "plain")
    true = whole(extended(record(b"size", b"5")), sized(octal(0), b"12345"), AFTER)
    yield reads("pax-size", "The record counts, not the header.", true, "sized", "after")
    latin = extended(record(b"hdrcharset", b"BINARY"), record(b"path", b"latin-\xe9"))
    name = os.fsdecode(b"latin-\xe9")
    yield reads("pax-latin", "Names are bytes.", whole(latin, entry), name)
    unknown = extended(record(b"SCHILY.xattr.user.x", bytes(300)), record(b"mtime", b"-1e999"))
    yield reads("pax-unknown", "What is not needed is not judged.", whole(unknown, entry), "plain")
    yield reads("pax-alone", "It describes nothing.", whole(entry, extended(path)), "plain")
    for what, value in (
        ("negative", b"-1"),
        ("huge", b"9" * 30),
        ("2-63", str(1 << 63).encode()),
        ("fraction", b"5.5"),
        ("signed", b"+5"),
        ("underscore", b"1_0"),
        ("other-digits", "٥".encode()),
        ("cut", b"4096"),
    ):
        data = whole(extended(record(b"size", value)), entry)
        yield refused(f"pax-size-{what}", "No size, or none that can be.", data[: -len(END)])
    for what, text in (
        ("short", b"5 path=other\n"),
        ("long", b"999999 path=other\n"),
        ("zero", b"0 path=other\n"),
        ("negative", b"-1 path=other\n"),
        ("overflow", b"99999999999999999999 path=other\n"),
        ("no-length", b"path=other\n"),
        ("no-equals", b"11 path  x\n"),
        ("no-newline", b"15 path=otherXX"),
        ("no-key", b"5 =x\n"),
    ):
        yield refused(f"pax-record-{what}", "A record that is none.", whole(extended(text), entry))
    zero = whole(extended(record(b"path", b"other\0.txt")), entry)
    yield refused("pax-path-zero-byte", "Readers would cut it differently.", zero)
    for key in (b"path", b"linkpath"):
        for length in (5000, 1 << 20):
            far = whole(extended(record(key, b"n" * length)), entry)
            yield refused(f"pax-{key.decode()}-{length}", "Longer than any path.", far)
    claim = extended(size=(8 << 30) - 1)
    yield refused("pax-8-gib", "A header that announces gigabytes.", whole(claim, entry))
    yield from _long_names(entry)


def _long_names(entry: bytes) -> Iterator[Case]:
    named = long_name(b"other\0")
    yield reads("gnu-name", "GNU's own form of long names.", whole(named, entry), "other")
    unended = long_name(b"other")
    yield reads("gnu-name-unended", "Some leave the zero byte out.", whole(unended, entry), "other")
    twice = long_name(b"first\0") + named
    yield reads("gnu-name-twice", "The last one counts.", whole(twice, entry), "other")
    both = long_name(b"first\0") + extended(record(b"path", b"other"))
    yield reads("gnu-name-then-pax", "Both forms at once.", whole(both, entry), "other")
    target = long_name(b"target\0", kind=b"K") + link("link", "short").pack()
    yield reads("gnu-link", "The same for links.", whole(target), "link")
    for kind in (b"L", b"K"):
        name = f"gnu-{kind.decode()}"
        claim = whole(long_name(b"", kind=kind, size=(8 << 30) - 1), entry)
        yield refused(f"{name}-8-gib", "A name that announces gigabytes.", claim)
        far = whole(long_name(b"n" * 5000, kind=kind), entry)
        yield refused(f"{name}-5000", "Longer than any path.", far)


def holes() -> Iterator[Case]:
    """Yield sparse files, with maps that are true and maps that lie."""
    data = bytes(BLOCK)
    honest = sparse("sparse", 1 << 20, (4096, data))
    yield reads(
        "sparse-1.0", "Maps at the start of the content.", whole(honest, AFTER), "sparse", "after"
    )
    old = old_sparse((4096, BLOCK), 1 << 20, data)
    yield reads("sparse-gnu", "Maps in the header.", whole(old, AFTER), "sparse", "after")
    first = (record(b"GNU.sparse.offset", b"4096"), record(b"GNU.sparse.numbytes", b"512"))
    size = record(b"GNU.sparse.size", b"1048576")
    one = record(b"GNU.sparse.numblocks", b"1")
    entry = Entry("sparse", data).pack()
    zero = whole(extended(size, one, *first), entry, AFTER)
    yield reads("sparse-0.0", "Records that come again and again.", zero, "sparse", "after")
    single = whole(extended(size, one, record(b"GNU.sparse.map", b"4096,512")), entry, AFTER)
    yield reads("sparse-0.1", "All numbers in one record.", single, "sparse", "after")
    nothing = whole(new_sparse(b"0\n", str(1 << 40).encode()), AFTER)
    yield reads("sparse-terabyte", "A terabyte of nothing must cost nothing.", nothing, "sparse")
    for what, index in (
        ("overlap", (0, 400, 100, 112)),
        ("backwards", (4096, 256, 0, 256)),
        ("beyond", ((1 << 20) - 1, BLOCK)),
        ("too-much", (0, 4096)),
        ("too-little", (0, 100)),
    ):
        lie = whole(old_sparse(index, 1 << 20, data), AFTER)
        yield refused(f"sparse-gnu-{what}", "A map that lies.", lie)
        numbers = "".join(f"{number}\n" for number in (len(index) // 2, *index)).encode()
        again = whole(new_sparse(numbers, b"1048576", data), AFTER)
        yield refused(f"sparse-1.0-{what}", "A map that lies.", again)
        text = ",".join(map(str, index)).encode()
        third = whole(extended(size, record(b"GNU.sparse.map", text)), entry, AFTER)
        yield refused(f"sparse-0.1-{what}", "A map that lies.", third)
    for what, index_text in (
        ("count", b"999999999999\n"),
        ("negative", b"1\n-1\n512\n"),
        ("letters", b"one\n0\n512\n"),
        ("unended", b"1\n0\n512"),
        ("no-end", b"9" * BLOCK),
        ("missing", b"3\n0\n100\n"),
    ):
        lie = new_sparse(index_text, b"1048576", data)
        yield refused(f"sparse-1.0-{what}", "A map that is none.", whole(lie))
    yield refused(
        "sparse-1.0-empty", "A map that is not there.", whole(new_sparse(b"", b"1048576"))
    )
    for what, real in (("negative", b"-1"), ("huge", b"9" * 30), ("letters", b"x")):
        lie = new_sparse(b"1\n0\n512\n", real, data)
        yield refused(f"sparse-1.0-size-{what}", "A size that is none.", whole(lie))
    half = whole(extended(size, record(b"GNU.sparse.map", b"4096,512,0")), entry)
    yield refused("sparse-0.1-half", "An offset without its length.", half)
    cut = old_sparse((0, BLOCK), 1 << 20, data, goes_on=True)[:BLOCK]
    yield refused("sparse-gnu-cut", "The map goes on, and the layer does not.", cut)


def names() -> Iterator[Case]:
    """Yield names that lead elsewhere, or nowhere."""
    inside = "A name that stays inside, whatever it says."
    yield reads("name-absolute", inside, whole(Entry("/etc/evil")), "etc/evil")
    yield reads("name-slashes", inside, whole(Entry("///etc//evil")), "etc/evil")
    yield reads("name-dots", inside, whole(Entry("./a/./b/../evil")), "a/evil")
    yield reads("name-absolute-above", inside, whole(Entry("/../evil")), "evil")
    yield reads("name-root", "The root is always there.", whole(folder("./"), AFTER), "after")
    yield reads("name-empty", "The same.", whole(Entry("", kind=b"5"), AFTER), "after")
    yield reads("name-slash", "The same.", whole(folder("/"), AFTER), "after")
    for what, name in (
        ("above", "../evil"),
        ("far-above", "../../../../../../../../etc/evil"),
        ("climbing", "a/../../evil"),
        ("only-above", ".."),
    ):
        yield refused(f"name-{what}", "Out of the image.", whole(Entry(name)))
    odd = "new\nline\x1b[31m\x7f"
    yield reads("name-control", "Names are bytes, not text for terminals.", whole(Entry(odd)), odd)
    right = "\u202etxt.exe"
    yield reads("name-right-to-left", "It would be shown backwards.", whole(Entry(right)), right)
    cases = tuple(Entry(name, name.encode()) for name in ("case", "Case", "CASE"))
    yield reads("name-cases", "Three files.", whole(*cases), "case", "Case", "CASE")
    forms = (Entry("a\u0308"), Entry("\u00e4"))
    yield reads("name-forms", "Two files: no form is normal.", whole(*forms), "a\u0308", "\u00e4")
    back = Entry("..\\evil")
    yield reads("name-backslash", "No separator here.", whole(back), "..\\evil")
    old = whole(Entry("folder/", kind=b"\0"), AFTER)
    yield reads("name-old-folder", "Folders before POSIX were files with a slash.", old, "folder")
    bent = patched(Entry("name").pack(), 345, b"pre/fix")
    yield reads("name-prefix", "POSIX splits long names.", whole(bent), "pre/fix/name")


def links() -> Iterator[Case]:
    """Yield links that lead out, in circles, or under what is written next."""
    inside = "Where a link leads is decided inside the image."
    for what, target in (
        ("absolute", "/etc/shadow"),
        ("above", "../../../../etc/shadow"),
        ("nowhere", "not/there"),
        ("itself", "link"),
        ("empty", ""),
        ("proc", "/proc/self/root/etc/shadow"),
    ):
        yield reads(f"link-{what}", inside, whole(link("link", target)), "link")
    yield reads(
        "link-written-through",
        "Written through a link that climbs, a file lands at the image's root.",
        whole(link("out", "../../../.."), Entry("out/evil")),
        "evil",
    )
    yield reads(
        "link-swapped-in",
        "A folder that was checked becomes a link before the next file is written.",
        whole(folder("d/"), Entry("d/old"), link("d", "/etc"), Entry("d/evil")),
        "etc/evil",
        lacks=("d/old",),
    )
    yield reads(
        "link-swapped-out",
        "And back to a folder.",
        whole(folder("e/"), link("d", "e"), folder("d/"), Entry("d/own")),
    )
    loop = whole(link("a", "b"), link("b", "a"))
    yield reads("link-loop", "Nobody has to follow it.", loop, "a", "b")
    below = whole(link("a", "b"), link("b", "a"), Entry("a/file"))
    yield refused("link-loop-below", "No place to write to.", below)
    chain = [link(f"l{number}", f"l{number + 1}") for number in range(100)]
    yield refused("link-chain-below", "Linux follows forty.", whole(*chain, Entry("l0/file")))
    wide = link("w", "/".join(["w"] * 100))
    yield refused(
        "link-multiplies", "Each step makes a hundred more.", whole(wide, Entry("w/file"))
    )
    yield refused("below-a-file", "A file is no folder.", whole(Entry("a"), Entry("a/b")))
    fifo = Entry("a", kind=b"6")
    yield refused("below-a-fifo", "Neither is a FIFO.", whole(fifo, Entry("a/b")))
    yield from _hard_links()


def _hard_links() -> Iterator[Case]:
    file = Entry("file", b"content\n")
    yield reads("hard", "Two names of a file.", whole(file, hard("h", "file")), "file", "h")
    absolute = whole(file, hard("h", "/file"))
    yield reads("hard-absolute", "Inside the image, too.", absolute, "h")
    yield refused("hard-above", "Out of the image.", whole(hard("h", "../../etc/shadow")))
    lower = "It may be a lower layer's; if not, nothing can be read there."
    yield reads("hard-missing", lower, whole(hard("h", "not/there")), "h")
    yield reads("hard-itself", "The same.", whole(hard("h", "h")), "h")
    yield reads("hard-forward", "The same.", whole(hard("h", "file"), file), "h", "file")
    circle = whole(hard("a", "b"), hard("b", "a"))
    yield reads("hard-circle", "The same.", circle, "a", "b")
    yield reads("hard-to-folder", "No file.", whole(folder("d/"), hard("h", "d")), "h")
    yield reads(
        "hard-to-link", "A link has names, too.", whole(link("l", "x"), hard("h", "l")), "h"
    )


def kinds() -> Iterator[Case]:
    """Yield entries that are no files, and entries in place of others."""
    for kind, what in ((b"3", "character"), (b"4", "block"), (b"6", "fifo")):
        device = Entry("special", kind=kind, device=(8, 0))
        yield reads(
            f"kind-{what}", "It is there, and never opened.", whole(device, AFTER), "special"
        )
    for kind in (b"Z", b"A", b"V", b"\x80"):
        odd = Entry("odd", b"content\n", kind=kind).pack()
        name = f"kind-{kind.hex()}"
        yield reads(name, "What is not known has content as a file.", whole(odd, AFTER), "after")
    old, new = Entry("x", b"old\n"), Entry("x", b"the newer\n")
    yield reads("twice", "The last one counts.", whole(old, new), "x")
    under = Entry("x/below")
    became = whole(folder("x/"), under, new)
    yield reads("folder-then-file", "Its files go with it.", became, "x", lacks=("x/below",))
    again = whole(folder("x/"), under, new, folder("x/"), Entry("x/other"))
    yield reads("folder-file-folder", "They stay gone.", again, "x/other", lacks=("x/below",))
    kept = whole(folder("x/"), under, folder("x/", mode=0o700))
    yield reads("folder-twice", "One folder.", kept, "x/below")


def whiteouts() -> Iterator[Case]:
    """Yield names that hide, and names that look as if."""
    for what, name in (("nothing", ".wh."), ("itself", ".wh.."), ("above", ".wh...")):
        why = "Engines once removed the folder, or the one above it."
        yield refused(f"whiteout-{what}", why, whole(Entry(f"d/{name}")))
    both = whole(Entry("a", b"new\n"), Entry(".wh.a"))
    why = "It hides what lower layers have, never its own layer's."
    yield reads("whiteout-after", why, both, "a", lacks=(".wh.a",))
    before = whole(Entry(".wh.a"), Entry("a", b"new\n"))
    yield reads("whiteout-before", why, before, "a", lacks=(".wh.a",))
    opaque = whole(Entry(".wh..wh..opq"), Entry("a"))
    yield reads("whiteout-opaque-root", "All lower layers, at once.", opaque, "a")
    for number in range(2, 5):
        odd = whole(Entry(".wh." * number + "a"), Entry("b"))
        yield reads(f"whiteout-of-whiteout-{number}", "Hidden names may look like this.", odd, "b")
    meta = whole(folder(".wh..wh.plnk/"), Entry(".wh..wh.aufs"), Entry("a"))
    yield reads("whiteout-aufs", "What aufs kept beside.", meta, "a", lacks=(".wh..wh.aufs",))
    for kind, what in ((b"2", "link"), (b"5", "folder"), (b"3", "device"), (b"1", "hard-link")):
        marked = whole(Entry(".wh.a", kind=kind, target="b"), Entry("b"))
        yield reads(f"whiteout-as-{what}", "Its name alone counts.", marked, "b", lacks=(".wh.a",))
    full = whole(Entry(".wh.a", b"content\n"), Entry("b"))
    yield reads("whiteout-with-content", "The same.", full, "b", lacks=(".wh.a",))
    through = whole(link("l", "d"), folder("d/"), Entry("l/.wh.a"))
    yield reads("whiteout-through-link", "It hides where the link leads.", through, "d")
    slashed = whole(Entry("d/.wh.a/b"), Entry("c"))
    yield reads("whiteout-as-parent", "A folder of that name is odd, and no harm.", slashed, "c")


def costs() -> Iterator[Case]:
    """Yield what would cost memory or time without end."""
    start = bombs.header_only("zeros", 64 << 30)
    yield bomb(
        "bomb-gzip-file", "64 GiB of zeros in one file.", lambda: bombs.gzip_of_zeros(start, 65536)
    )
    yield bomb(
        "bomb-gzip-tar", "64 GiB behind a tar's end.", lambda: bombs.gzip_of_zeros(b"", 65536)
    )
    yield bomb("bomb-zstd-file", "The same in 2 MiB.", lambda: bombs.zstd_of_zeros(start, 65536))
    yield bomb("bomb-zstd-tar", "The same behind the end.", lambda: bombs.zstd_of_zeros(b"", 65536))
    yield bomb("bomb-entries", "Ten million files of nothing.", lambda: bombs.numbered(10_000_000))
    yield bomb(
        "bomb-whiteouts", "As many names that hide.", lambda: bombs.numbered(10_000_000, b"/.wh.x")
    )
    yield bomb("bomb-folders", "Four hundred million folders.", lambda: bombs.deep(200_000))
    yield bomb(
        "bomb-names", "A gigabyte of names.", lambda: bombs.packed(bombs.long_names(250_000))
    )
    yield bomb(
        "bomb-links", "A gigabyte of links.", lambda: bombs.packed(bombs.long_links(250_000))
    )
    yield bomb("bomb-maps", "Maps of nothing.", lambda: bombs.packed(bombs.scattered(25_000, 9000)))
    yield bomb(
        "bomb-maps-inside",
        "The same, which a reader might split anew for each block.",
        lambda: bombs.packed(bombs.scattered_inside(25_000, 9000)),
    )
    yield bomb("bomb-kept", "Metadata without end.", lambda: bombs.packed(bombs.kept(4000)))
    yield bomb("bomb-gnu-map", "A map that never ends.", bombs.endless_gnu_map)
    nothing = stored_gzip(b"") * 100_000
    yield reads("members-of-nothing", "A hundred thousand, each of no bytes.", nothing)
    frames = bombs.zstd((bombs.RAW, b"", 0)) * 100_000
    yield reads("frames-of-nothing", "The same in zstd.", frames)
    records = whole(extended(*(record(b"x", b"") for _ in range(200_000))), AFTER)
    yield reads("records-of-nothing", "A mebibyte of PAX records.", records, "after")


TABLE: Final = (
    packing,
    endings,
    sizes,
    extensions,
    holes,
    names,
    links,
    kinds,
    whiteouts,
)
CASES: Final[tuple[Case, ...]] = tuple(case for make in TABLE for case in make())
COSTLY: Final[tuple[Case, ...]] = tuple(costs())
"""What could take minutes, or all memory."""


def seeds() -> dict[str, bytes]:
    """Return the small cases by the names of their files."""
    whole = ((case.name, case.data) for case in CASES if case.data is not None)
    cut = ((name, data.removesuffix(END)) for name, data in whole)
    return {f"{name}.layer": data for name, data in cut if len(data) <= SMALL}


def main() -> None:
    """Write the seeds."""
    SEEDS.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (SEEDS / name).write_bytes(data)


if __name__ == "__main__":
    main()
