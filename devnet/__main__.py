"""`python -m devnet`: the same as the command `devnet`."""

from devnet.cli.main import main

main(prog_name="devnet")
