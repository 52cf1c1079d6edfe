"""What goes into the wheel that is not in the repository? A compiled kernel, the pages' assets, compiled catalogues.

The engine's kernel (one C file on Python's limited API) needs a C compiler: without one the build goes on and the
package runs on NumPy alone, slower and with the same answers. What pages load is built by Node, once: who installs the
wheel, or a source distribution, needs none.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "src/aedile/engine/_kernel.c"
HEADERS = (
    "answer_write", "body_read", "count", "draw", "flagged", "gather_many", "log_append", "slate_build", "slate_fill",
)  # fmt: skip
INCLUDED = [f"src/aedile/engine/_{name}.h" for name in HEADERS]
ASSETS = "src/aedile/console/assets"
VENDOR = "src/aedile/console/base/static/vendor"
CATALOGUES = "src/aedile/console/*/locale/*/LC_MESSAGES/django.mo"


def _flags() -> list[str]:
    if sys.platform == "win32":
        return ["/O2"]
    # Counting bits in one instruction wants more than the x86-64 of 2003; every server since 2009 has it.
    baseline = ["-march=x86-64-v2"] if platform.machine() in ("x86_64", "AMD64") else []
    return ["-O3", "-g0", "-std=gnu11", *baseline]


class KernelBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":  # an editable install is of a checkout, where `make install` builds them
            self._build_assets()
        build_data["artifacts"].append(f"/{VENDOR}/")
        if self.target_name != "wheel":
            return
        self._compile_catalogues()
        build_data["artifacts"].append(f"/{CATALOGUES}")
        built = self._compile()
        if built is None:
            return
        build_data["artifacts"].append(f"src/aedile/engine/{built}")
        build_data["pure_python"] = False
        system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"cp311-abi3-{system}"

    def _compile_catalogues(self) -> None:
        sys.path.insert(0, self.root)
        try:
            from tools.catalogues import compile_all
        finally:
            sys.path.remove(self.root)
        compile_all()

    def _build_assets(self) -> None:
        built, sources = Path(self.root, VENDOR, "base.js"), Path(self.root, ASSETS)
        newest = max(path.stat().st_mtime for path in sources.rglob("*") if path.is_file())
        if built.exists() and built.stat().st_mtime >= newest:
            return
        npm = shutil.which("npm")
        if npm is not None:
            for command in (
                (npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"),
                (npm, "run", "--silent", "build"),
            ):
                subprocess.run(command, cwd=self.root, check=True, timeout=600)  # noqa: S603  our own commands
        elif built.exists():
            self.app.display_warning("no Node here: the console's assets are older than their sources")
        else:
            raise RuntimeError(
                f"the console's assets ({VENDOR}) are not built, and there is no Node to build them: install Node 18 "
                "or newer, or build from the source distribution, which has them"
            )

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
