"""Naming: reports speak of addresses; whoever knows the validators' names says those instead."""

from collections.abc import Mapping


def use_names(report: str, names: Mapping[bytes, str]) -> str:
    """The report of a fork or a halt, with names where it has the beginnings of addresses."""
    for address, name in names.items():
        report = report.replace(f"0x{address.hex()[:8]}", name)
    return report
