"""Prints one of the Jobs of k8s/jobs, named for this run: `python -m scripts.k8s_job promotion VERSION=3`.

What is given as NAME=value replaces that variable of the Job's container; SHARDS also sets the number of shards.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

JOBS = Path(__file__).resolve().parent.parent / "k8s" / "jobs"


class UnknownVariable(ValueError):  # noqa: N818 - it names what was given.
    """The Job has no such variable."""


def render(document: dict[str, Any], values: Mapping[str, str], run: str) -> dict[str, Any]:
    """`document` with its variables set and `run` behind its name; raises UnknownVariable."""
    document["metadata"]["name"] += f"-{run}"
    variables = {each["name"]: each for each in document["spec"]["template"]["spec"]["containers"][0]["env"]}
    for name, value in values.items():
        if name not in variables:
            raise UnknownVariable(f"{name}: there is no such variable; this Job has {', '.join(variables)}.")
        variables[name]["value"] = value
    if "SHARDS" in values:
        document["spec"]["completions"] = document["spec"]["parallelism"] = int(values["SHARDS"])
    return document


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    name, *given = arguments or ["?"]
    file = JOBS / f"{name}.yaml"
    if not file.is_file():
        print(
            f"There is no Job {name}; there are {', '.join(sorted(each.stem for each in JOBS.glob('*.yaml')))}.",
            file=sys.stderr,
        )
        return 2
    try:
        values = dict(each.split("=", 1) for each in given)
        document = render(yaml.safe_load(file.read_text("utf-8")), values, str(int(time.time())))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(yaml.safe_dump(document, sort_keys=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
