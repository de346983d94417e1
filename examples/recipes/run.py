"""Run a recipe on this machine: ``python examples/recipes/run.py flask`` (or ``fastapi``), with ``--bank direct``.

It serves a test bank and the portal, prints the portal's address, and calls the timer's function every second.
"""

import argparse
import importlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import attrs

from creance_pay.gateways import KeyRing
from creance_pay.testing import TrialMerchant, trial_banks, trial_merchant
from creance_pay.testing.server import serving, serving_bank


@contextmanager
def running(name: str, bank: str) -> Iterator[ModuleType]:
    """Serve a bank and a portal; yield the common module, whose ``SITE_URL`` is the portal's address."""
    merchant = trial_merchant(bank)
    with TemporaryDirectory() as folder, serving_bank(merchant.open_bank()) as bank_url:
        port = free_port()
        os.environ.update(configure(Path(folder), bank, merchant, bank_url), SITE_URL=f"http://127.0.0.1:{port}")
        common = importlib.import_module("common")
        app = importlib.import_module(f"{name}_portal").app
        with (serving_asgi if name == "fastapi" else serving)(app, port=port):
            yield common
        common.ledger.close()


def configure(folder: Path, bank: str, merchant: TrialMerchant, bank_url: str) -> dict[str, str]:
    """Write the configuration file of a bank on this machine, and return the environment variables of a portal.

    A file in production names the host of the bank, and key files.
    """
    variables = {}
    lines = [f'gateway = "{bank}"', "production = false", f"[{bank}]", f'host = "{bank_url}"']
    for option, value in attrs.asdict(merchant, recurse=False).items():
        if not isinstance(value, KeyRing):
            lines.append(f'{option} = "{value}"')
            continue
        keys = []
        for key in sorted(value, key=lambda key: key is not value.current):  # the first one is the current key
            variable = f"{option}_{len(keys)}".upper()
            variables[variable] = key.get_secret_value()
            keys.append(f'{{ version = "{key.version}", variable = "{variable}" }}')
        lines.append(f"{option} = [{', '.join(keys)}]")
    file = folder / "gateway.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    ledger = f"sqlite:///{folder / 'ledger.db'}"
    return {
        **variables,
        "GATEWAY_FILE": str(file),
        "LEDGER_URL": ledger,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def free_port() -> int:
    """Return a free port: the recipe needs its address before it is served."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def serving_asgi(app: Callable[..., object], *, port: int) -> Iterator[str]:
    """Serve an ASGI application, as ``serving`` does for WSGI."""
    import uvicorn  # noqa: PLC0415 - the other recipe does not need it

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", port)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


def main() -> None:
    """Run until the standard input has a line or ends."""
    parser = argparse.ArgumentParser(description="Serve a recipe and a bank's page.")
    parser.add_argument("name", choices=["flask", "fastapi"], help="the framework")
    parser.add_argument("--bank", choices=trial_banks(), default="sips", help="the bank (default: %(default)s)")
    options = parser.parse_args()
    stopped = threading.Event()
    with running(options.name, options.bank) as common:
        print(f"{common.SITE_URL}/ pays any of 6311705400000344F to 6311705400000399F; Enter stops it", flush=True)
        timer = threading.Thread(target=call_every_second, args=(common.every_minute, stopped))
        timer.start()
        sys.stdin.readline()
        stopped.set()
        timer.join()


def call_every_second(function: Callable[[], None], stopped: threading.Event) -> None:
    """Call a function every second until the event is set."""
    while not stopped.wait(1):
        function()


if __name__ == "__main__":
    main()
