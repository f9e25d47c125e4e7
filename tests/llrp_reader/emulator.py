"""llrpkit's emulator on a port of its own, told by lines on standard input what to do.

`plug N` and `pull N` an antenna; `acks` says how many keepalives were answered; `tags` says the
codes. The first line on standard output is the port.
"""

import asyncio
import sys

from llrpkit.emulator import LLRPEmulator, default_population


async def main(port: int) -> None:
    emulator = LLRPEmulator(
        port=port, tags=default_population(12, 4), reads_per_sec=200.0, seed=7
    )
    loop = asyncio.get_running_loop()
    async with emulator:
        print(emulator.port, flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            word, *rest = line.split()
            if word in ("plug", "pull"):
                await emulator.set_antenna_connected(int(rest[0]), word == "plug")
                print("done", flush=True)
            elif word == "acks":
                print(emulator.keepalive_acks, flush=True)
            elif word == "tags":
                print(" ".join(tag.epc.hex() for tag in emulator.tags), flush=True)


asyncio.run(main(int(sys.argv[1])))
