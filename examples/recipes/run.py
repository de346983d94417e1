"""Try a recipe on this machine: ``python examples/recipes/run.py flask`` (or ``django``, or ``fastapi``).

It starts the bank of the tests and the portal, prints the portal's address, and is the timer, in a hurry.
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
from creance_pay.testing.sips import SipsBank
from creance_pay.testing.sips.server import bank_pages, serving

KEY = "a-key-made-up-for-the-recipes"


@contextmanager
def running(name: str) -> Iterator[tuple[ModuleType, str]]:
    """Serve a bank and a portal; give the shop's module and the portal's address."""
    keys = KeyRing([SecretKey(version="1", secret=KEY)], current="1")
    bank = bank_pages(SipsBank({"201000005940002": keys}))
    with TemporaryDirectory() as folder, serving(bank) as bank_url:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        os.environ.update(SHOP_SECRET=KEY, BANK_URL=bank_url, LEDGER_URL=url)
        shop = importlib.import_module("shop")
        app = importlib.import_module(f"{name}_portal").app
        with (serving_asgi if name == "fastapi" else serving)(app) as address:
            yield shop, address
        shop.ledger.close()


@contextmanager
def serving_asgi(app: Callable[..., object]) -> Iterator[str]:
    """Serve an application on a free port, as ``serving`` does for those of WSGI."""
    import uvicorn  # noqa: PLC0415 - the two others do without

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def main(name: str) -> None:
    """Run until a line, or the end, of the standard input."""
    over = threading.Event()
    with running(name) as (shop, address):
        print(f"{address}/ pays any of 6311705400000344F to 6311705400000399F; stop with the Enter key", flush=True)
        timer = threading.Thread(target=tick, args=(shop, over))
        timer.start()
        sys.stdin.readline()
        over.set()
        timer.join()


def tick(shop: ModuleType, over: threading.Event) -> None:
    """Be the timer."""
    while not over.wait(1):
        shop.every_minute()


if __name__ == "__main__":
    main(sys.argv[1])
