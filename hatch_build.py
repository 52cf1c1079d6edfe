"""Compiles the engine's kernel (one C file on Python's limited API) into the package, where a compiler is at hand.

Without one the build goes on and the package runs on NumPy alone, slower and with the same answers.
"""

from __future__ import annotations

import platform
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "src/aedile/engine/_kernel.c"
HEADERS = ("answer_write", "body_read", "count", "draw", "log_append", "slate_build", "slate_fill")
INCLUDED = [f"src/aedile/engine/_{name}.h" for name in HEADERS]


def _flags() -> list[str]:
    if sys.platform == "win32":
        return ["/O2"]
    # Counting bits in one instruction wants more than the x86-64 of 2003; every server since 2009 has it.
    baseline = ["-march=x86-64-v2"] if platform.machine() in ("x86_64", "AMD64") else []
    return ["-O3", "-g0", "-std=gnu11", *baseline]


class KernelBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  the hook's signature
        if self.target_name != "wheel":
            return
        built = self._compile()
        if built is None:
            return
        build_data["artifacts"].append(f"src/aedile/engine/{built}")
        build_data["pure_python"] = False
        system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"cp311-abi3-{system}"

    def _compile(self) -> str | None:
        from setuptools import Distribution, Extension
        from setuptools.command.build_ext import build_ext
        from setuptools.errors import BaseError, CCompilerError

        root = Path(self.root)
        kernel = Extension(
            "aedile.engine._kernel",
            [SOURCE],
            depends=INCLUDED,
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            extra_compile_args=_flags(),
        )
        command = build_ext(Distribution({"ext_modules": [kernel], "package_dir": {"": "src"}}))
        command.build_lib = str(root / "src")
        command.build_temp = str(root / "build" / "kernel")
        command.finalize_options()
        try:
            command.run()
        except (BaseError, CCompilerError) as error:
            self.app.display_warning(f"no compiled kernel ({error}); aedile will run on NumPy alone")
            return None
        return Path(command.get_ext_filename("aedile.engine._kernel")).name
