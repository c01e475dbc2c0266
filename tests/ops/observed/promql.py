"""As much of PromQL as the tests need: which series an expression names, and its operands."""

import re

_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan", "start", "end", "by", "without"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_COMPARISON = re.compile(r"(==|!=|>=|<=|>|<)(?!\s*bool\b)")
_SET = re.compile(r"\b(?:and|or|unless)\b(?:\s+(?:on|ignoring)\s*\([^)]*\))?")


def _blank(match):
    return " " * len(match[0])


def _bare(expression):
    """Without strings, matchers and ranges; every character keeps its place."""
    text = _STRING.sub(_blank, expression)
    return re.sub(r"\{[^}]*\}|\[[^\]]*\]", _blank, text)


def names(expression):
    """The series that it reads."""
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", _blank, _bare(expression))
    found = re.findall(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])", text)
    return {name for name in found if name.lower() not in _WORDS}


def labels(expression):
    """The labels that its matchers and groupings name."""
    text = _STRING.sub('""', expression)
    found = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", " ".join(re.findall(r"\{([^}]*)\}", text))))
    for grouped in re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", text):
        found |= set(re.findall(r"\w+", grouped))
    return found


def comparisons(expression):
    """Where it compares: (begin, end) of each operator."""
    return [match.span() for match in _COMPARISON.finditer(_bare(expression))]


def operands(expression):
    """What its outermost `and`, `or` and `unless` connect, each with comparisons that say 0 or 1
    instead of hiding what does not fit: with series there, each returns something."""
    bare, depth, cuts, begin = _bare(expression), 0, [], 0
    levels = []
    for character in bare:
        depth += character == "("
        levels.append(depth)
        depth -= character == ")"
    for match in _SET.finditer(bare):
        if levels[match.start()] == 0:
            cuts.append((begin, match.start()))
            begin = match.end()
    cuts.append((begin, len(expression)))
    return [_with_bool(expression[a:b].strip()) for a, b in cuts]


def _with_bool(expression):
    for _, end in reversed(comparisons(expression)):
        expression = expression[:end] + " bool" + expression[end:]
    return expression
