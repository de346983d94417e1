"""Signatures of requests and webhooks: the shared vectors, and random inputs beside the vendor's own SDK."""

import base64
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onlinepayments.sdk.authentication.v1hmac_authenticator import V1HmacAuthenticator
from onlinepayments.sdk.communication.request_header import RequestHeader
from onlinepayments.sdk.communicator_configuration import CommunicatorConfiguration
from onlinepayments.sdk.webhooks.in_memory_secret_key_store import InMemorySecretKeyStore
from onlinepayments.sdk.webhooks.signature_validator import SignatureValidator

from creance_pay.errors import SealMismatchError
from creance_pay.gateways import SecretKey
from creance_pay.gateways.direct.signing import authorization, text_to_sign
from creance_pay.gateways.seals import sign, verify_signature
from direct_bank import read_cases

VECTORS = read_cases("direct_vectors.json")
secrets = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=64)
names = st.from_regex(r"[Xx]-[Gg][Cc][Ss]-[A-Za-z0-9-]{1,12}", fullmatch=True)
values = st.text(st.sampled_from(" \t\r\nabcXYZ09=/+:é"), max_size=40)


def target_of(url: str) -> str:
    """Return the target of a request line."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=lambda vector: str(vector["id"]))
def test_request(vector: dict[str, Any]) -> None:
    """A request has the text and the signature of the vector; a changed one has another."""
    key = SecretKey(version=vector["api_key_id"], secret=vector["secret"])
    call = (vector["method"], target_of(vector["url"]), dict(vector["headers"]))
    equal = vector["expect"] == "equal"

    assert equal is (vector["authorization"] == authorization(*call, key))
    assert not equal or vector["string_to_sign"] == text_to_sign(*call)


@pytest.mark.parametrize("vector", VECTORS["webhooks"], ids=lambda vector: str(vector["id"]))
def test_webhook(vector: dict[str, Any]) -> None:
    """The seal of a webhook is authentic, or refused; a key id that is missing, twice or unknown has no key here."""
    body = vector["body"]
    content = base64.b64decode(vector["body_base64"]) if body is None else body.encode()
    headers = [(name.lower(), value) for name, value in vector["headers"]]
    found = dict(headers)
    secret = VECTORS["keys"]["webhooks"].get(found.get("x-gcs-keyid"))
    authentic = secret is not None and len(headers) == len(found)
    if authentic:
        try:
            verify_signature(found["x-gcs-signature"], content, SecretKey(version="1", secret=secret))
        except SealMismatchError:
            authentic = False

    assert authentic is (vector["expect"] == "authentic")


@given(
    secret=secrets,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "post"]),
    path=st.text(st.characters(codec="ascii", exclude_characters="?# \t\r\n", min_codepoint=33), max_size=40),
    query=st.text(st.characters(codec="ascii", exclude_characters="# \t\r\n", min_codepoint=33), max_size=20),
    content_type=st.sampled_from([None, "application/json", "application/json; charset=utf-8"]),
    extra=st.dictionaries(names, values, max_size=4),
)
def test_requests_equal_to_the_sdk(  # noqa: D103, PLR0917 - given by name
    secret: str, method: str, path: str, query: str, content_type: str | None, extra: dict[str, str]
) -> None:
    headers = {"Date": "Wed, 25 Nov 2026 09:30:00 GMT", **{name.lower(): value for name, value in extra.items()}}
    if content_type:
        headers["Content-Type"] = content_type
    target = f"/v2/{path}" + (f"?{query}" if query else "")
    configuration = CommunicatorConfiguration(
        api_endpoint="https://bank.example",
        api_key_id="KEYID",
        secret_api_key=secret,
        authorization_type="v1HMAC",
        integrator="creance-pay",
        connect_timeout=1,
        socket_timeout=1,
        max_connections=1,
    )
    theirs = V1HmacAuthenticator(configuration).get_authorization(
        method, urlsplit(f"https://bank.example{target}"), [RequestHeader(*each) for each in headers.items()]
    )

    assert theirs == authorization(method, target, headers, SecretKey(version="KEYID", secret=secret))


@given(secret=secrets, body=st.binary(max_size=200), changed=st.booleans())
def test_webhooks_equal_to_the_sdk(secret: str, body: bytes, changed: bool) -> None:  # noqa: D103, FBT001
    store, key = InMemorySecretKeyStore(), SecretKey(version="KEYID", secret=secret)
    store.clear()
    store.store_secret_key("KEYID", secret)
    received = sign(body + b"x" * changed, key)
    headers = [RequestHeader("X-GCS-KeyId", "KEYID"), RequestHeader("X-GCS-Signature", received)]
    try:
        SignatureValidator(store).validate(body, headers)
    except Exception:  # noqa: BLE001 - the SDK's own errors
        theirs = False
    else:
        theirs = True
    try:
        verify_signature(received, body, key)
    except SealMismatchError:
        ours = False
    else:
        ours = True

    assert (not changed, not changed) == (theirs, ours)
