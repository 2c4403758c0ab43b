"""`rollcall score`: records in files, scored without any platform."""

from __future__ import annotations

import os
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import click
from prometheus_client import CollectorRegistry

from gateway.batches.pinned_model import PinnedModel
from gateway.config import Config, ConfigError
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.model_calls import ModelCalls
from gateway.model_client import ModelClient
from gateway.offline.documents import UnreadableDocument
from gateway.offline.patient_model import PatientModel, first_version

_CALL_S = 30.0
"""Bound of one call to the model: thousands of rows, on a machine that is busy with reading them."""


def _read_shard(context: click.Context, option: click.Parameter, text: str) -> tuple[int, int]:
    """`i/n`, i from 0."""
    index, slash, of = text.partition("/")
    if not (slash and index.isdecimal() and of.isdecimal() and int(index) < int(of)):
        raise click.BadParameter(f"{text!r} is no shard; write 0/8 to 7/8 for eight.", context, option)
    return int(index), int(of)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE|FOLDER...")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Results: .csv, .jsonl or .parquet."
)
@click.option("--model-server", envvar="MODEL_SERVER", help="gRPC address of the model server.")
@click.option(
    "--shard",
    callback=_read_shard,
    default="0/1",
    metavar="I/N",
    help="Only that part, as one of several processes: 0/8.",
)
@click.option(
    "--wait",
    type=click.FloatRange(0, 600),
    default=0,
    metavar="SECONDS",
    help="How long to wait at the start for a model server that cannot be reached yet.",
)
@click.option("--usernames", is_flag=True, help="Also write the usernames, not only ids and scores.")
@click.option("--restart", is_flag=True, help="Forget what was begun instead of going on with it.")
@click.option("--overwrite", is_flag=True, help="Replace results that are there already.")
def score(
    *,
    paths: tuple[Path, ...],
    out: Path,
    model_server: str | None,
    shard: tuple[int, int],
    wait: float,
    usernames: bool,
    restart: bool,
    overwrite: bool,
) -> None:
    """Say what the accounts in files look like, without asking any platform.

    Records are JSON (one to a line, or a list), CSV with a header, or folders of such files, of any size: profiles as
    this project writes them, users of X's API v2, or nodes of Instagram's web. A run that was stopped goes on where it
    was when the same command is given again. Exit status 1 if the run could not be ended.
    """
    try:
        # pyarrow is heavy, and only the installation for commands and workers has it.
        from gateway.offline.files.inputs import find_inputs  # noqa: PLC0415
        from gateway.offline.files.job import Job, Shard  # noqa: PLC0415
        from gateway.offline.files.journal import OtherJob  # noqa: PLC0415
        from gateway.offline.files.outputs import SUFFIXES  # noqa: PLC0415
        from gateway.offline.files.process import prepare  # noqa: PLC0415
    except ImportError as error:
        raise click.ClickException(f"{error.name} is needed: install rollcall[worker].") from None
    part = Shard(*shard)
    results = part.path(out)
    if out.suffix not in SUFFIXES:
        raise click.UsageError(f"--out must end in {', '.join(SUFFIXES)}.")
    if results.exists() and not overwrite:
        raise click.UsageError(f"{results} is there already; name another file, or say --overwrite.")
    config = _config()
    prepare()
    metrics, request_id = Metrics(CollectorRegistry()), uuid.uuid4().hex
    calls = ModelCalls(model_server or config.model_server, metrics, deadline_s=_CALL_S)
    try:
        inputs = find_inputs(paths)
        client = ModelClient("", metrics, calls=calls)
        version = first_version(lambda: client.version(request_id), wait)
        model = PatientModel(PinnedModel(calls), version, request_id)
        job = Job(
            inputs=inputs,
            out=results,
            version=version,
            predict=model.predict,
            prevalence=config.prevalence,
            shard=part,
            usernames=usernames,
        )
        if restart:
            job.forget()
        elif job.begun():
            click.echo("Going on with what was begun.", err=True)
        with click.progressbar(
            length=sum(each.unpacked_size for each in inputs), label="Scoring", file=sys.stderr
        ) as bar:
            done = job.run(datetime.now(UTC), bar.update)
    except (GatewayError, UnreadableDocument, OtherJob) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or results}: {error.strerror or error}.") from None
    finally:
        calls.close()
    refused = f", {done.refused:,} of them without an answer (see the column `error`)" if done.refused else ""
    click.echo(f"{done.records:,} records{refused}, version {version.number}: {results}", err=True)


def _config() -> Config:
    try:
        return Config.from_environ(os.environ)
    except ConfigError as error:
        raise click.UsageError("\n".join(error.mistakes)) from None
