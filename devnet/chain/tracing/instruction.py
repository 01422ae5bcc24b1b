"""Instructions by code: names as geth prints them, what they take from the stack and leave."""

_TABLE = (  # first code; name, items taken, items left
    (0x00, "STOP 0 0,ADD 2 1,MUL 2 1,SUB 2 1,DIV 2 1,SDIV 2 1,MOD 2 1,SMOD 2 1,ADDMOD 3 1"),
    (0x09, "MULMOD 3 1,EXP 2 1,SIGNEXTEND 2 1"),
    (0x10, "LT 2 1,GT 2 1,SLT 2 1,SGT 2 1,EQ 2 1,ISZERO 1 1,AND 2 1,OR 2 1,XOR 2 1,NOT 1 1"),
    (0x1A, "BYTE 2 1,SHL 2 1,SHR 2 1,SAR 2 1,CLZ 1 1"),
    (0x20, "KECCAK256 2 1"),
    (0x30, "ADDRESS 0 1,BALANCE 1 1,ORIGIN 0 1,CALLER 0 1,CALLVALUE 0 1,CALLDATALOAD 1 1"),
    (0x36, "CALLDATASIZE 0 1,CALLDATACOPY 3 0,CODESIZE 0 1,CODECOPY 3 0,GASPRICE 0 1"),
    (0x3B, "EXTCODESIZE 1 1,EXTCODECOPY 4 0,RETURNDATASIZE 0 1,RETURNDATACOPY 3 0,EXTCODEHASH 1 1"),
    (0x40, "BLOCKHASH 1 1,COINBASE 0 1,TIMESTAMP 0 1,NUMBER 0 1,DIFFICULTY 0 1,GASLIMIT 0 1"),
    (0x46, "CHAINID 0 1,SELFBALANCE 0 1,BASEFEE 0 1,BLOBHASH 1 1,BLOBBASEFEE 0 1"),
    (0x50, "POP 1 0,MLOAD 1 1,MSTORE 2 0,MSTORE8 2 0,SLOAD 1 1,SSTORE 2 0,JUMP 1 0,JUMPI 2 0"),
    (0x58, "PC 0 1,MSIZE 0 1,GAS 0 1,JUMPDEST 0 0,TLOAD 1 1,TSTORE 2 0,MCOPY 3 0,PUSH0 0 1"),
    (0x60, ",".join(f"PUSH{n} 0 1" for n in range(1, 33))),
    (0x80, ",".join(f"DUP{n} {n} {n + 1}" for n in range(1, 17))),
    (0x90, ",".join(f"SWAP{n} {n + 1} {n + 1}" for n in range(1, 17))),
    (0xA0, ",".join(f"LOG{n} {n + 2} 0" for n in range(5))),
    (0xF0, "CREATE 3 1,CALL 7 1,CALLCODE 7 1,RETURN 2 0,DELEGATECALL 6 1,CREATE2 4 1"),
    (0xFA, "STATICCALL 6 1"),
    (0xFD, "REVERT 2 0,INVALID 0 0,SELFDESTRUCT 1 0"),
)
_ROWS = {
    first + offset: row.split()
    for first, rows in _TABLE
    for offset, row in enumerate(rows.split(","))
}
CODES = {name: code for code, (name, _, _) in _ROWS.items()}
_NAMES = {code: name for name, code in CODES.items()}
_TAKEN = {code: int(taken) for code, (_, taken, _) in _ROWS.items()}
_LEFT = {code: int(left) for code, (_, _, left) in _ROWS.items()}


def get_mnemonic(code: int) -> str:
    """The name, or geth's words for a byte that is no instruction."""
    return _NAMES.get(code) or f"opcode {code:#x} not defined"


def count_taken(code: int) -> int:
    """Items an instruction needs on the stack."""
    return _TAKEN.get(code, 0)


def count_left(code: int) -> int:
    """Items an instruction leaves in their place."""
    return _LEFT.get(code, 0)
