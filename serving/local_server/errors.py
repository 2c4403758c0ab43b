# ruff: noqa: N818 - the classes carry the names that TensorFlow gives its status codes.
"""What a call can fail with, in TensorFlow's canonical names; the transports turn it into their own codes.

StatusError
├── InvalidArgument       the request is wrong
├── NotFound              no such model or version
├── FailedPrecondition    the model or the configuration does not allow it
├── OutOfRange            an index of the request lies outside the tensor
├── DeadlineExceeded      it took too long
├── Unavailable           the server is going away or full
├── Unimplemented         known, but not done here
├── DataLoss              a file is damaged
├── Cancelled             given up by us
├── ResourceExhausted     out of memory
├── Internal              a fault of ours
├── Unknown               what a load failed with
└── AlreadyExists, PermissionDenied, Aborted, Unauthenticated: only ever from within TensorFlow
"""

from __future__ import annotations

from typing import ClassVar


class StatusError(Exception):
    """A canonical status other than OK; `code` is its number, `name` its name in errors and metrics."""

    code: ClassVar[int]
    name: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """As TensorFlow prints a status: `NOT_FOUND: text`."""
        return f"{self.name}: {self.message}"


class Cancelled(StatusError):
    """The work was given up."""

    code, name = 1, "CANCELLED"


class Unknown(StatusError):
    """The error says nothing of its kind."""

    code, name = 2, "UNKNOWN"


class InvalidArgument(StatusError):
    """The request is wrong whatever the server's state."""

    code, name = 3, "INVALID_ARGUMENT"


class DeadlineExceeded(StatusError):
    """The caller's time was over before the answer was there."""

    code, name = 4, "DEADLINE_EXCEEDED"


class NotFound(StatusError):
    """What the request names is not here."""

    code, name = 5, "NOT_FOUND"


class AlreadyExists(StatusError):
    """What should be made is there."""

    code, name = 6, "ALREADY_EXISTS"


class PermissionDenied(StatusError):
    """The caller may not do it."""

    code, name = 7, "PERMISSION_DENIED"


class ResourceExhausted(StatusError):
    """Memory or another resource ran out."""

    code, name = 8, "RESOURCE_EXHAUSTED"


class FailedPrecondition(StatusError):
    """The state of the model or of the server does not allow it."""

    code, name = 9, "FAILED_PRECONDITION"


class Aborted(StatusError):
    """The work was stopped half-way."""

    code, name = 10, "ABORTED"


class OutOfRange(StatusError):
    """An operation was tried past the valid range."""

    code, name = 11, "OUT_OF_RANGE"


class Unimplemented(StatusError):
    """Known, but not offered."""

    code, name = 12, "UNIMPLEMENTED"


class Internal(StatusError):
    """A fault of the server itself."""

    code, name = 13, "INTERNAL"


class Unavailable(StatusError):
    """Not now; the same call may succeed later."""

    code, name = 14, "UNAVAILABLE"


class DataLoss(StatusError):
    """A file is damaged."""

    code, name = 15, "DATA_LOSS"


class Unauthenticated(StatusError):
    """The caller did not say who it is."""

    code, name = 16, "UNAUTHENTICATED"


_BY_CODE: dict[int, type[StatusError]] = {
    kind.code: kind
    for kind in (
        Cancelled,
        Unknown,
        InvalidArgument,
        DeadlineExceeded,
        NotFound,
        AlreadyExists,
        PermissionDenied,
        ResourceExhausted,
        FailedPrecondition,
        Aborted,
        OutOfRange,
        Unimplemented,
        Internal,
        Unavailable,
        DataLoss,
        Unauthenticated,
    )
}


def status_error(code: int, message: str) -> StatusError:
    """The error of a canonical code that TensorFlow gave."""
    return _BY_CODE.get(code, Unknown)(message)
