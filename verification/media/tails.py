"""Looks at the bytes behind a picture: what cameras and apps leave there, or a second file hidden in the photo.

Cameras append a gain or depth map, a short film, notes of their maker, padding, or what the memory card held before;
screenshot tools leave the rest of a longer file. Nobody reads any of it: it is cut off. A photo is refused only if its
tail holds a file that another program would open or run, because the uploaded original is kept as evidence.

Compressed data holds any three bytes somewhere. So a sign that counts anywhere has at least 40 bits that are fixed: a
signature alone, or a shorter one with fields of its header that every reader needs. Right behind the picture, or behind
the padding there, a short one is enough.
"""

import re
from typing import Final

_AT_START: Final = re.compile(
    rb"[\x00\xff]*(?:PK\x03\x04|\x1f\x8b\x08|\x28\xb5\x2f\xfd|MZ|\x7fELF|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|#!/|%PDF)"
)
# Each begins with a fixed byte, for which `re` searches at 1 GB/s.
_ANYWHERE: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        # ZIP: a local header or an entry of the directory (version, method), or the end record of a single volume,
        # which names its number of entries twice.
        rb"PK\x03\x04[\x00-\x3f][\x00-\x14]..[\x00-\x63]\x00",
        rb"PK\x01\x02..[\x00-\x3f][\x00-\x14]..[\x00-\x63]\x00",
        rb"PK\x05\x06....(..)\1",
        rb"Rar!\x1a\x07",
        rb"7z\xbc\xaf\x27\x1c",
        rb"\xfd7zXZ\x00",
        rb"BZh[1-9]1AY&SY",
        rb"MSCF\x00{4}",
        rb"ustar(?:\x0000|  \x00)",
        rb"%PDF-\d",
        rb"\{\\rtf1",
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # Microsoft's documents and installers
        # Programs: ELF, Mach-O of one processor or of several, Java and Android classes, WebAssembly.
        rb"\x7fELF[\x01\x02][\x01\x02]\x01",
        rb"\xcf\xfa\xed\xfe[\x07\x0c\x12]\x00\x00[\x00\x01]",
        rb"\xce\xfa\xed\xfe[\x07\x0c\x12]\x00\x00[\x00\x01]",
        rb"\xfe\xed\xfa[\xce\xcf][\x00\x01]\x00\x00[\x07\x0c\x12]",
        rb"\xca\xfe\xba\xbe\x00[\x00\x03]\x00[\x01-\x50]",
        rb"dex\n0\d\d\x00",
        rb"\x00asm\x01\x00\x00\x00",
        # Scripts and markup.
        rb"#! ?/(?:bin|usr)/",
        rb"<\?(?i:php\b)",
        rb"<\?=[\t\n\r -~]{12}",
        rb"<%[@=\s][\t\n\r -~]{12}",
        rb"(?i)__halt_compiler",
        rb"<(?i:!doctype|html|head|body|script|iframe|object|embed|form|meta|link|style|img|svg)[\s/>]",
    )
)
_WINDOWS: Final = re.compile(rb"MZ")
_HEADER_AT: Final = 0x3C  # where a program for Windows says where its own header begins


def hides_a_file(tail: bytes) -> bool:
    """Does the tail hold an archive, a document, a program or a script, wherever in it?"""
    return (
        _AT_START.match(tail) is not None
        or any(sign.search(tail) for sign in _ANYWHERE)
        or _holds_windows_program(tail)
    )


def _holds_windows_program(tail: bytes) -> bool:
    for start in _WINDOWS.finditer(tail):
        at = start.start()
        header = at + int.from_bytes(tail[at + _HEADER_AT : at + _HEADER_AT + 4], "little")
        if tail[header : header + 4] == b"PE\0\0":
            return True
    return False
