"""What would a marketplace with known truth look like?"""

from aedile.simulator.electronics import make_electronics

__all__ = ["make_electronics"]
