"""Which encoding a text file is in, and the file as UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kexiao.errors import InputRejected
from kexiao.text import Text

BLOCK = 4 * 1024**2
SAMPLE = 1024**2
BROKEN = "\ufdd0"
"""Stands for bytes that are no text in the file's encoding; Unicode keeps this sign free for such use."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LAST_COMMON = {"gb18030": 0xD7, "cp950": 0xC6}
"""Lead bytes up to here are the first level of GB 2312 and of Big5."""
_LABELS = {"gb18030": "GBK/GB18030", "cp950": "Big5", "big5hkscs": "Big5-HKSCS", "cp1252": "Windows-1252"}


@dataclass(frozen=True, slots=True)
class Utf8File:
    """A text file in UTF-8 (a mark may stand at its start), and what had to be supposed on the way."""

    path: Path
    encoding: str
    warnings: tuple[Text, ...] = ()
    has_broken: bool = False


def _mark(problem: UnicodeError) -> tuple[str, int]:
    assert isinstance(problem, UnicodeDecodeError)
    return BROKEN, problem.end


codecs.register_error("kexiao_broken", _mark)


def as_utf8(path: Path, target: Path) -> Utf8File:
    """The file as UTF-8: itself where it is already, else rewritten to ``target``.

    Broken bytes become ``BROKEN``, so that their rows can be refused one by one.

    Errors: ``InputRejected`` where no encoding gives text.
    """
    encoding = find_encoding(path)
    if encoding in ("utf-8", "utf-8-sig") and _is_valid_utf8(path):
        return Utf8File(path, encoding)
    broken = _rewrite(path, target, encoding)
    return Utf8File(target, encoding, tuple(_warnings(encoding)), broken)


def likely_utf8(path: Path) -> Utf8File | None:
    """The file itself where its start, middle and end are UTF-8: whoever reads on must notice bytes that are not. None for other encodings."""
    encoding = find_encoding(path)
    return Utf8File(path, encoding) if encoding in ("utf-8", "utf-8-sig") else None


def _warnings(encoding: str) -> Iterator[Text]:
    if encoding in _LABELS:
        text = Text(zh="编码按 {e} 读取。", en="The encoding was taken to be {e}.")
        yield text.fill(e=_LABELS[encoding])


def find_encoding(path: Path) -> str:
    """The name of Python's codec for the file.

    Marks at the start decide; then zero bytes at every other place (UTF-16); then whether the lines are UTF-8; then which
    of GBK, Big5 and Windows-1252 gives the commoner characters.
    """
    with path.open("rb") as handle:
        head = handle.read(SAMPLE)
    for sign, codec in _MARKS:
        if head.startswith(sign):
            return codec
    wide = _utf16_without_mark(head)
    if wide:
        return wide
    _refuse_binary(head)
    if head.isascii() and _is_valid_utf8(path):
        return "utf-8"
    lines = _lines_beyond_ascii(path)
    valid = sum(_decodes(line, "utf-8") for line in lines)
    if not lines or valid >= 0.3 * len(lines):
        _refuse_twice_encoded(lines)
        return "utf-8"
    return _legacy(lines)


def _refuse_binary(head: bytes) -> None:
    """Refuse what is full of control bytes; a stray one costs its row only."""
    sample = head[: 64 * 1024]
    controls = len(sample) - len(sample.translate(None, bytes([*range(9), 11, *range(14, 32), 127])))
    if controls > 0.02 * len(sample):
        raise not_text()


def not_text() -> InputRejected:
    """The refusal of a file in no known encoding."""
    return InputRejected(
        Text(zh="无法识别文件的编码，或文件不是文本。", en="The encoding is not known, or the file is not text."),
        next_step=Text(zh="请另存为 UTF-8 的 CSV 或 xlsx。", en="Save it as UTF-8 CSV or as xlsx."),
    )


def _refuse_twice_encoded(lines: list[bytes]) -> None:
    """Refuse Chinese that was UTF-8, was read as Western text, and was written as UTF-8 once more: å®¢æˆ· for 客户."""
    twice = sum(_is_twice_encoded(line) for line in lines)
    if twice and twice >= 0.8 * len(lines):
        raise InputRejected(
            Text(zh="文字已成乱码（被重复编码）。", en="The text is garbled: it was encoded twice."),
            next_step=Text(zh="请从原系统重新导出为 UTF-8。", en="Export it again from its system as UTF-8."),
        )


