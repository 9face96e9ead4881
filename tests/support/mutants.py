#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Plants faults in our own headers, and has the cells of a fallacies matrix find them.

A mutant is a change of a header, the cell that is to notice it, and the invariant by which. All of
them are planted in copies that come first on the include path, each behind a switch, so that one
program is built; it then runs once a mutant, seed after seed, until an invariant breaks. Fails
where none does, where it is another one, and where the text to change is not there, once. Without
any switched on, nothing may break. CXX names the compiler.

    tests/support/mutants.py tests/behavioural/distributed/command.mutants
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CXX = os.environ.get("CXX", "g++").split()
FAMILIES = ("creational", "structural", "behavioural", "engines")
INCLUDES = [f"-I{ROOT}/{path}" for path in
            (*(f"{family}/include" for family in FAMILIES), "tests", "examples")]
SEEDS = 1000
SWITCH = """#include <cstdlib>
inline const int planted_mutant = std::getenv("MUTANT") ? std::atoi(std::getenv("MUTANT")) : 0;
"""


def pattern(text):
    """Finds the text, whatever space there is between its tokens."""
    return re.compile(r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", text))))


class Mutant:
    def __init__(self, block):
        self.name, *lines = block.strip().splitlines()
        self.changes = []  # of [header, before, after]
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "in":
                header = rest
            elif word == "by":
                self.cell, _, self.invariant = rest.partition(" ")
            elif word == "-" and (not self.changes or self.changes[-1][3]):
                self.changes.append([header, rest, "", False])
            elif word == "-":
                self.changes[-1][1] += " " + rest
            elif word == "+":
                self.changes[-1][2] += rest
                self.changes[-1][3] = True
            else:
                sys.exit(f"mutants: what is \"{line}\"?")

    def plant(self, number, folder):
        """Changes the copies of the headers in the folder."""
        for header, before, after, _ in self.changes:
            to = folder / header.split("/include/")[1]
            text = (to if to.exists() else ROOT / header).read_text()
            found = list(pattern(before).finditer(text))
            if len(found) != 1:
                sys.exit(f"mutants: \"{before}\" is {len(found)} times in {header}")
            is_statement = before.endswith((";", "}"))
            form = ("if (planted_mutant == {}) {{ {} }} else {{ {} }}" if is_statement else
                    "(planted_mutant == {} ? ({}) : ({}))")
            changed = form.format(number, after, found[0][0])
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(text[:found[0].start()] + changed + text[found[0].end():])

    def hunt(self, number, program):
        """What the cell says; and whether that is what it should say."""
        try:
            said = subprocess.run([program, "--hunt", f"--cell={self.cell}", f"--seeds={SEEDS}"],
                                  capture_output=True, text=True, timeout=600,
                                  env={**os.environ, "MUTANT": str(number)})
        except subprocess.TimeoutExpired:
            return False, "it takes too long"
        found = re.match(r". (\w+) ([^:]+): (.*)", said.stdout)
        if not found:
            return False, said.stdout.strip() or f"it ended with status {said.returncode}"
        when, invariant, sentence = found.groups()
        when = f"after {when} seeds" if when.isdigit() else f"by {when}"
        return invariant == self.invariant, f"\"{invariant}\" {when}: {sentence}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = pathlib.Path(sys.argv[1]).resolve()
    text = re.sub(r"^#.*\n", "", data.read_text(), flags=re.M)
    mutants = [Mutant(block) for block in re.split(r"\n\s*\n", text) if block.strip()]
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        (folder / "switch.hpp").write_text(SWITCH)
        for number, mutant in enumerate(mutants, 1):
            mutant.plant(number, folder)
        program = folder / "program"
        built = subprocess.run(
            [*CXX, "-std=c++20", "-O1", "-w", "-include", folder / "switch.hpp", f"-I{folder}",
             *INCLUDES, data.with_suffix(".fallacies.cpp"), "-o", program, "-pthread"],
            capture_output=True, text=True)
        if built.returncode != 0:
            sys.exit(f"mutants: they do not compile\n{built.stderr[:3000]}")
        none = subprocess.run([program, "--hunt", "--seeds=20"], capture_output=True, text=True)
        if none.returncode != 0:
            sys.exit(f"mutants: without any, this breaks\n{none.stdout}")
        survivors = 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda one: one[1].hunt(one[0], program), enumerate(mutants, 1))
            for mutant, (caught, said) in zip(mutants, answers):
                survivors += not caught
                print(f"{'caught' if caught else 'FAILED'}  {mutant.cell}  {mutant.name}\n"
                      f"           {said}", flush=True)
    print(f"{len(mutants)} mutants, {len(mutants) - survivors} caught by the invariant named")
    sys.exit(survivors != 0)


if __name__ == "__main__":
    main()
