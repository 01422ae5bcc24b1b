"""Wire scan: the protobuf bytes walked once, before any parser allocates anything for them.

Holds a file to `schema.py`: known fields only, nothing nested that is not admitted, every message
counted, every text bounded. An empty message costs two bytes here and a hundred in a parser.
"""

from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.limits import MAX_ATTRIBUTE_VALUES, MAX_FIELDS
from precompiles.models.reading.schema import MESSAGES, Field, Kind

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_SCALARS = {Kind.VARINT: _VARINT, Kind.FIXED64: _FIXED64, Kind.FIXED32: _FIXED32}
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
_OPERATOR = 4  # field of a node that names its operator
_CONTROL = bytes([*range(32), 127])


def scan_model(model: bytes) -> None:
    """Hold model bytes to the table of fields.

    Raises: NotAdmitted naming the field and the remedy; TooLarge above a cap.
    """
    whole = (0, len(model))
    pending = [("model", whole, whole)]  # message, its bytes, those of the message around it
    counted = 0
    while pending:
        message, (at, end), outer = pending.pop()
        fields = MESSAGES[message]
        inner = (at, end)
        seen: set[int] = set()
        while at < end:
            counted += 1
            if counted > MAX_FIELDS:
                raise TooLarge(f"more than {MAX_FIELDS} protobuf fields in the file; simplify it")
            key, at = _read_varint(model, at, end, message)
            field = fields.get(key >> 3)
            if field is None:
                raise NotAdmitted(
                    f"byte {at}: a {message} has no field {key >> 3}: not an ONNX file, or one "
                    "written for a later IR version; export it again"
                )
            if field.kind is Kind.REFUSED:
                place = _find_operator(model, *outer) if message == "attribute" else message
                raise NotAdmitted(f"field '{field.name}' of {place} is {field.why}")
            if field.once and key in seen:
                raise NotAdmitted(f"field '{field.name}' of a {message} is given twice")
            seen.add(key)
            start, at = _read_span(model, at, end, key & 7, message)
            if field.kind is Kind.MESSAGE:
                _require(key & 7 == _LENGTH, message, field, at)
                pending.append((field.message, (start, at), inner))
            else:
                _check_value(model, start, at, key & 7, message, field)


def _find_operator(model: bytes, at: int, end: int) -> str:
    """Operator of the node in these bytes, for a message."""
    while at < end:
        key, at = _read_varint(model, at, end, "node")
        start, at = _read_span(model, at, end, key & 7, "node")
        if MESSAGES["node"].get(key >> 3) == MESSAGES["node"][_OPERATOR]:
            return f"operator {model[start:at].decode(errors='replace')[:64]!r}"
    return "an operator without a type"


def _check_value(model: bytes, start: int, end: int, wire: int, message: str, field: Field) -> None:
    """Wire type, size and text of one value at bytes `start` to `end`."""
    if field.kind is Kind.NUMBERS:
        _require(wire in (_SCALARS[field.scalar], _LENGTH), message, field, end)
        width = _WIDTHS.get(_SCALARS[field.scalar], 1)
        if message == "attribute" and end - start > MAX_ATTRIBUTE_VALUES * width:
            raise TooLarge(f"an attribute of over {MAX_ATTRIBUTE_VALUES} numbers; use a constant")
        return
    _require(wire == _SCALARS.get(field.kind, _LENGTH), message, field, end)
    if field.cap and end - start > field.cap:
        raise TooLarge(f"'{field.name}' of {end - start} bytes in a {message}, at most {field.cap}")
    if field.kind in (Kind.NAME, Kind.TEXT):
        text = model[start:end]
        try:
            text.decode()
        except UnicodeDecodeError:
            raise NotAdmitted(
                f"'{field.name}' of a {message} is not UTF-8: {text[:32]!r}"
            ) from None
        if field.kind is Kind.NAME and text.translate(None, _CONTROL) != text:
            raise NotAdmitted(f"'{field.name}' of a {message} has control characters: {text!r}")


def _require(holds: bool, message: str, field: Field, at: int) -> None:
    if not holds:
        raise NotAdmitted(
            f"byte {at}: field '{field.name}' of a {message} has another wire type: not an ONNX "
            "file; export it again"
        )


def _read_span(model: bytes, at: int, end: int, wire: int, message: str) -> tuple[int, int]:
    """First byte and end of one value."""
    if wire == _VARINT:
        _, after = _read_varint(model, at, end, message)
        return at, after
    if wire == _LENGTH:
        size, at = _read_varint(model, at, end, message)
    elif wire in _WIDTHS:
        size = _WIDTHS[wire]
    else:
        raise NotAdmitted(f"byte {at}: wire type {wire} in a {message}: not an ONNX file")
    if size > end - at:
        raise NotAdmitted(
            f"byte {at}: a {message} ends {size - (end - at)} bytes early: not an ONNX file, or "
            "cut short; copy it again"
        )
    return at, at + size


def _read_varint(model: bytes, at: int, end: int, message: str) -> tuple[int, int]:
    """A varint of at most ten bytes and the byte after it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = model[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise NotAdmitted(
        f"byte {at}: a number in a {message} does not end: not an ONNX file, or cut short"
    )
