#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Finds what the tests of a header do not check.

Changes one statement of the header at a time (a seeded sample), builds and runs its tests, and
lists the changes that no test noticed. A change is one of: a statement deleted; a condition or a
returned bool negated; a comparison, ++, --, += or -= turned round. Changes that do not compile are
replaced by others, unless it is a static_assert of the test that refuses them. Fails when more than
5 % survive. CXX names the compiler.

    tests/mutate.py behavioural/include/gof/command.hpp tests/behavioural/command.test.cpp
"""
import argparse
import collections
import concurrent.futures
import difflib
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CXX = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++20", "-O0", "-Werror=return-type", "-pthread"]
INCLUDES = [f"-I{ROOT / path}" for path in (
    "creational/include", "structural/include", "behavioural/include", "tests", "examples")]
COMPILE_SECONDS = 180
MEMORY = 2 << 30

# Finding what can be changed. ---------------------------------------------------------------------

Change = collections.namedtuple("Change", "start end text kind")
Frame = collections.namedtuple("Frame", "kind head start parens")

BLANK = re.compile(r"""//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|"""
                   r"""(?<!\w)'(?:\\.|[^'\\\n])+'|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*""", re.S | re.M)
TYPE = re.compile(r"\b(namespace|class|struct|union|enum)\b[^()]*$")
LAMBDA = re.compile(r"(?<![\w\])\[])\s*\[[^\[\]]*\]\s*(<[^{}]*>)?\s*(\([^{}]*\))?"
                    r"(\s|mutable|noexcept|->[^{}]*)*$")
BODY = re.compile(r"(^|\}|\)|\b(else|try|do)|"
                  r"\)\s*(->|:|requires|const|noexcept|override|final|&).*)$", re.S)
COMPARISON = re.compile(r"(?<![<>=!+\-*/&|^])(?:==|!=|<=|>=)(?![=>])|(?<= )[<>](?= )")
TURNED = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<",
          "++": "--", "--": "++", "+=": "-=", "-=": "+="}
KEEP = re.compile(r"(using|typedef|static_assert|friend|template|struct|class|enum)\b|;")


