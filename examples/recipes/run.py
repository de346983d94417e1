"""Run a recipe on this machine: ``python examples/recipes/run.py flask`` (or ``fastapi``).

It serves the test bank and the portal, prints the portal's address, and calls the timer's function every second.
"""

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

from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.testing.server import bank_pages, serving
from creance_pay.testing.sips import SipsBank

KEY = "a-key-made-up-for-the-recipes"


@contextmanager
def running(name: str) -> Iterator[ModuleType]:
    """Serve a bank and a portal; yield the common module, whose ``SITE_URL`` is the portal's address."""
    keys = KeyRing([SecretKey(version="1", secret=KEY)], current="1")
    bank = bank_pages(SipsBank({"201000005940002": keys}))
    with TemporaryDirectory() as folder, serving(bank) as bank_url:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        port = free_port()
        site = f"http://127.0.0.1:{port}"
        os.environ.update(MERCHANT_SECRET=KEY, BANK_URL=bank_url, LEDGER_URL=url, SITE_URL=site)
        common = importlib.import_module("common")
        app = importlib.import_module(f"{name}_portal").app
        with (serving_asgi if name == "fastapi" else serving)(app, port=port):
            yield common
        common.ledger.close()


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


def main(name: str) -> None:
    """Run until the standard input has a line or ends."""
    stopped = threading.Event()
    with running(name) as common:
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
    main(sys.argv[1])
