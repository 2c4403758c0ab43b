"""Gives the database another password, while everything runs: `python -m scripts.database_password FOLDER`.

FOLDER is laid out as `make_keys` does it. Connections that are open stay so; new ones read the new file. Between the
database's change and the file's there are milliseconds.
"""

import secrets
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from scripts.make_keys import LOGIN, write_key

ADDRESS = "host=postgres port=5432 dbname=rollcall user=rollcall connect_timeout=5"


def change(folder: Path, address: str = ADDRESS) -> None:
    """Raises psycopg.Error with nothing changed where the database does not answer."""
    login, password = folder / "database" / "pgpass", folder / "postgres" / "password"
    new = secrets.token_urlsafe(24)
    with psycopg.connect(address, passfile=str(login), autocommit=True) as connection:
        user = connection.info.user
        # Only its verifier travels, so that no log of the server can hold the password.
        verifier = connection.pgconn.encrypt_password(new.encode(), user.encode(), b"scram-sha-256").decode()
        change_role = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(verifier))
        connection.execute(change_role)
    # First what new connections read.
    write_key(login, LOGIN + new + "\n", mode=0o600)
    write_key(password, new, mode=0o444)


if __name__ == "__main__":
    try:
        change(Path(sys.argv[1]))
    except psycopg.Error as error:
        sys.exit(f"The password was not changed: {str(error).splitlines()[0]}")
    print("The database has another password.")
