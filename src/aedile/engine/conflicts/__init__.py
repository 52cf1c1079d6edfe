"""Where do strategies contradict each other, and for which candidate?"""

from aedile.engine.conflicts.conflict import KINDS, Conflict
from aedile.engine.conflicts.find import find_conflicts
from aedile.engine.conflicts.witness import Witness

__all__ = ["KINDS", "Conflict", "Witness", "find_conflicts"]
