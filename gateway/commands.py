"""`rollcall doctor` and `rollcall classify`."""

from __future__ import annotations

import json
import os
import sys
import uuid
from pathlib import Path
from typing import Any

import click
import urllib3
from prometheus_client import CollectorRegistry

from contracts.fetch_api import REQUEST_ID_HEADER
from contracts.platforms import Platform
from gateway.batches.batch_file import BatchFile
from gateway.config import Config, ConfigError
from gateway.doctor import LIVE_ACCOUNTS, Doctor
from gateway.fetcher_client import FetcherClient
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.wording import CLASS_WORDS, percent

_MARKS = {True: click.style("ok  ", fg="green"), False: click.style("FAIL", fg="red"), None: "    "}
_TIMEOUT_S = 30.0


@click.command()
@click.option("--x-account", default=LIVE_ACCOUNTS[Platform.X], help="Handle that is looked up on X in live mode.")
@click.option("--instagram-account", default=LIVE_ACCOUNTS[Platform.INSTAGRAM], help="The same on Instagram.")
def doctor(x_account: str, instagram_account: str) -> None:
    """Say what is configured and whether every part answers; exit status 1 if one does not."""
    config = _config()
    metrics = Metrics(CollectorRegistry())
    fetcher = FetcherClient(config.fetcher_url, metrics)
    model = ModelClient(config.model_server, metrics, deadline_s=config.model_deadline_s)
    request_id = uuid.uuid4().hex
    accounts = {Platform.X: x_account.lower(), Platform.INSTAGRAM: instagram_account.lower()}
    examination = Doctor(config, fetcher, model, get_status, request_id=request_id, accounts=accounts)
    healthy = True
    try:
        for finding in examination.examine():
            click.echo(f"{_MARKS[finding.good]} {finding.subject:<36} {finding.text}")
            healthy = healthy and finding.good is not False
    finally:
        fetcher.close()
        model.close()
    click.echo(f"     request id                           {request_id}")
    sys.exit(0 if healthy else 1)


@click.command()
@click.argument("profiles", nargs=-1, metavar="URL...")
@click.option(
    "--file", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A list, as a batch."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Results of the list: .csv or .jsonl.")
@click.option("--yes", is_flag=True, help="Begin with the list's requests without asking.")
@click.option(
    "--platform",
    type=click.Choice([platform.value for platform in Platform]),
    help="What a bare handle or id belongs to.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the API's answers, one to a line.")
@click.option("--gateway", envvar="GATEWAY_URL", help="Address of the gateway.")
@click.option("--key", envvar="ROLLCALL_API_KEY", help="The API key, where the gateway asks for one.")
def classify(
    *,
    profiles: tuple[str, ...],
    path: Path | None,
    out: Path | None,
    yes: bool,
    platform: str | None,
    as_json: bool,
    gateway: str | None,
    key: str | None,
) -> None:
    """Say what each account looks like; exit status 1 if one could not be classified.

    Accounts are addresses of profiles or, with --platform, handles and ids. A list of them (--file: .csv, .jsonl, .json
    or one to a line in .txt) becomes a batch of the gateway: its plan is shown first, and the same command goes on
    watching it after an interruption.
    """
    config = _config()
    address = (gateway or f"http://{config.bind_host}:{config.port}").rstrip("/")
    if path is not None:
        if profiles or out is None:
            raise click.UsageError("--file takes its accounts from the file, and --out says where the results go.")
        sys.exit(1 if BatchFile(address, key).run(path, out, platform, agreed=yes) else 0)
    if not profiles:
        raise click.UsageError("Name an account, such as https://x.com/some_handle, or a list with --file.")
    url = f"{address}/api/v1/classify"
    pool = urllib3.PoolManager(retries=False, headers={"Authorization": f"Bearer {key}"} if key else None)
    all_classified = True
    for profile in profiles:
        body = {"profile": profile} | ({"platform": platform} if platform else {})
        try:
            response = pool.request("POST", url, json=body, timeout=_TIMEOUT_S)
            answer = json.loads(response.data)
        except (urllib3.exceptions.HTTPError, ValueError):
            raise click.ClickException(f"The gateway at {url} gives no usable answer; is it running?") from None
        all_classified = all_classified and response.status == 200
        click.echo(json.dumps(answer) if as_json else f"{profile}: {_sentence(response.status, answer)}")
    sys.exit(0 if all_classified else 1)


def _sentence(status: int, answer: dict[str, Any]) -> str:
    if status != 200:
        return str(answer.get("detail") or answer.get("title") or f"status {status}")
    words = CLASS_WORDS[answer["label"]].phrase
    share = percent(answer["probabilities"][answer["label"]])
    return (
        f"looks most like {words}, but not clearly ({share})" if answer["unsure"] else f"looks like {words} ({share})"
    )


def get_status(url: str) -> str | None:
    """None when `url` answers with 200, else what happened."""
    try:
        with urllib3.PoolManager(retries=False) as pool:
            headers = {REQUEST_ID_HEADER: uuid.uuid4().hex}
            status = pool.request("GET", url, timeout=2.0, headers=headers, redirect=False).status
    except urllib3.exceptions.HTTPError:
        return "does not answer"
    return None if status == 200 else f"answers with status {status}"


def _config() -> Config:
    try:
        return Config.from_environ(os.environ)
    except ConfigError as error:
        raise click.UsageError("\n".join(error.mistakes)) from None
