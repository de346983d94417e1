"""The settings of an example: a bank on this machine, fictitious debts, no real payment."""

import os
from pathlib import Path

from creance_pay.testing.sips import SipsTrialMerchant

FOLDER = Path(os.environ.get("PORTAL_FOLDER", Path(__file__).parents[1]))
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8000")
BANK_URL = os.environ.get("BANK_URL", "http://127.0.0.1:9000")  # creance-pay bank --port 9000
SECRET_KEY = os.environ.get("SECRET_KEY", "for-this-machine-alone")
DEBUG, ALLOWED_HOSTS = True, ["127.0.0.1", "localhost"]
INSTALLED_APPS = [
    "creance_pay.django",
    "payportal",
    *(f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
_CONTEXT = ("template.context_processors.request", "contrib.auth.context_processors.auth")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                *(f"django.{name}" for name in _CONTEXT),
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF, LOGIN_URL, LOGIN_REDIRECT_URL = "payportal.urls", "login", "pay"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db.sqlite3"}}
STATIC_URL = "static/"
USE_TZ, TIME_ZONE, LANGUAGE_CODE = True, "Europe/Paris", "fr"
CREANCE_PAY = {
    "SITE_URL": SITE_URL,
    "GATEWAY": SipsTrialMerchant().gateway(BANK_URL),
    "LEDGER": os.environ.get("LEDGER", "default"),
    "EFFECTS": ["creance_pay.django.mailbox.acknowledge"],
    "CAISSE_ADDRESS": "1 rue de l’Exemple, 75000 Paris",
}
