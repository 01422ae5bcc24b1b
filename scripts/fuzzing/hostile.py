"""x"""


def build_hostile() -> dict[str, bytes]:
    return {}
