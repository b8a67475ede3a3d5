#!/usr/bin/env python3
"""Breaks one rule at a time and demands that a test goes red.

Each mutant of mutants.py is a small change of one file of the code. It is made in a copy of the tree, dns_tests and
zones_tests are built there, and the tests that belong to the file must fail. A mutant that survives is a rule without
a test. Not in the default run (`ctest -L mutation`): a mutant takes about ten seconds.

    tests/mutate/mutate.py                  all mutants
    tests/mutate/mutate.py --list           what there is
    tests/mutate/mutate.py --check          whether each still has its place in the code; builds nothing
    tests/mutate/mutate.py ALI2 tcp_server  those whose rule or file holds one of the words
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from mutants import MUTANTS

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PLACE = pathlib.Path(os.environ.get("MUSTER_MUTATE_DIR", SOURCE / "build/mutate"))
COPY, BUILD = PLACE / "source", PLACE / "build"
TEST_SECONDS = 120  # longer: the mutant hangs, which is red

# What judges a file: the program, and the tests of it. Servers are judged by their own tests alone, whose waits would
# otherwise be paid for every mutant.
SERVERS = "UdpServerTest.*:TcpServerTest.*:Listener.*:Socket.*"
JUDGES = {
    "dns/tcp_server.cc": ("dns_tests", "TcpServerTest.*"),
    "dns/udp_server.cc": ("dns_tests", "UdpServerTest.*"),
    "dns/socket.cc": ("dns_tests", SERVERS),
    "dns/": ("dns_tests", f"-{SERVERS}:PacketCorpus.Mutations*"),
    "zones/": ("zones_tests", "*"),
}


def judge_of(file):
    return next(judge for place, judge in JUDGES.items() if file.startswith(place))


def copy_tree():
    """What git knows or would take. What is the same is left alone, so that a second run builds little."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=SOURCE,
                            capture_output=True, check=True).stdout.decode().split("\0")
    wanted = {name for name in listed if name and (SOURCE / name).is_file()}
    for name in wanted:
        to = COPY / name
        if not to.exists() or to.read_bytes() != (SOURCE / name).read_bytes():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, to)
    for path in [path for path in COPY.rglob("*") if path.is_file()]:
        if str(path.relative_to(COPY)) not in wanted:
            path.unlink()


def run(*words, seconds=None):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=seconds, check=False)


def build(*targets):
    return run("cmake", "--build", BUILD, "--target", *targets)


def failed_test(program, chosen):
    """The first test that failed; "" when all passed."""
    try:
        done = run(BUILD / "bin" / program, f"--gtest_filter={chosen}", "--gtest_fail_fast", "--gtest_brief=1",
                   seconds=TEST_SECONDS)
    except subprocess.TimeoutExpired:
        return "hangs"
    if done.returncode == 0:
        return ""
    found = re.search(r"\[  FAILED  \] (\S+)", done.stdout)
    return found[1] if found else f"ends with {done.returncode}"


def places_of(mutant, tree):
    return (tree / mutant.file).read_text().count(mutant.old)


def try_mutant(mutant):
    """What became of it, and whether that is right."""
    path = COPY / mutant.file
    text = path.read_text()
    if places_of(mutant, COPY) != 1:
        return f"STALE: {places_of(mutant, COPY)} places in {mutant.file} look like {mutant.old!r}", False
    program, chosen = judge_of(mutant.file)
    try:
        path.write_text(text.replace(mutant.old, mutant.new))
        built = build(program)
        if built.returncode != 0:
            errors = re.findall(r"error: .*", built.stdout + built.stderr)
            return f"DOES NOT BUILD: {errors[:1]}", False
        test = failed_test(program, chosen)
        return (f"killed by {test}", True) if test else ("SURVIVED", False)
    finally:
        path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description="Breaks one rule at a time and demands that a test goes red.")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS
              if not options.words or any(word in f"{mutant.rule} {mutant.file}" for word in options.words)]
    if options.list:
        for mutant in chosen:
            print(f"{mutant.rule:6} {mutant.file:24} {mutant.why}")
        return 0
    if options.check:
        stale = [mutant for mutant in chosen if places_of(mutant, SOURCE) != 1]
        for mutant in stale:
            print(f"{places_of(mutant, SOURCE)} places in {mutant.file} look like {mutant.old!r}")
        return 1 if stale else 0
    copy_tree()
    configured = run("cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-w",
                     "-DMUSTER_TOOLS=OFF")
    built = configured.returncode == 0 and build("dns_tests", "zones_tests")
    if not built or built.returncode != 0:
        print((built or configured).stdout[-4000:], (built or configured).stderr[-4000:])
        return 1
    for program, tests in sorted({judge_of(mutant.file) for mutant in chosen}):
        if test := failed_test(program, tests):
            print(f"without any mutant {program} is red: {test}")
            return 1
    bad = 0
    for number, mutant in enumerate(chosen, 1):
        began = time.monotonic()
        outcome, right = try_mutant(mutant)
        bad += not right
        print(f"{number:3}/{len(chosen)} {mutant.rule:6} {mutant.file:24} {mutant.why}: {outcome} "
              f"({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(chosen) - bad} of {len(chosen)} mutants killed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
