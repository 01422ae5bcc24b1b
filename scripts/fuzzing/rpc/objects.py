"""Objects: transactions, filters, overrides and whatever else has fields, as clients send them."""

from typing import Any

from eth_account import Account
from eth_utils.address import to_checksum_address

from fuzzing.rpc.soil import CLIENT_KEY, Soil
from fuzzing.rpc.words import Words

_CODES = ("0x", "0x00", "0xfe", "0x5f5ffd", "0x60015f5260205ff3", "0x5f3560005260206000f3", "0xef")
_TRACERS = (
    *("callTracer", "prestateTracer", "4byteTracer", "flatCallTracer", "noopTracer", "muxTracer"),
    "{step: function() {}}",
)
_OPTIONS = (
    *("onlyTopCall", "withLog", "diffMode", "disableCode", "disableStorage", "includePrecompiles"),
    *("convertParityErrors", "enableMemory"),
)


class Objects:
    """Draws objects from the same dice as `words`."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.dice = words.dice
        self.soil: Soil = words.soil

    def transaction(self) -> dict[str, Any]:
        """One of every type; sometimes one that can never be."""
        words, dice = self.words, self.dice
        sender = dice.choice((words.address(), *self.soil.accounts[:3]))
        found: dict[str, Any] = {"from": sender, "gas": words.gas()}
        if dice.random() < 0.9:
            found["to"] = words.address()
        found |= words.maybe("value", dice.choice(("0x0", "0x1", "0xde0b6b3a7640000")))
        found |= words.maybe(dice.choice(("data", "input")), words.bytes())
        match dice.randrange(6):
            case 0:
                found["gasPrice"] = self._price()
            case 1 | 2:
                found["maxFeePerGas"] = self._price()
                found |= words.maybe("maxPriorityFeePerGas", dice.choice(("0x0", "0x1")))
            case _:
                pass
        if dice.random() < 0.2:
            found["accessList"] = self.access_list()
        if dice.random() < 0.1:
            found["authorizationList"] = [self._authorization() for _ in range(dice.randrange(3))]
        if dice.random() < 0.1:
            found["blobVersionedHashes"] = ["0x01" + dice.randbytes(31).hex()]
            found |= words.maybe("maxFeePerBlobGas", "0x3b9aca00")
        if dice.random() < 0.08:
            found["type"] = hex(dice.randrange(6))
        if dice.random() < 0.1:
            found["nonce"] = words.small()
        return found | (words.maybe("chainId", "0x7a69") if dice.random() < 0.3 else {})

    def waiting(self) -> dict[str, Any]:
        """What waits in the pool, if anything does."""
        found = self.transaction()
        for waiting in self.soil.node.pool.all()[:1]:
            found = {
                "from": "0x" + waiting.sender.hex(),
                "to": self.words.address(),
                "gas": self.words.gas(),
                "nonce": hex(waiting.nonce),
            }
        return found

    def access_list(self) -> list[dict[str, Any]]:
        return [
            {"address": self.words.address(), "storageKeys": self.keys()}
            for _ in range(self.dice.randrange(3))
        ]

    def keys(self) -> list[str]:
        return [self.words.word() for _ in range(self.dice.randrange(4))]

    def raw_transaction(self) -> str:
        """Signed: one that was sent before, or one of a client's own account."""
        dice = self.dice
        if dice.random() < 0.3:
            return dice.choice(self.soil.raw_transactions)
        fields: dict[str, Any] = {
            "to": to_checksum_address(self.words.address()),
            "value": dice.choice((0, 1, 10**20)),
            "gas": int(self.words.gas(), 16),
            "gasPrice": dice.choice((1, 2 * 10**9, 3 * 10**9)),
            "nonce": dice.choice((0, 0, 1, 2, 9)),
            "chainId": dice.choice((31_337, 31_337, 31_337, 1)),
        }
        signed: bytes = Account.sign_transaction(fields, CLIENT_KEY).raw_transaction
        return "0x" + signed.hex()

    def events(self) -> dict[str, Any]:
        words, dice = self.words, self.dice
        found: dict[str, Any] = {}
        if dice.random() < 0.2:
            found["blockHash"] = dice.choice(self.soil.blocks)
        else:
            found |= words.maybe("fromBlock", hex(dice.randrange(self.soil.head + 1)))
            found |= words.maybe("toBlock", dice.choice(("latest", hex(self.soil.head))))
        many = [words.address() for _ in range(dice.randrange(4))]
        found |= words.maybe("address", dice.choice((words.address(), many)))
        topic = f"0x{2:064x}"
        topics = [
            dice.choice((None, topic, [topic, words.hash()])) for _ in range(dice.randrange(4))
        ]
        return found | words.maybe("topics", topics)

    def traces(self) -> dict[str, Any]:
        words = self.words
        found = {"fromBlock": hex(self.dice.randrange(self.soil.head + 1)), "toBlock": "latest"}
        found |= words.maybe("fromAddress", [words.address()])
        found |= words.maybe("toAddress", [words.address()])
        return (
            found | words.maybe("after", self.dice.choice((0, 1, "0x2"))) | words.maybe("count", 3)
        )

    def state_overrides(self) -> dict[str, Any] | None:
        if self.dice.random() < 0.3:
            return None
        return {self.words.address(): self._account() for _ in range(self.dice.randrange(3))}

    def block_overrides(self) -> dict[str, Any] | None:
        words = self.words
        if self.dice.random() < 0.3:
            return None
        found = words.maybe("number", hex(self.dice.choice((0, 1, 50, 2**64 - 1))))
        found |= words.maybe("time", hex(self.dice.choice((0, 2_000_000_000, 2**64 - 1))))
        found |= words.maybe("gasLimit", words.gas())
        found |= words.maybe("feeRecipient", words.address())
        found |= words.maybe("prevRandao", words.word())
        return (
            found
            | words.maybe("baseFeePerGas", words.quantity())
            | words.maybe("blobBaseFee", "0x1")
        )

    def simulation(self) -> dict[str, Any]:
        words, dice = self.words, self.dice
        plans = []
        for _ in range(dice.choice((1, 1, 1, 2, 4))):
            calls = [self.transaction() for _ in range(dice.randrange(4))]
            plan = words.maybe("stateOverrides", self.state_overrides() or {})
            plan |= words.maybe("blockOverrides", self._simulated_block()) | {"calls": calls}
            plans.append(plan)
        found: dict[str, Any] = {"blockStateCalls": plans}
        for flag in ("validation", "traceTransfers", "returnFullTransactions"):
            found |= words.maybe(flag, dice.random() < 0.5)
        return found

    def tracer(self) -> dict[str, Any] | None:
        words, dice = self.words, self.dice
        if dice.random() < 0.2:
            return None
        options = {name: dice.random() < 0.5 for name in dice.sample(_OPTIONS, dice.randrange(3))}
        found: dict[str, Any] = {}
        if dice.random() < 0.7:
            name = dice.choice(_TRACERS)
            mux = {"callTracer": options, "4byteTracer": {}}
            found = {"tracer": name, "tracerConfig": mux if name == "muxTracer" else options}
        flags = ("enableMemory", "disableStack", "disableStorage", "enableReturnData")
        found |= {name: True for name in flags if dice.random() < 0.3}
        found |= words.maybe("stateOverrides", self.state_overrides() or {})
        found |= words.maybe("blockOverrides", self.block_overrides() or {})
        return found | words.maybe("limit", dice.choice((0, 1, 50))) | words.maybe("timeout", "5s")

    def typed_data(self) -> dict[str, Any]:
        words, dice = self.words, self.dice
        values: dict[str, Any] = {
            "uint256": dice.choice((0, "0x1", 2**256 - 1)),
            "int8": -5,
            "address": words.address(),
            "bytes": words.bytes(),
            "bytes32": words.hash(),
            "string": "text",
            "bool": True,
            "Inner": {"a": 1},
            "uint8[]": [1, 2],
        }
        kinds = [*(dice.choice(list(values)) for _ in range(2)), "Inner"]
        wrong = dice.choice(list(values)) if dice.random() < 0.2 else kinds[0]
        return {
            "types": {
                "EIP712Domain": [{"name": "name", "type": "string"}],
                "Outer": [{"name": f"f{i}", "type": kind} for i, kind in enumerate(kinds)],
                "Inner": [{"name": "a", "type": "uint256"}],
            },
            "primaryType": "Outer",
            "domain": {"name": "fuzz"},
            "message": {"f0": values[wrong], "f1": values[kinds[1]], "f2": values[kinds[2]]},
        }

    def conditions(self) -> dict[str, Any]:
        words = self.words
        slots = {f"0x{1:064x}": f"0x{2:064x}"}
        known = {words.address(): self.dice.choice((words.hash(), slots))}
        found: dict[str, Any] = {"knownAccounts": known if self.dice.random() < 0.6 else {}}
        found |= words.maybe("blockNumberMin", "0x1") | words.maybe("blockNumberMax", "0xffff")
        return found | words.maybe("timestampMax", hex(self.dice.choice((1, 2**40))))

    def attributes(self) -> dict[str, Any]:
        words = self.words
        found: dict[str, Any] = {
            "timestamp": hex(1_700_000_000 + self.dice.randrange(1_000)),
            "prevRandao": words.hash(),
            "suggestedFeeRecipient": words.address(),
            "withdrawals": [self._withdrawal() for _ in range(self.dice.randrange(2))],
        }
        return found | words.maybe("parentBeaconBlockRoot", words.hash())

    def _price(self) -> str:
        return hex(self.dice.choice((0, 1, 10**9, *(3 * 10**9,) * 4, 10**11)))

    def _withdrawal(self) -> dict[str, str]:
        words = self.words
        numbers = {name: words.small() for name in ("index", "validatorIndex", "amount")}
        return numbers | {"address": words.address()}

    def _authorization(self) -> dict[str, str]:
        words = self.words
        return {
            "chainId": self.dice.choice(("0x0", "0x7a69", "0x1")),
            "address": words.address(),
            "nonce": words.small(),
            "yParity": self.dice.choice(("0x0", "0x1")),
            "r": words.word(),
            "s": words.word(),
        }

    def _account(self) -> dict[str, Any]:
        words = self.words
        found = words.maybe("balance", words.quantity()) | words.maybe("nonce", words.small())
        found |= words.maybe("code", self.dice.choice((*_CODES, words.bytes())))
        found |= words.maybe(
            self.dice.choice(("state", "stateDiff")), {f"0x{1:064x}": f"0x{7:064x}"}
        )
        if self.dice.random() < 0.1:
            found["movePrecompileToAddress"] = words.address()
        return found

    def _simulated_block(self) -> dict[str, Any]:
        words = self.words
        found = self.block_overrides() or {}
        if self.dice.random() < 0.7:  # most numbers and times would lie in the past
            found = {name: field for name, field in found.items() if name not in ("number", "time")}
        found |= words.maybe("beaconRoot", words.hash())
        return found | words.maybe("withdrawals", [self._withdrawal()])
