"""A peer may send much, but not too much at once."""

from devnet.network.sockets.allowance import (
    MAX_BYTES,
    MAX_FRAME_BYTES,
    MAX_MESSAGES,
    SPAN_S,
    Allowance,
)


def test_messages_up_to_the_limit_pass_and_the_next_one_does_not() -> None:
    """In one span; the next span begins anew."""
    allowance = Allowance(0.0)
    assert not any(allowance.spend(1, 0.0) for _ in range(MAX_MESSAGES))
    assert allowance.spend(1, 0.0) == f"more than {MAX_MESSAGES} messages in 10 s"
    assert allowance.spend(1, SPAN_S) == ""


def test_bytes_are_counted_as_messages_are() -> None:
    """Large messages, few of them."""
    allowance = Allowance(0.0)
    assert not any(
        allowance.spend(MAX_FRAME_BYTES, 1.0) for _ in range(MAX_BYTES // MAX_FRAME_BYTES)
    )
    assert "bytes in 10 s" in allowance.spend(1, 1.0)


def test_one_message_may_not_be_larger_than_a_frame() -> None:
    """Whatever else was sent."""
    assert "at most" in Allowance(0.0).spend(MAX_FRAME_BYTES + 1, 0.0)
