"""An archive as a store: its members are found once, and read where they lie or as they pass."""

from __future__ import annotations

import os
import posixpath
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from repro.errors import TargetError
from repro.layers.compression import GZIP, OTHERS, ZSTD, Unpacked
from repro.layers.descriptor import absent
from repro.layers.outer import blobs, check_size, open_file
from repro.layers.parsing import DAMAGED, DOCUMENT
from repro.layers.reading import Stream
from repro.layers.stored import StoredImage
from repro.layers.streams import File, content, region
from repro.layers.tar import BLOCK, Tar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from repro.layers.outer import Place
    from repro.layers.stored import Receive
    from repro.layers.tar import Entry

MEMBERS: Final = 100_000
"""Members of an archive; an image of 127 layers has some 400."""
NAMES: Final = 16 << 20
"""Characters of all their names."""
KEPT: Final = 64 << 20
"""Bytes of all documents that are kept of a packed archive."""
LINKS: Final = 16
"""Links from one member to the next."""


class Member(NamedTuple):
    """A file in a tar, or a link to one."""

    at: int
    size: int
    link: str | None
    sparse: bool


class Archive:
    """A tar on a disk. Of several members with one name the last one counts, as for tar."""

    def __init__(self, fd: int, name: str) -> None:
        self.name = name
        self._fd = fd
        self._size = os.fstat(fd).st_size
        self._members: dict[str, Member] = {}
        with self._tar() as tar:
            self._index(tar)

    def image(self, places: tuple[Place, ...], **documents: Any) -> StoredImage:
        """Return an image whose layers are here."""
        return StoredImage(blobs=blobs(self, places), **documents)

    def has(self, path: str) -> bool:
        """Tell whether there is a member of that name, be it a link to nowhere."""
        return posixpath.normpath(path) in self._members

    def read(self, path: str) -> bytes:
        """Return a small member as a whole."""
        member = self.find(path)
        if member.size > DOCUMENT:
            raise self._wrong(f"{path[:200]!r} is a document of {member.size} bytes")
        return self._document(member)

    def open(self, place: Place) -> BinaryIO:
        """Open a layer."""
        return self._stream(self.locate(place))

    def locate(self, place: Place) -> Member:
        """Find a layer; TargetError where it is not there, or is of another size."""
        if place.descriptor is None:
            return self.find(place.path)
        if not self.has(place.path):
            raise absent(place.descriptor, self.name)
        member = self.find(place.path)
        check_size(place.descriptor, member.size, self.name)
        return member

    def find(self, path: str) -> Member:
        """Find a file, through links in the archive."""
        name = posixpath.normpath(path)
        for _ in range(LINKS):
            member = self._members.get(name)
            if member is None:
                raise self._wrong(f"there is no {path[:200]!a} in it")
            if member.sparse:
                raise self._wrong(f"{path[:200]!a} is stored as a sparse file")
            if member.link is None:
                return member
            if member.link.startswith(("/", "../")):
                raise self._wrong(f"{path[:200]!a} is a link that leads out of it")
            name = member.link
        raise self._wrong(f"{path[:200]!a} is a link that leads in circles")

    def _document(self, member: Member) -> bytes:
        with self._stream(member) as stream:
            return stream.read(member.size)

    def _stream(self, member: Member) -> BinaryIO:
        return region(self._fd, member.at, member.size)

    @contextmanager
    def _tar(self) -> Iterator[Tar]:
        yield Tar(File(self._fd, self._size))

    def _entries(self, tar: Tar) -> Iterator[Entry]:
        """Pass over the archive, whose faults are told as such."""
        entries = iter(tar)
        while True:
            with told(self.name):
                entry = next(entries, None)
            if entry is None:
                return
            yield entry

    def _index(self, tar: Tar) -> None:
        letters = 0
        for number, entry in enumerate(self._entries(tar)):
            letters += len(entry.path) + len(entry.link)
            if number >= MEMBERS or letters > NAMES:
                raise self._too_much(f"{MEMBERS} members, or endless names")
            if entry.kind in "flh":
                self._add(tar, entry)

    def _add(self, tar: Tar, entry: Entry) -> None:  # noqa: ARG002  # Packed ones read the tar.
        path, link = posixpath.normpath(entry.path), None
        if entry.kind == "l":
            link = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.link))
        elif entry.kind == "h":
            link = posixpath.normpath(entry.link)
        self._members[path] = Member(entry.at, entry.size, link, entry.sparse is not None)

    def _too_much(self, what: str) -> TargetError:
        return TargetError(
            f"{self.name} has more than {what}", advice="No image's archive has as many."
        )

    def _wrong(self, what: str) -> TargetError:
        return TargetError(f"{self.name}: {what}", advice=DAMAGED)


