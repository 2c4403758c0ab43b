"""`python -m serving`: the commands of the model store."""

from __future__ import annotations

import os
import sys

from serving.cli import main
from serving.config import Config, InvalidConfig

if __name__ == "__main__":
    try:
        config = Config.from_environ(os.environ)
    except InvalidConfig as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    main(prog_name="python -m serving", obj=config)
