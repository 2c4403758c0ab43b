"""Makes the passwords that the parts of compose show each other, once: `python -m scripts.make_keys FOLDER`.

FOLDER/postgres/password and FOLDER/grafana/password are read by those, FOLDER/database/pgpass by gateway and worker at
each new connection, so that a changed password is taken up without a restart.
"""

import secrets
import sys
from pathlib import Path

LOGIN = "postgres:5432:rollcall:rollcall:"


def make_keys(folder: Path) -> None:
    """Write what is missing; what is there stays."""
    password = folder / "postgres" / "password"
    if not password.exists():
        write_key(password, secrets.token_urlsafe(24), mode=0o444)
    login = folder / "database" / "pgpass"
    # libpq ignores a file that others can read.
    write_key(login, LOGIN + password.read_text(encoding="ascii").strip() + "\n", mode=0o600)
    dashboards = folder / "grafana" / "password"
    if not dashboards.exists():
        write_key(dashboards, secrets.token_urlsafe(12), mode=0o444)


def write_key(path: Path, text: str, *, mode: int) -> None:
    """Replace a file at once by one with these contents and this mode."""
    # The reader runs as another user than we do; the mode of the file says who may read.
    path.parent.chmod(0o755)
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=mode)
    draft.chmod(mode | 0o200)
    draft.write_text(text, encoding="ascii")
    draft.chmod(mode)
    draft.replace(path)


if __name__ == "__main__":
    make_keys(Path(sys.argv[1]))
