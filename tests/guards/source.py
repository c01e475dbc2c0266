"""The project's C++ files as the guards see them: paths, includes, code without words."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ("messages", "config", "actors", "adapters", "runtime")


def files(root=ROOT, parts=LAYERS):
    """Every C++ file of `parts`, as paths relative to `root`, in a fixed order."""
    found = []
    for part in parts:
        for suffix in ("*.hpp", "*.cpp"):
            found += (root / part).rglob(suffix)
    return sorted(path.relative_to(root).as_posix() for path in found)


_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def includes(text):
    """(line number, path, whether quoted) of every include."""
    for match in _INCLUDE.finditer(strip(text, strings=False)):
        line = text.count("\n", 0, match.start(1 if match[1] else 2)) + 1
        yield line, match[1] or match[2], bool(match[1])


_TOKEN = re.compile(
    r"""//(?:[^\n\\]|\\.|\\\n)*            # a comment to the end of the line
      | /\*.*?\*/                          # a comment
      | (?:u8|[uUL])?R"([^()\\\s]*)\(.*?\)\1"   # a raw string
      | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"   # a string
      | (?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'  # a character, no digit separator
    """,
    re.X | re.S,
)


def strip(text, strings=True):
    """`text` with comments, and strings unless `strings` is false, turned into blanks;
    lines keep their numbers."""

    def blank(match):
        token = match[0]
        comment = token.startswith(("//", "/*"))
        if not comment and not strings:
            return token
        kept = re.sub(r"[^\n]", " ", token)
        return kept if comment else '"' + kept[1:-1] + '"'

    return _TOKEN.sub(blank, text)
