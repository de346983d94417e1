"""One call to the bank by JSON: sealed on the way out, proved on the way back, or one of our errors."""

from __future__ import annotations

import json
from collections.abc import Mapping

import attrs

from ...errors import GatewayUnavailableError, MalformedResponseError, SealMismatchError
from ..seals import seal
from ..transport import HttpAnswer, Transport
from .data import Data
from .documents import concatenated, load
from .shop import Shop


@attrs.frozen(kw_only=True)
class Exchange(Shop):
    """A shop that calls the bank."""

    def exchange(self, transport: Transport, url: str, fields: Mapping[str, object], *, questions: int = 0) -> Data:
        """Seal a document, post it, and prove the answer.

        Args:
            transport: What posts.
            url: Where to.
            fields: The document without key version, algorithm and seal.
            questions: How often a mere question may be asked, until something readable comes back; 0 for what may have
                an effect, which is sent once, and whose failure is not retryable.

        Raises:
            GatewayUnavailableError: when nothing readable comes back.
            ResponseRefusedError: when the answer is not authentic.
        """
        key = self.sealing_key()
        document = {**fields, "keyVersion": key.version, "sealAlgorithm": self.algorithm.value}
        document["seal"] = seal(concatenated(load(json.dumps(document))), key, self.algorithm)
        for _ in range(questions or 1):
            try:
                text = readable(transport.post_json(url, document))
            except GatewayUnavailableError as error:
                raise GatewayUnavailableError(str(error), retryable=bool(questions)) from None
            if text is not None:
                return self._proved(text, key.version)
        raise GatewayUnavailableError("the bank gave no answer that can be read", retryable=bool(questions))

    def _proved(self, text: str, current: str) -> Data:
        """Prove an answer by the key that it names, or by the one that sealed the question."""
        data = Data.parse(text)
        if data.repeated:
            raise MalformedResponseError("a field of the answer is repeated")
        received = data.one("seal")
        if received is not None:
            self.prove(concatenated(load(text)), received, data.one("keyVersion") or current)
        elif not self.unsealed_answers:
            raise SealMismatchError("the answer has no seal")
        return data


def readable(answer: HttpAnswer) -> str | None:
    """Give the text of an answer that is a document; ``None`` for a page of HTML, a server's error, half a text."""
    try:
        text = answer.body.decode().strip()
        load(text)
    except ValueError:
        return None
    return text if answer.status == 200 else None  # noqa: PLR2004 - everybody knows it
