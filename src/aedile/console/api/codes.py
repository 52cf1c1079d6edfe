"""What can be wrong between a program and a console's API?"""

from __future__ import annotations

from aedile.errors import define

NO_CONSOLE = define(
    "AED-CON-140", "A console does not answer a program.", "aedile pull --url of a console that is down"
)
STRANGE_ANSWER = define("AED-CON-141", "An answer is none of a console.", "a proxy's page of HTML")
OTHER_PLAN = define(
    "AED-CON-142", "A push would do something else than was shown.", "somebody goes live between plan and push"
)
