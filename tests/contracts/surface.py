"""The ABI of every contract, written out: functions with their outputs, and events."""

from tests.contracts.optimistic_surface import OPTIMISTIC_SURFACE

TENSORS = "(uint8,uint32[],bytes)[]"
TENSOR_TYPES = "(string,uint8,uint32[])[]"
DIMENSIONS = "(string,uint32)[]"
MANIFEST = (
    "(bytes32,uint8,address,uint64,uint64,uint64,uint64,"
    f"{TENSOR_TYPES},{TENSOR_TYPES},{DIMENSIONS})"
)
RELEASE = "(string,string,string,string,string,string,string[])"
STATEMENT = "(uint8,uint64,uint32,bytes32,int64,bytes32,bytes32,bytes)"
STAKING: tuple[dict[str, list[str]], set[str]] = (
    {
        "deposit(address)": [],
        "withdraw(uint256)": [],
        "claim()": [],
        "unjail(address)": [],
        f"reportDuplicate({STATEMENT},{STATEMENT})": [],
        f"reportAmnesia({STATEMENT},{STATEMENT})": [],
        f"reportWrongResult({STATEMENT},bytes,bytes)": [],
        "validators()": ["(address,uint96)[]"],
        "power(address)": ["uint256"],
        "totalPower()": ["uint256"],
        "setHash()": ["bytes32"],
        "account(address)": ["(uint256,uint256,uint64,bool,uint64,uint64,uint256)"],
        "jailed(address)": ["bool"],
        "slashed(address)": ["uint256"],
        "punished(address,uint256,uint8)": ["bool"],
        "terms()": ["(uint128,uint16,uint32,uint32,uint32)"],
        "epochs()": ["uint256"],
        "epoch(uint256)": ["(bytes32,uint256)"],
    },
    {
        "Deposited(address,address,uint256)",
        "Withdrawn(address,uint256,uint256)",
        "Claimed(address,uint256)",
        "PowerChanged(address,uint256,bytes32)",
        "Slashed(address,uint256,uint8,uint256)",
        "Jailed(address,uint256)",
        "Unjailed(address)",
        "WrongResultReported(address,uint256,bytes32)",
    },
)
VOTE = "(address,bytes32,bytes)"
CERTIFICATE = f"(uint256,uint256,bytes32,{VOTE}[])"
MEMBERS = "(address,uint96)[]"
INFERENCE_RECEIPT = (
    "(uint256,bytes32,uint256,uint256,address,bytes32,uint256,bytes32,bytes32,uint256,bool)"
)
PATH = "(uint256,uint256,bytes32[])"
BUNDLE = f"(uint256,bytes,{CERTIFICATE},{MEMBERS},{INFERENCE_RECEIPT},{PATH})"
VERIFIED = "(bytes32,bytes32,uint256,uint256,bytes32)"
BUNDLE_VERIFIER: tuple[dict[str, list[str]], set[str]] = (
    {
        f"verify({BUNDLE})": [VERIFIED],
        f"check({BUNDLE},bytes32)": [VERIFIED],
        f"advance((bytes,{CERTIFICATE},{MEMBERS},bytes[],bytes[]))": [],
        "chainId()": ["uint256"],
        "trustedSet(uint256)": ["bytes32"],
        "epochs()": ["uint256"],
        "epoch(uint256)": ["(bytes32,uint256)"],
    },
    {"SetTrusted(bytes32,uint256)"},
)
# Artifact: ({function: its outputs}, {event})
SURFACE: dict[str, tuple[dict[str, list[str]], set[str]]] = {
    "IInference": (
        {
            f"infer(bytes32,{TENSORS})": [TENSORS],
            f"quote(bytes32,{TENSORS})": ["uint256"],
        },
        set(),
    ),
    "IModelRegistry": (
        {
            "register(bytes32)": [],
            f"registerBound(bytes32,{DIMENSIONS})": [],
            f"publish(bytes32,{RELEASE})": ["string"],
            "release(string,string)": ["bytes32", RELEASE],
            "setAlias(string,bytes32)": [],
            "manifest(bytes32)": [MANIFEST],
            "resolve(string)": ["bytes32"],
        },
        {
            "ModelRegistered(bytes32,address,uint8)",
            "AliasSet(string,bytes32,address)",
            "ReleasePublished(bytes32,address,string,string)",
        },
    ),
    "DigitReader": (
        {
            "model()": ["bytes32"],
            "lastDigit()": ["uint8"],
            "readings()": ["uint256"],
            "read(bytes)": ["uint8"],
            "peek(bytes)": ["uint8"],
        },
        {"DigitRead(address,uint256,uint8)"},
    ),
    "IStaking": STAKING,
    "Staking": STAKING,
    "Statements": ({}, set()),
    "BundleVerifier": BUNDLE_VERIFIER,
    "IBundleVerifier": BUNDLE_VERIFIER,
    **{
        library: ({}, set())
        for library in ("Certificates", "Headers", "Inferences", "Precommits", "Rlp")
    },
    "StateProofs": ({}, set()),
    "ValidatorSet": STAKING,
    **OPTIMISTIC_SURFACE,
}