def blank(text):
    """The text with spaces for comments, literals and preprocessor lines."""
    return BLANK.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def closing(code, at):
    """Where the bracket at `at` is closed."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth == 0:
            return i
    raise ValueError("unbalanced brackets")


def semicolons(code, start, end):
    """Those between `start` and `end` that are in no inner bracket."""
    depth = 0
    for i in range(start, end):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if code[i] == ";" and depth == 0:
            yield i


def brace_kind(head):
    """What a `{` after `head` opens."""
    if re.search(r"\brequires\s*(\([^{}]*\))?$", head):
        return "requires"
    if LAMBDA.search(head):
        return "lambda"
    if TYPE.search(head):
        return "type"
    return "body" if BODY.search(head) else "value"


def after_control(code, at):
    """Skips `else`, `if (…)`, `case x:` and such: where what they control begins."""
    while True:
        at += len(code[at:]) - len(code[at:].lstrip())
        if m := re.compile(r"(if|for|while|switch)\s*(constexpr\s*)?(?=\()").match(code, at):
            at = closing(code, m.end()) + 1
        elif m := re.compile(r"(else|do)\b|(case\b[^:;]+|default\s*):(?!:)").match(code, at):
            at = m.end()
        else:
            return at


def only_a_comparison(condition):
    """Then turning that round is the same as negating it."""
    others = re.search(r"&&|\|\||\?|!\w|!\(", condition)
    return len(COMPARISON.findall(condition)) == 1 and not others


def changes_of(text):
    """All changes of a header, in the order of the text."""
    code = blank(text)
    found = []
    runs = bytearray(len(code))  # whether the character is executed, not declared

    def delete(start, end):
        if not KEEP.match(code, start):
            found.append(Change(start, end, ";", "deleted"))

    def negate(start, end):
        if code[start:end].strip() and not only_a_comparison(code[start:end]):
            found.append(Change(start, end, f"!({text[start:end].strip()})", "negated"))

    def is_bool(expression):
        for frame, around in zip(reversed(stack), [*reversed(stack[:-1]), None]):
            if frame.kind == "lambda":
                return "-> bool" in frame.head or re.search(r"[=!]=|&&|\|\|", expression)
            if frame.kind == "body" and (around is None or around.kind == "type"):
                return re.search(r"\bbool\b", frame.head.split("(")[0])
        return False

    stack, start, parens = [], 0, 0
    for i, c in enumerate(code):
        inner = next((f.kind for f in reversed(stack) if f.kind != "value"), "type")
        runs[i] = inner in ("body", "lambda")
        parens += (c in "([") - (c in ")]")
        if c == "{":
            frame = Frame(brace_kind(code[start:i].strip()), code[start:i], start, parens)
            stack.append(frame)
            if frame.kind not in ("value", "requires"):
                start, parens = i + 1, 0
        elif c == "}":
            frame = stack.pop()
            if frame.kind in ("value", "requires"):
                continue
            start, parens = frame.start, frame.parens
            if frame.kind != "lambda":
                first = start + len(frame.head) - len(frame.head.lstrip())
                if re.match(r"(if|for|while)\b", code[first:i]):
                    delete(first, i + 1)
                start = i + 1
        elif c == ";" and parens == 0 and inner != "requires":
            if runs[i]:
                first = after_control(code, start)
                delete(first, i + 1)
                if (m := re.compile(r"return\b\s*").match(code, first)) and is_bool(code[first:i]):
                    negate(m.end(), i)
            start = i + 1

    for m in re.finditer(r"\b(static_assert|noexcept|requires|decltype)\s*\(", code):
        end = closing(code, m.end() - 1)
        runs[m.start():end] = bytes(end - m.start())
    for m in re.finditer(r"\b(if|while|for)\s*(constexpr\s*)?\(", code):
        if runs[m.start()]:
            end = closing(code, m.end() - 1)
            cuts = [m.end() - 1, *semicolons(code, m.end(), end), end]  # for (a; b; c), if (a; b)
            if m[1] != "for":
                negate(cuts[-2] + 1, end)
            elif len(cuts) == 4:
                negate(cuts[1] + 1, cuts[2])
    for m in re.finditer(r"\?", code):
        if runs[m.start()]:
            negate(condition_before(code, m.start()), m.start())
    for m in re.finditer(COMPARISON.pattern + r"|\+\+|--|\+=|-=", code):
        if runs[m.start()]:
            found.append(Change(m.start(), m.end(), TURNED[m[0]], "turned round"))
    return sorted(found)


def condition_before(code, at):
    """Where the condition of the `?` at `at` begins."""
    depth, i = 0, at
    while i > 0:
        c = code[i - 1]
        depth += (c in ")]}") - (c in "([{")
        is_assignment = c == "=" and code[i] != "=" and code[i - 2] not in "=!<>"
        if depth < 0 or depth == 0 and (c in ";,?" or is_assignment or
                                        re.search(r"\breturn$", code[max(0, i - 7):i])):
            break
        i -= 1
    return i + len(code[i:at]) - len(code[i:at].lstrip())


# Building and running. ----------------------------------------------------------------------------

def run(command, seconds, cwd=None, memory=None):
    """The exit code (None: took too long) and what was printed."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=limit,
                               text=True, errors="replace")
    try:
        said, _ = process.communicate(timeout=seconds)
        return process.returncode, said
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # it, and what it has started
        except ProcessLookupError:
            pass
        process.wait()


