"""`python -m gateway.migrations`: bring the gateway's tables to their newest form and end.

A process of its own, so that the gateway never holds what only a migration needs.
"""

from __future__ import annotations

import os
import sys

from gateway.config import Config, ConfigError
from gateway.database import open_database
from gateway.errors import DatabaseUnavailableError
from gateway.migrations.upgrade import upgrade


def main() -> int:
    """2 if the environment is wrong, 1 if the database cannot be opened."""
    try:
        upgrade(open_database(Config.from_environ(os.environ).database_url))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DatabaseUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
