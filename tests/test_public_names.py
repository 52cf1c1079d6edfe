"""Is the public face of each room whole, and nothing else?"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

ROOMS = ("aedile.language", "aedile.engine", "aedile.search", "aedile.simulator", "aedile.wire", "aedile.client")


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_there_and_says_what_it_is(room):
    module = import_module(room)
    assert module.__doc__
    assert len(module.__all__) == len(set(module.__all__)) > 0
    for name in module.__all__:
        value = getattr(module, name)
        assert type(value).__name__ != "module", f"{room}.{name} is a module"
        if callable(value):
            assert value.__doc__, f"{room}.{name} has no docstring"


@pytest.mark.parametrize("room", ROOMS)
def test_a_name_that_is_not_public_is_an_error(room):
    with pytest.raises(AttributeError):
        _ = import_module(room).no_such_name


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_entered_before_anything_else_is_loaded(room):
    names = ", ".join(import_module(room).__all__)
    subprocess.run([sys.executable, "-c", f"from {room} import {names}"], check=True, timeout=60)
