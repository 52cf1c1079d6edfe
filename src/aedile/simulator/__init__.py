"""What would a marketplace with known truth look like?"""

from aedile.simulator.bulk import make_marketplace
from aedile.simulator.electronics import make_electronics
from aedile.simulator.parameters import World

__all__ = ["World", "make_electronics", "make_marketplace"]
