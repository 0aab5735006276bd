"""Reads what an ELF library says of itself, from its headers alone: libcublasLt has 700 MB."""

import struct

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
"""The 64-bit little-endian file and program headers: elf(5), Elf64_Ehdr and Elf64_Phdr."""
LOAD, DYNAMIC, NOTE = 1, 2, 4
"""Program header types (elf(5), p_type)."""
NEEDED, STRTAB, STRSZ, SONAME, RPATH, RUNPATH = 1, 5, 10, 14, 15, 29
"""Tags of the dynamic section (elf(5), d_tag)."""
BUILD_ID = 3
"""NT_GNU_BUILD_ID (elf(5), notes of the owner `GNU`)."""
MACHINES = {3: "i386", 21: "ppc64", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv"}
"""Values of e_machine (elf.h, EM_*)."""
SEGMENTS = 128
"""Program headers that are read at most; real libraries have about ten."""
SMALL = 64 << 10
"""Bytes that one read may ask for: dynamic sections, notes and small string tables fit."""
FAR = 1 << 40
"""No library has a terabyte: an offset beyond is a lie, and some file systems refuse the seek."""


def read(files, path):
    """Return machine, build_id (hex), soname, needed, rpath and runpath; None for what is not said.

    Raises ValueError with a reason where it is not a 64-bit little-endian ELF file that holds
    together, and OSError where the file cannot be read.
    """
    machine, segments = _segments(files, path)
    facts = {"machine": MACHINES.get(machine, "machine %d" % machine)}
    # In this order even a file that passes by can be read: notes lie at its start, or at its end.
    facts.update(_dynamic(files, path, segments))
    facts["build_id"] = _build_id(files, path, segments)
    return facts


def _part(files, path, offset, size):
    if size > SMALL or offset > FAR:
        raise ValueError("ELF headers that point to %d bytes at %d" % (size, offset))
    data = files.part(path, offset, size)
    if len(data) < size:
        raise ValueError("truncated ELF file: %d bytes at %d are not there" % (size, offset))
    return data


def _segments(files, path):
    head = files.part(path, 0, 4096)
    if head[:4] != b"\x7fELF":
        raise ValueError("not an ELF file")
    if head[4:6] != b"\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    if len(head) < HEADER.size:
        raise ValueError("truncated ELF file: no whole header")
    header = HEADER.unpack_from(head)
    machine, offset, width, count = header[2], header[5], header[9], header[10]
    if count and (width != SEGMENT.size or count > SEGMENTS):
        raise ValueError("ELF file with %d program headers of %d bytes" % (count, width))
    size = count * SEGMENT.size
    table = head[offset : offset + size]
    if len(table) < size:
        table = _part(files, path, offset, size)
    return machine, list(SEGMENT.iter_unpack(table))


def _build_id(files, path, segments):
    for kind, _, offset, _, _, size, _, align in segments:
        if kind != NOTE:
            continue
        notes = _part(files, path, offset, min(size, SMALL))
        for owner, number, content in _notes(notes, 8 if align == 8 else 4):
            if owner == b"GNU\0" and number == BUILD_ID and content:
                return content.hex()
    return None


def _notes(data, align):
    position = 0
    while position + 12 <= len(data):
        owner_size, size, number = struct.unpack_from("<III", data, position)
        start = position + 12
        content = _up(start + owner_size, align)
        yield data[start : start + owner_size], number, data[content : content + size]
        position = _up(content + size, align)


def _up(number, align):
    return (number + align - 1) // align * align


def _dynamic(files, path, segments):
    single = {"soname": None, "rpath": None, "runpath": None}
    needed = []
    for kind, _, offset, _, _, size, _, _ in segments:
        if kind != DYNAMIC:
            continue
        data = _part(files, path, offset, size // 16 * 16)
        entries = list(struct.iter_unpack("<QQ", data))
        entries = entries[: [tag for tag, _ in [*entries, (0, 0)]].index(0)]
        text = _strings(files, path, segments, dict(entries))
        names = {SONAME: "soname", RPATH: "rpath", RUNPATH: "runpath"}
        for tag, value in entries:
            if tag == NEEDED:
                needed.append(text(value))
            elif tag in names:
                single[names[tag]] = text(value)
    return dict(single, needed=needed)


def _strings(files, path, segments, entries):
    """Return a function from an index into the dynamic string table to its text."""
    start = _offset(segments, entries.get(STRTAB, 0))
    size = entries.get(STRSZ, 0)
    table = _part(files, path, start, size) if size <= SMALL else None

    def text(index):
        if index >= size or start + index > FAR:
            raise ValueError("ELF file with a string outside its table")
        data = files.part(path, start + index, 4096) if table is None else table[index:]
        return data.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")

    return text


def _offset(segments, address):
    """Where in the file a virtual address lies."""
    for kind, _, offset, start, _, size, _, _ in segments:
        if kind == LOAD and start <= address < start + size:
            return address - start + offset
    raise ValueError("ELF file whose string table lies in no segment")