class Bench:
    """Builds the tests with one version of the header or another, and runs them."""

    def __init__(self, header, tests, work):
        root, self.name = re.fullmatch(r"(.*/include)/(.*)", header.as_posix()).groups()
        self.includes = [f"-I{root}", *INCLUDES]
        self.tests, self.work = tests, work
        self.test_seconds = 300
        # What the header and the tests include of others is compiled once.
        lines = re.findall(r"^#include <(?!gof/).*", "\n".join(
            f.read_text() for f in [header, *tests]), re.M)
        lines.append("#include <gtest/gtest.h>")
        (work / "common.hpp").write_text("\n".join(sorted(set(lines))))
        self.must([CXX, *FLAGS, "-x", "c++-header", work / "common.hpp", "-o",
                   work / "common.hpp.gch"])
        self.must([CXX, *FLAGS, "-c", ROOT / "tests/support/allocations.cpp", "-o",
                   work / "allocations.o"])

    def must(self, command):
        code, said = run(command, COMPILE_SECONDS)
        if code != 0:
            sys.exit(f"mutate: {' '.join(map(str, command))} failed\n{said}")

    def caught_by(self, text):
        """What notices this version: None, "compiler", or a way in which a test does."""
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            folder = pathlib.Path(folder)
            mutant = folder / "include" / self.name
            mutant.parent.mkdir(parents=True)
            mutant.write_text(text)
            includes = [f"-I{folder / 'include'}", *self.includes]
            objects = []
            for i, test in enumerate(self.tests):
                objects.append(folder / f"{i}.o")
                code, said = run([CXX, *FLAGS, "-include", self.work / "common.hpp", *includes,
                                  "-c", test, "-o", objects[-1]], COMPILE_SECONDS)
                if code != 0:
                    refused = re.search(re.escape(str(test)) + r":.*static assertion failed", said)
                    return "static_assert" if refused else "compiler"
            program = folder / "tests"
            code, said = run([CXX, "-pthread", *objects, self.work / "allocations.o",
                              "-lgtest_main", "-lgtest", "-o", program], COMPILE_SECONDS)
            if code != 0:
                return "compiler"
            code, said = run([program, "--gtest_brief=1"], self.test_seconds, folder, MEMORY)
            if code != 0:
                return {None: "timeout", 1: "test"}.get(code, "crash")
            for test in self.tests:
                cases = test.with_name(test.name.replace(".test.cpp", ".fail.cpp"))
                if cases != test and cases.exists():
                    code, said = run(["sh", ROOT / "tests/support/compile_fail.sh", cases, CXX,
                                      "-std=c++20", *includes], COMPILE_SECONDS)
                    if code != 0:
                        return "compile_fail"
            return None

    def check_unchanged(self, text):
        for test in self.tests:
            _, said = run([CXX, *FLAGS, *self.includes, "-MM", test], COMPILE_SECONDS)
            if f"/include/{self.name}" not in said:
                sys.exit(f"mutate: {test} does not include {self.name}\n{said}")
        began = time.monotonic()
        if how := self.caught_by(text):
            sys.exit(f"mutate: the tests do not pass with the unchanged header ({how})")
        self.test_seconds = 10 + time.monotonic() - began


def show(name, text, change):
    changed = text[:change.start] + change.text + text[change.end:]
    diff = difflib.unified_diff(text.splitlines(), changed.splitlines(), lineterm="", n=0)
    print(f"  {name}:{1 + text.count(chr(10), 0, change.start)}: {change.kind}")
    for line in list(diff)[3:]:
        print(f"    {line}")


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("header", type=pathlib.Path)
    options.add_argument("tests", type=pathlib.Path, nargs="+")
    options.add_argument("--seed", type=int, default=1, help="which sample (default 1)")
    options.add_argument("--count", type=int, default=40,
                         help="how many changes that compile (default 40)")
    options.add_argument("--jobs", type=int, default=2, help="how many at once (default 2)")
    given = options.parse_args()
    for file in [given.header, *given.tests]:
        if not file.is_file():
            options.error(f"there is no {file}")
    if not shutil.which(CXX):
        options.error(f"there is no compiler {CXX}")
    header, tests = given.header.resolve(), [t.resolve() for t in given.tests]
    if "/include/" not in header.as_posix():
        options.error(f"{given.header} is in no include folder")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("mutate: stopped"))

    text = header.read_text()
    changes = changes_of(text)
    random.Random(given.seed).shuffle(changes)
    print(f"{len(changes)} changes are possible; a sample of {given.count}, seed {given.seed}")
    began = time.monotonic()
    outcomes, survivors, refused = collections.Counter(), [], 0
    with tempfile.TemporaryDirectory(prefix="gof-mutate-") as work, \
            concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        bench = Bench(header, tests, pathlib.Path(work))
        bench.check_unchanged(text)
        waiting = iter(changes)
        running = collections.deque()

        def start_next():
            if change := next(waiting, None):
                changed = text[:change.start] + change.text + text[change.end:]
                running.append((change, pool.submit(bench.caught_by, changed)))

        for _ in range(2 * given.jobs):
            start_next()
        while running and sum(outcomes.values()) < given.count:  # in order: the seed decides
            change, result = running.popleft()
            how = result.result()
            start_next()
            if how == "compiler":
                refused += 1
                continue
            outcomes[how or "survived"] += 1
            line = 1 + text.count("\n", 0, change.start)
            print(f"{sum(outcomes.values()):3}/{given.count} {how or 'SURVIVED':14}"
                  f"line {line}: {change.kind}", flush=True)
            if how is None:
                survivors.append(change)
        for _, result in running:
            result.cancel()

    total = sum(outcomes.values())
    print(f"\n{total} changes: " + ", ".join(f"{n} {how}" for how, n in outcomes.most_common()) +
          f"; {refused} more did not compile; {time.monotonic() - began:.0f} s")
    for change in sorted(survivors):
        show(given.header, text, change)
    return 1 if total == 0 or len(survivors) > 0.05 * total else 0


if __name__ == "__main__":
    sys.exit(main())
