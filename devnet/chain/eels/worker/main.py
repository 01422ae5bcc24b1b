"""The worker: answers one question after another with what the specification makes of it.

Run by a Python that has `ethereum-execution`; of devnet it needs only this folder and `wire.py`.
"""

import sys
from importlib.metadata import version
from multiprocessing.connection import Connection

from devnet.chain.eels.wire import MAX_BYTES, VERSION, Message, decode, encode
from devnet.chain.eels.worker.calls import Caller, Unanswered
from devnet.chain.eels.worker.hooks import Watch
from devnet.chain.eels.worker.ledger import Ledger

PACKAGE = "ethereum-execution"


def serve(connection: Connection) -> None:
    """Answer until the node hangs up."""

    def send(message: Message) -> None:
        connection.send_bytes(encode(message))

    def receive() -> Message:
        return decode(connection.recv_bytes(MAX_BYTES))

    ledger = Ledger(Caller(send, receive).run, Watch())
    send({"kind": "ready", "version": VERSION, "eels": version(PACKAGE)})
    while True:
        try:
            question = receive()
        except (EOFError, OSError):
            return
        try:
            send(_answer(ledger, question))
        except OSError:
            return  # nobody waits for it any more


def _answer(ledger: Ledger, question: Message) -> Message:
    answers = {"load": ledger.load, "execute": ledger.execute}
    try:
        return answers[question["kind"]](question)
    except Unanswered:
        return {"kind": "unanswered"}
    except OSError:
        raise
    except Exception as broken:
        return {"kind": "broken", "reason": f"{type(broken).__name__}: {broken}"}


def main() -> None:
    """Serve the socket whose file descriptor is the argument."""
    with Connection(int(sys.argv[1])) as connection:
        serve(connection)
