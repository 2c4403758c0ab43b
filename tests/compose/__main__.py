"""`make compose-test`: starts an engine, makes the images, runs the scenarios, and takes the engine away again.

A machine that can run no engine is told so, and the run is passed over: it takes root, and a kernel that lets
containers be made. The engine's data (images, never state) stay in the user's cache for the next run.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from tests.compose.engine import Engine, NoEngine, leftovers
from tests.compose.images import build_all
from tests.compose.steps import Say

SCENARIOS = [Path(__file__).with_name(name) for name in ("scenario.py", "minimal_scenario.py")]
OPTIONS = "-x -v -s --tb=short --timeout=600 -p no:cacheprovider".split()
_NOT_RUN = """
################################################################################################
#  THE CONTAINERS WERE NOT TESTED: no engine can run here.
#  {reason}
#  What it takes: root, and the packages docker.io, docker-compose, iptables and debootstrap.
################################################################################################
"""


def giving(engine: Engine) -> ModuleType:
    """A plugin that hands the running engine to the tests, and what prints their figures."""

    @pytest.fixture(scope="session", name="engine")
    def the_engine() -> Engine:
        return engine

    @pytest.fixture(scope="session", name="say")
    def the_printer(pytestconfig: pytest.Config) -> Say:
        reporter = pytestconfig.pluginmanager.getplugin("terminalreporter")
        return lambda line: reporter.write_line(f"  {line}")

    plugin = ModuleType("running_engine")
    vars(plugin).update(engine=the_engine, say=the_printer)
    return plugin


def main() -> int:
    """0 when everything held, or nothing could be tried."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollcall-containers"
    began = time.monotonic()
    try:
        with Engine(cache / "engine") as engine:
            _say("The engine runs.")
            build_all(engine, cache, _say)
            _say(f"The images were ready after {time.monotonic() - began:.0f} s.")
            status = int(pytest.main([*map(str, SCENARIOS), *OPTIONS, *sys.argv[1:]], plugins=[giving(engine)]))
            engine.docker("image", "prune", "--force")
    except NoEngine as error:
        sys.stderr.write(_NOT_RUN.format(reason=error))
        return 0
    if left := leftovers():
        sys.stderr.write("\n".join(["The engine left on this machine:", *left, ""]))
        return 1
    _say(f"The engine is gone and left nothing; {time.monotonic() - began:.0f} s in all.")
    return status


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
