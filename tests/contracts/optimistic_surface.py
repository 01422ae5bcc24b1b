"""What contracts of the optimistic rule offer: artifact to ({function: its outputs}, {event})."""

TENSORS = "(uint8,uint32[],bytes)[]"
KNOWN = f"(uint256,{TENSORS},bytes32[])[]"
REQUEST = (
    "(address,uint64,uint32,address,uint64,uint32,uint8,uint128,uint64,uint32,"
    "bytes32,bytes32,bytes32,bytes32)"
)
DISPUTE = "(address,uint32,uint32,bool,uint64,bytes32,bytes32,bytes32,bytes32,bytes32)"
OPTIMISTIC: tuple[dict[str, list[str]], set[str]] = (
    {
        f"request(bytes32,{TENSORS},uint32)": ["uint256"],
        f"post(uint256,{TENSORS},bytes32,bytes32,bytes32[])": [],
        "challenge(uint256,bytes32)": [],
        "bisect(uint256,bytes32,bytes32)": [],
        f"judge(uint256,{KNOWN})": [],
        "timeout(uint256)": [],
        f"finalize(uint256,{TENSORS},{TENSORS})": [],
        "expire(uint256)": [],
        "claim()": [],
        "result(uint256)": ["uint8", "bytes32"],
        "executorOf(uint256)": ["address"],
        "committeeOf(uint256)": ["address[]"],
        "requestOf(uint256)": [REQUEST],
        "disputeOf(uint256)": [DISPUTE],
        "requests()": ["uint256"],
        "terms()": ["(uint128,uint16,uint16,uint32,uint32)"],
        "credit(address)": ["uint256"],
        "burnt()": ["uint256"],
    },
    {
        f"Requested(uint256,address,bytes32,uint256,{TENSORS})",
        f"Posted(uint256,address,bytes32,uint256,{TENSORS})",
        "Challenged(uint256,address,bytes32)",
        "Bisected(uint256,address,uint256,uint256,bytes32,bytes32)",
        "Judged(uint256,uint256,bytes32,bytes32,bytes32,uint8)",
        "TimedOut(uint256,uint8)",
        "Slashed(uint256,address,uint256)",
        "Rewarded(uint256,address,uint256)",
        "Finalized(uint256,address,bytes32)",
        "CalledBack(uint256,bool)",
        "Expired(uint256)",
    },
)
CALLBACK: dict[str, list[str]] = {f"onInference(uint256,{TENSORS})": []}
OPTIMISTIC_SURFACE: dict[str, tuple[dict[str, list[str]], set[str]]] = {
    "IOperators": (
        {
            "count(bytes32)": ["uint256"],
            f"execute(bytes32,uint256,uint256[],{TENSORS})": ["bytes32"],
            f"check(bytes32,{TENSORS})": [],
            f"settle(bytes32,address,{TENSORS},{TENSORS})": [],
        },
        set(),
    ),
    "IInferenceConsumer": (CALLBACK, set()),
    "IOptimisticInference": OPTIMISTIC,
    "OptimisticInference": OPTIMISTIC,
    "Purse": OPTIMISTIC,
    "Committee": ({}, set()),
    "TraceTree": ({}, set()),
    "PatientReader": (
        {
            "model()": ["bytes32"],
            "lastDigit()": ["uint8"],
            "readers(uint256)": ["address"],
            "ask(bytes)": ["uint256"],
            **CALLBACK,
        },
        {"DigitRead(address,uint256,uint8)"},
    ),
}
