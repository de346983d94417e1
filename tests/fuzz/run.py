"""Fuzz one target, guided by the branches that its inputs reach: ``run.py TARGET [libFuzzer's own words]``."""

import sys

import atheris

with atheris.instrument_imports(include=["creance_pay"]):
    from fuzz.targets import TARGETS

if __name__ == "__main__":
    program, target, *words = sys.argv
    # The largest body that a gateway accepts; the fuzzer's default is 4 KiB.
    atheris.Setup([program, "-max_len=65536", *words], TARGETS[target])
    atheris.Fuzz()
