"""`python -m gateway.migrations`: bring the gateway's tables to their newest form and end.

A process of its own, so that the gateway never holds what only a migration needs.
"""

from __future__ import annotations

import os
import sys

from gateway.config import Config, ConfigError
from gateway.database import open_database
from gateway.database_wait import wait_until_open
from gateway.errors import DatabaseUnavailableError
from gateway.migrations.newest import is_newest


def main() -> int:
    """2 if the environment is wrong, 1 if the database cannot be opened."""
    try:
        config = Config.from_environ(os.environ)
        engine = open_database(config.database_url)
        wait_until_open(engine, config.database_start_wait_s)
        if not is_newest(engine):
            from gateway.migrations.upgrade import upgrade  # noqa: PLC0415 - It loads Alembic.

            upgrade(engine)
        if config.tombstones_file is not None and config.tombstones_file.exists():
            from gateway.results.restored import delete_again  # noqa: PLC0415 - It loads most of the gateway.

            # A database that was restored from before a deletion gets it again before anybody is answered from it.
            delete_again(config, engine)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DatabaseUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