class Packed(Archive):
    """An archive packed with gzip or zstd: two passes, one for its documents, one for its layers.

    Nothing is unpacked to a disk, and no more than documents is held.
    """

    def __init__(self, fd: int, name: str) -> None:
        self._documents: dict[int, bytes] = {}
        self._kept = 0
        super().__init__(fd, name)

    def image(self, places: tuple[Place, ...], **documents: Any) -> StoredImage:
        """Return an image whose layers are here."""
        layers = blobs(self, places, local=False)
        return PackedImage(blobs=layers, archive=self, places=places, **documents)

    def deliver(self, places: Collection[Place], receive: Receive) -> None:
        """Hand over layers in the order in which they pass."""
        wanted = {self.locate(place).at: place for place in places}
        with self._tar() as tar:
            for entry in self._entries(tar):
                place = wanted.pop(entry.at, None)
                if place is not None:
                    with content(tar) as stream:
                        receive(stream, diff_id=place.diff_id, digest=place.digest)
                    places = [each for each in places if each is not place]
                if not wanted:
                    break
        if places:
            raise self._wrong("layers that are not the same are one in it")

    def _document(self, member: Member) -> bytes:
        return self._documents.get(member.at, b"")

    def _stream(self, member: Member) -> BinaryIO:
        below = self._unpacked()
        try:
            tar = Tar(Stream(Unpacked(below, hashed=False)))
            next(entry for entry in self._entries(tar) if entry.at == member.at)
        except BaseException:
            below.close()
            raise
        return content(tar, below)

    @contextmanager
    def _tar(self) -> Iterator[Tar]:
        with self._unpacked() as below:
            yield Tar(Stream(Unpacked(below, hashed=False)))

    def _unpacked(self) -> BinaryIO:
        return region(self._fd, 0, self._size)

    def _add(self, tar: Tar, entry: Entry) -> None:
        super()._add(tar, entry)
        if entry.kind != "f" or entry.sparse or not 0 < entry.size <= DOCUMENT:
            return
        with told(self.name):
            data = tar.content(min(BLOCK, entry.size))
            data += tar.content(entry.size) if is_document(data) else b""
        if is_document(data):
            self._kept += len(data)
            if self._kept > KEPT:
                raise self._too_much(f"{KEPT >> 20} MiB of documents")
            self._documents[entry.at] = data


@dataclass(frozen=True, kw_only=True)
class PackedImage(StoredImage):
    """An image in a packed archive: one pass gives all its layers, one after the other."""

    archive: Packed = field(repr=False, compare=False)
    places: tuple[Place, ...] = field(default=(), repr=False)

    def deliver(self, wanted: Collection[str], receive: Receive) -> None:
        """Hand over each wanted layer (by diff ID) once, in the order of the archive."""
        places = {place.diff_id: place for place in self.places if place.diff_id in wanted}
        self.archive.deliver(places.values(), receive)


@contextmanager
def opened(path: Path, name: str) -> Iterator[Archive]:
    """Find the members of an archive; TargetError where it is none."""
    fd = open_file(path, name)
    try:
        head = os.pread(fd, BLOCK, 0)
        packed = head.startswith((GZIP, *ZSTD)) or (
            head.startswith(tuple(OTHERS)) and head[257:262] != b"ustar"
        )
        yield Packed(fd, name) if packed else Archive(fd, name)
    finally:
        os.close(fd)


@contextmanager
def told(name: str) -> Iterator[None]:
    """Tell faults of a tar as those of an archive, in whose layers there may be others."""
    try:
        yield
    except TargetError as error:
        what = error.message.replace("a layer", "the archive", 1)
        raise TargetError(f"{name} cannot be read: {what}", advice=error.advice) from error


def is_document(head: bytes) -> bool:
    """Tell a JSON document from a layer, by a first block; a layer's first name may begin so."""
    return head.lstrip()[:1] in (b"{", b"[") and head[257:262] != b"ustar"
