"""Which texts might a regular expression match?

A guess for witnesses: the evaluator decides whether a text matches. The pattern is only read, never run.
"""

from __future__ import annotations

#: Repetitions of what may repeat without bound.
_REPEATS = 2
_MOST = 256
_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "x", "W": "-", "S": "x"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_CLASS_CANDIDATES = "a0 -_.xAzZ9,/:é中"


def regex_samples(pattern: str) -> list[str]:
    """A few texts that a plain RE2 pattern is likely to match; empty where it uses what is not understood."""
    samples = []
    for choice in range(3):
        reader = _Reader(pattern, choice)
        text = reader.alternatives(0)
        if text is not None and reader.at == len(pattern):
            samples.append(text)
    return list(dict.fromkeys(samples))


class _Reader:
    """Reads the pattern once, taking alternative number `choice` wherever there are some."""

    def __init__(self, pattern: str, choice: int) -> None:
        self.pattern, self.choice, self.at = pattern, choice, 0
        self.ignore_case = False

    def alternatives(self, depth: int) -> str | None:
        texts = [self.sequence(depth)]
        while self._next() == "|":
            self.at += 1
            texts.append(self.sequence(depth))
        return texts[self.choice % len(texts)] if None not in texts else None

    def sequence(self, depth: int) -> str | None:
        parts: list[str] = []
        while (char := self._next()) is not None and char not in "|)":
            part = self._atom(char, depth)
            count = self._count() if part is not None else None
            if part is None or count is None:
                return None
            parts.append((part * count)[:_MOST])
        return "".join(parts)

    def _next(self) -> str | None:
        return self.pattern[self.at] if self.at < len(self.pattern) else None

    def _atom(self, char: str, depth: int) -> str | None:
        self.at += 1
        if char in "^$":
            return ""
        if char == ".":
            return "x"
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()
        return char

    def _group(self, depth: int) -> str | None:
        if depth > 50:
            return None
        rest = self.pattern[self.at :]
        if rest.startswith("?"):
            end = min((rest.find(mark) for mark in ":)>" if mark in rest), default=-1)
            if end < 0:
                return None
            self.at += end + 1
            if rest[end] == ")":  # flags alone, as in (?i)
                return ""
        text = self.alternatives(depth + 1)
        if self._next() != ")":
            return None
        self.at += 1
        return text

    def _escape(self) -> str | None:
        char = self._next()
        if char is None:
            return None
        self.at += 1
        if char in "bBAz":
            return ""
        if char in "pPxQuCk" or char.isdigit():
            return None
        return _CLASSES.get(char) or _ESCAPES.get(char, char)

    def _set(self) -> str | None:
        """A character of a class such as [a-z0-9] or [^,]."""
        denied = self._next() == "^"
        self.at += denied
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        first = True
        while (char := self._next()) is not None and (char != "]" or first):
            first = False
            self.at += 1
            if char == "[" and self._next() == ":":
                return None
            low = self._escape() if char == "\\" else char
            if low is None:
                return None
            if self._next() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.pattern[self.at]
                self.at += 1
                if high == "\\":
                    return None
                ranges.append((low, high))
            else:
                singles.add(low)
        if char is None:
            return None
        self.at += 1
        if not denied:
            options = [low for low, _ in ranges] + sorted(singles)
            return options[self.choice % len(options)]
        held = (c for c in _CLASS_CANDIDATES if c not in singles and not any(a <= c <= b for a, b in ranges))
        return next(held, None)

    def _count(self) -> int | None:
        """How often the atom before is repeated."""
        count = 1
        while (char := self._next()) is not None and char in "*+?{":
            self.at += 1
            if char == "{":
                end = self.pattern.find("}", self.at)
                least, _, most = self.pattern[self.at : max(end, self.at)].partition(",")
                if end < 0 or not least.isdigit() or int(least) > _MOST:
                    return None
                self.at = end + 1
                count = max(int(least), 1) if most != "0" else 0
            else:
                count = {"*": self.choice, "+": 1 + self.choice, "?": self.choice}[char]
                count = min(count, _REPEATS)
        return count
