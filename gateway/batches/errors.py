"""What can go wrong with a batch. Each message is one sentence for the person who asked."""

from __future__ import annotations

from gateway.errors import GatewayError


class BatchError(GatewayError):
    """Root of what is here."""


class NoSuchBatchError(BatchError):
    """There is none with this id, or it belongs to somebody else."""

    def __init__(self, sentence: str = "There is no such batch.") -> None:
        super().__init__(sentence)


class WrongStateError(BatchError):
    """What was asked does not fit the state of the batch."""


class NoMoneyError(BatchError):
    """The key that pays for the batch has nothing left, or is gone."""


class UnderWayError(WrongStateError):
    """The same request, by its Idempotency-Key, is still being answered."""

    def __init__(self) -> None:
        super().__init__("The same request is under way; ask again in a moment.")


class KeyReusedError(BatchError):
    """The idempotency key came before, with another body."""


class UnreadableListError(BatchError):
    """The list as a whole, or what was said about it, cannot be read."""


class InvalidChoiceError(BatchError):
    """What was asked of the results does not exist."""


class EmptyBatchError(BatchError):
    """No line of the list names an account."""
