"""`python -m serving`: the commands of the model store."""

from __future__ import annotations

import os
import sys

from serving.local_server.background import NICENESS

if __name__ == "__main__":
    # Before the first start, and in front of `make run`, nobody is served whom filling the store could hold up.
    if sys.argv[1:2] not in (["serve"], ["seed"]):
        # A command may share its machine with the server. Its imports alone keep a core busy for a second, in which
        # requests would have to wait, so it gives way to them from its first line on; no further than a load does, for
        # at the very lowest priority a busy machine gave a promotion a hundredth of a core, and it took minutes.
        os.nice(NICENESS)
    from serving.cli import main
    from serving.config import Config, InvalidConfig

    try:
        config = Config.from_environ(os.environ)
    except InvalidConfig as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    main(prog_name="python -m serving", obj=config)