def _is_twice_encoded(line: bytes) -> bool:
    text = line.decode("utf-8", "replace")
    for codec in ("latin-1", "cp1252"):
        try:
            inner = text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        return any("\u4e00" <= sign <= "\u9fff" for sign in inner)
    return False


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 by its zero bytes: the ASCII signs of a table (digits, commas, line ends) have one each, on one side."""
    sample = head[: 64 * 1024]
    if len(sample) < 8:
        return None
    half = len(sample) // 2
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.2 and even < 0.02:
        return "utf-16-le"
    return "utf-16-be" if even > 0.2 and odd < 0.02 else None


def _is_valid_utf8(path: Path) -> bool:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        for block, last in _blocks(path):
            decode(block, last)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(path: Path) -> Iterator[tuple[bytes, bool]]:
    with path.open("rb") as handle:
        block = handle.read(BLOCK)
        while block:
            following = handle.read(BLOCK)
            yield block, not following
            block = following


def _lines_beyond_ascii(path: Path, most: int = 5000) -> list[bytes]:
    """Lines that hold bytes beyond ASCII, from the start, the middle and the end of the file."""
    size = path.stat().st_size
    found: list[bytes] = []
    with path.open("rb") as handle:
        for start in sorted({0, max(0, size // 2 - SAMPLE // 2), max(0, size - SAMPLE)}):
            handle.seek(start)
            lines = re.split(rb"[\r\n]+", handle.read(SAMPLE))
            inner = lines[1 if start else 0 : -1 if start + SAMPLE < size else None]
            found += [line for line in inner if not line.isascii()][:most]
    return found


def _decodes(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(lines: list[bytes]) -> str:
    """The likeliest of the old encodings for lines that are not UTF-8."""
    if _is_western(lines):
        return "cp1252"
    text = b"\n".join(lines[:3000])
    scores = {"gb18030": _share_common(text, "gb18030"), "cp950": _share_common(text, "cp950")}
    if scores["cp950"] > scores["gb18030"] + 0.1:
        return "cp950"
    if scores["gb18030"] < 0.2:
        raise not_text()
    return "gb18030"


def _is_western(lines: list[bytes]) -> bool:
    """Whether bytes beyond ASCII mostly stand alone between letters, as accents do; Chinese comes in pairs."""
    runs = [run for line in lines for run in re.findall(rb"[\x80-\xff]+", line)]
    alone = sum(len(run) == 1 and run[0] >= 0xC0 for run in runs)
    return bool(alone >= 0.8 * len(runs))


def _share_common(text: bytes, codec: str) -> float:
    """How many of the characters beyond ASCII are common ones: the first level of GB 2312 or of Big5, and punctuation.

    Text of one encoding read in the other falls mostly outside the first level. Broken bytes count against.
    """
    decoded = text.decode(codec, "kexiao_broken")
    beyond = [sign for sign in decoded if sign > "\x7f"]
    if not beyond:
        return 0.0
    common = sum(_is_common(sign, codec) for sign in beyond)
    return common / len(beyond)


def _is_common(sign: str, codec: str) -> bool:
    if sign == BROKEN:
        return False
    try:
        raw = sign.encode("gb2312" if codec == "gb18030" else codec)
    except UnicodeEncodeError:
        return False
    return len(raw) == 2 and 0xA1 <= raw[0] <= _LAST_COMMON[codec]


def _rewrite(path: Path, target: Path, encoding: str) -> bool:
    """Write the file as UTF-8; whether there were bytes that are no text."""
    decode = codecs.getincrementaldecoder(encoding)("kexiao_broken").decode
    broken = False
    with target.open("w", encoding="utf-8", errors="surrogatepass", newline="") as out:
        for block, last in _blocks(path) if encoding not in _LEGACY else _marked(path):
            text = decode(block, last)
            broken = broken or BROKEN in text
            out.write(text)
    return broken


_LEGACY = ("gb18030", "cp950")


def _marked(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The blocks of a file in an old encoding, cut at line ends; lines in UTF-8 pasted into it get a broken byte.

    Read in the old encoding they would become other characters without any error.
    """
    rest = b""
    for block, last in _blocks(path):
        whole = rest + block
        cut = len(whole) if last else whole.rfind(b"\n") + 1
        rest = whole[cut:]
        yield _mark_foreign(whole[:cut]), last


def _mark_foreign(block: bytes) -> bytes:
    if not _may_hold_utf8(block):
        return block
    return b"\n".join(b"\xff" + line if _is_foreign(line) else line for line in block.split(b"\n"))


def _may_hold_utf8(block: bytes) -> bool:
    """Whether somewhere two Chinese characters in UTF-8 stand side by side: a lead byte and two that follow, twice."""
    import numpy as np

    signs = np.frombuffer(block, dtype=np.uint8)
    leads = np.flatnonzero((signs >= 0xE3) & (signs <= 0xE9))
    leads = leads[leads < signs.size - 5]
    for step, low, high in ((1, 0x80, 0xBF), (2, 0x80, 0xBF), (3, 0xE3, 0xE9), (4, 0x80, 0xBF), (5, 0x80, 0xBF)):
        following = signs[leads + step]
        leads = leads[(following >= low) & (following <= high)]
    return bool(leads.size)


def _is_foreign(line: bytes) -> bool:
    """Whether a line is UTF-8 and gives commoner characters so than in GBK."""
    if line.isascii() or not _decodes(line, "utf-8"):
        return False
    beyond = [sign for sign in line.decode("utf-8") if sign > "\x7f"]
    as_utf8_common = sum(_is_common(sign, "gb18030") for sign in beyond) / len(beyond)
    return bool(as_utf8_common > _share_common(line, "gb18030"))
