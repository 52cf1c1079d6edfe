"""How does a title hide what it sells? Look-alike letters, letters apart, digits for letters."""

from __future__ import annotations

import numpy as np

#: Letters of other scripts that look alike (Unicode Technical Standard 39, confusables).
_ALIKE = str.maketrans("aceiopxyABCEHIKMOPTX", "асеіорхуАВСЕНІКМОРТХ")
_DIGITS = str.maketrans("aeiostAEIOS", "4310574310" + "5")
WAYS = ("none", "homoglyphs", "spacing", "leet")


def disguised(brand: str, way: int) -> str:
    """The brand, written in one of `WAYS`."""
    if WAYS[way] == "homoglyphs":
        return brand.translate(_ALIKE)
    if WAYS[way] == "spacing":
        return " ".join(brand.replace(" ", ""))
    if WAYS[way] == "leet":
        return brand.translate(_DIGITS)
    return brand


def ways_for(rng: np.random.Generator, n: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """One of the three ways for each."""
    return rng.integers(1, len(WAYS), n)
