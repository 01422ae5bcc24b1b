"""Development accounts: keys from a mnemonic, as every local node derives them (BIP-39, BIP-44)."""

from dataclasses import dataclass

from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_keys.datatypes import PrivateKey

from devnet.errors import ConfigError

_PATH = "m/44'/60'/0'/0/{index}"


@dataclass(frozen=True, slots=True)
class DevAccount:
    """An unlocked account whose key everybody knows."""

    address: bytes
    key: bytes


def derive_accounts(mnemonic: str, count: int) -> tuple[DevAccount, ...]:
    """The first `count` accounts of a mnemonic.

    Raises: ConfigError if the words are not a BIP-39 mnemonic.
    """
    try:
        seed = seed_from_mnemonic(mnemonic, "")
    except Exception as broken:
        raise ConfigError(f"mnemonic is not valid BIP-39: {broken}") from broken
    keys = (key_from_seed(seed, _PATH.format(index=index)) for index in range(count))
    return tuple(DevAccount(PrivateKey(k).public_key.to_canonical_address(), k) for k in keys)
