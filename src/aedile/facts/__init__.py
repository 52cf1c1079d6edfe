"""What happened, and what was known when?"""

from aedile.facts.kinds import FactKind, Field
from aedile.facts.schemas import KINDS, kind_of

__all__ = ["KINDS", "FactKind", "Field", "kind_of"]
