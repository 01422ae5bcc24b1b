"""What `consensus_status` shows of processes."""

from typing import Any

from devnet.processes.correspondence import ProcessState
from devnet.processes.message import LackReport
from devnet.validators.misbehaviour import name_client


def describe_process(state: ProcessState) -> dict[str, Any]:
    """One process as JSON: where it is, how it is, and what it says of its peers."""
    report, contact = state.report, state.contact
    return {
        "name": state.peer.name,
        "address": "0x" + state.peer.address.hex(),
        "endpoint": state.peer.endpoint,
        "connected": contact.is_connected,
        "dropped": contact.dropped or None,
        "lostMessages": contact.lost,
        "pid": report.pid if report else None,
        "behavior": report.behavior if report else None,
        "client": name_client(report.behavior) if report else None,
        "height": report.height if report else None,
        "headHash": "0x" + report.head_hash.hex() if report else None,
        "stateRoot": "0x" + report.state_root.hex() if report else None,
        "round": report.round if report else None,
        "stuck": state.stuck or None,
        "missingModels": [_describe_lack(lack) for lack in (report.lacks if report else ())],
        "turnedAway": report.strangers if report else None,
        "peers": [
            {"name": link.name, "connected": link.is_connected, "dropped": link.dropped or None}
            for link in (report.links if report else ())
        ],
    }


def _describe_lack(lack: LackReport) -> dict[str, Any]:
    return {
        "model": "0x" + lack.model_id.hex(),
        "from": lack.server or None,
        "bytes": lack.received,
        "passedOver": list(lack.passed_over),
    }
