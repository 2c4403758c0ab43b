"""What a JSON value is called in the messages of TensorFlow Serving, and the bytes that one may hold."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from serving.local_server.errors import InvalidArgument


def type_name(value: Any) -> str:
    """RapidJSON's name of its type."""
    if isinstance(value, bool) or value is None:
        return {True: "True", False: "False", None: "Null"}[value]
    names: dict[type, str] = {dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")


def valid_name(text: str) -> str:
    """`text` as a message can hold it: bytes that were no UTF-8 become question marks."""
    return text.encode("utf-8", "replace").decode()


def is_base64(value: Any) -> bool:
    """Whether it is `{"b64": "..."}`, the form of a string that is not text."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64, with its padding or without; blanks do not count. Raises InvalidArgument."""
    text = "".join(text.split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4 if "=" not in text else 0), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidArgument("Unable to base64 decode") from None
