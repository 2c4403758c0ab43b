"""Figures for people and for files that are committed: four digits say more than enough."""

from __future__ import annotations

from typing import Any


def rounded(value: Any, digits: int = 4) -> Any:
    """`value` with every float in it, at any depth, rounded."""
    if isinstance(value, dict):
        return {name: rounded(each, digits) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each, digits) for each in value]
    return round(value, digits) if isinstance(value, float) else value
