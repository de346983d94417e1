"""Serve the portal and a bank's page on this machine until Ctrl-C: ``python3 dev.py portal``."""

from __future__ import annotations

import argparse
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from creance_pay import rules
from creance_pay.testing import TrialCard, trial_banks, trial_merchant
from creance_pay.testing.server import serving, serving_bank

from .app import THEMES, create_portal

#: References to search, and the result of each.
REFERENCES = {
    "6311 7260 0000 0512 K": "60,00 €, à payer en une ou plusieurs fois",
    "6311 7301 0000 0733 M": "24,50 € qui restent sur 54,50 €",
    "6311 6326 0000 0408 F": "7,00 € : moins que le minimum (écran de l’annexe)",
    "6311 7054 0000 0344 F": "pas ouverte au paiement en ligne (écran de l’annexe)",
    "6311 7250 0000 0891 H": "celle d’une autre personne (compte B)",
}


def main() -> None:
    """Serve both, the bank under another host name: a browser treats them as two sites."""
    parser = argparse.ArgumentParser(prog="dev.py portal", description="Serve the example portal and a bank's page.")
    parser.add_argument("--port", type=int, default=0, help="port of the portal (default: a free port)")
    parser.add_argument("--policy", default="ameli-2019-11", help="name of the policy to apply (default: %(default)s)")
    parser.add_argument("--theme", default="sea", choices=sorted(each.name for each in THEMES.iterdir()))
    parser.add_argument("--bank", choices=trial_banks(), default="sips", help="the bank (default: %(default)s)")
    options = parser.parse_args()
    policy = rules.policy_named(options.policy)
    merchant = trial_merchant(options.bank)
    bank = merchant.open_bank(attempts=3)
    with suppress(KeyboardInterrupt), TemporaryDirectory() as folder, serving_bank(bank) as loopback_url:
        bank_url = loopback_url.replace("127.0.0.1", "localhost")
        with serving(
            create_portal(merchant.gateway(bank_url), Path(folder), policy=policy, theme=THEMES / options.theme),
            port=options.port,
        ) as portal_url:
            print_guide(portal_url, bank_url, Path(folder))
            threading.Event().wait()


def print_guide(portal_url: str, bank_url: str, folder: Path) -> None:
    """Print the addresses, the ledger, the references to search and the test cards."""
    print(f"The portal:      {portal_url}   (Ctrl-C stops both; no payment is real)")
    print(f"The bank's page: {bank_url}")
    print(f"Its back office: {bank_url}/operations")
    print(f"The ledger:      creance-pay ledger postings --file {folder / 'ledger.db'} --merchant example-portal")
    print("\nReferences to try, in account A")
    for reference, meaning in REFERENCES.items():
        print(f"  {reference}   {meaning}")
    print("\nCards to try")
    for card in TrialCard:
        print(f"  {card:16}        {card.name.replace('_', ' ').lower()}")
    print(end="", flush=True)


if __name__ == "__main__":
    main()
