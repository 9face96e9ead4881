#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Calls a server of ours with real Pyro5's proxies, and checks what comes of it.

    python client_checks.py URI [--peer cpp] [--serializer serpent|msgpack|json] [--values N]
                            [--name-server HOST:PORT] [--tls FOLDER]
                            [--only NAME,…] [--without NAME,…]
    python client_checks.py itself [--values N]

All objects are at the location of the URI. Prints one line for each check, `ok NAME`,
`FAILED NAME why` or `declared NAME why it cannot be`, and a total; its status is 1 if one failed.
A name ending in `*` stands for those that begin so; --without declares checks, and never hides
them. `itself` proves the checks: it runs them against peer.py, over both types of its servers, the
three serializers and TLS, with a real name server.

A server has these objects. Names in brackets are what a C++ server need not have; `bytes` are
whatever the serializer carries them as, and a value is any that the serializer has.

    arithmetic  add(a: int, b: int) -> int, of 64 bits, with a TypeError for arguments of any other
                type or number, and in C++ for keywords, of which it says "keyword";
                divide(a: float, b: float) -> float: ZeroDivisionError for 0
    echo        echo(value) -> value; size_of(text or bytes) -> int: characters or bytes;
                repeat(text, times: int) -> text
    attributes  name: text, "chess" at first, and a ValueError sets it to ""; size: int, read-only:
                the length of name; broken, read-only: a RuntimeError "this attribute is broken"
    exceptions  raise_it(kind, text): the exception of Python or Pyro5 of that name, with (text);
                raise_with_attributes(): ValueError("with attributes", 7) that has code = 42 and
                path = ["a", "b"];
                raise_own(): class "warehouse.OutOfStock", arguments ("chess", 0);
                raise_non_ascii(): ValueError("Grüße, 世界 🎲")
    one_way     one-way: note(n: int); note_later(seconds: float, n: int), which sleeps before; and
                fail(), which raises. noted() -> list of int, in the order of their coming; clear()
    counter     add(n: int) -> int, the total; total() -> int; fail(text): ValueError(text); reset()
    streams     count_to(n: int): 0 to n - 1, one by one; forever(): 0, 1, …;
                fail_after(n: int): n items, and then ValueError("the stream broke");
                closed() -> int: how many of forever's are not there any more
    rooms       open(name) -> reference to a room, one for each name; all() -> list of them in the
                order of their names; back(room) -> the same reference;
                name_of(room) -> the name of a room of its own that it is given a reference to;
                close(name): calls to that room are refused from then on
    (a room)    name: text, read-only; say(text) -> "NAME: TEXT"; one-way: whisper(text);
                whispered() -> list of what was whispered
    callbacks   call(who, times: int) -> list: who.answer("call I") for I from 0 on;
                tell(who, times: int): who.note(I), one-way;
                provoke(who, text) -> text: calls who.fail(text), and returns "ValueError: TEXT";
                subscribe(who); publish(text) -> list: each subscriber's answer(text), on
                connections that last; clear(): of subscribers
    [context]   echo() -> {"correlation": text of the UUID, "annotations": {name: text}} of the
                request; its reply has the same annotations; in C++, known() -> what these are to
                gof::pyro::current_context()
    slow        sleep(seconds: float) -> seconds; others are served meanwhile, in C++

`who` is an object of a client's: answer(text) -> text, fail(text), one-way note(n: int).
`Pyro.Daemon` answers ping() and get_metadata(name). A handshake with {"user": NAME} is answered by
"welcome NAME", and refused for mallory with words that name her; any other by itself.

In C++, one-way calls of a connection run in their order, before what it calls next (in Python each
has a thread of its own, and there is no order).

With --name-server, that one is tested too, whosoever it is: names below `check.` are made in it,
and removed. With --tls, the folder is one that peer.py has made; the server shows `server`, and
wants a certificate of `authority`; the objects that it calls back speak TLS as well.
"""
import argparse
import collections
import contextlib
import datetime
import decimal
import faulthandler
import fnmatch
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid

import Pyro5.api
import Pyro5.errors
from Pyro5.api import BatchProxy, Proxy, config, current_context
from Pyro5.protocol import SendingMessage

import peer

FOLDER = pathlib.Path(__file__).resolve().parent
BOUND = 10  # seconds that a call may take
OFFERED = {  # what a client is told of each object: methods, one-way methods, attributes
    "arithmetic": ({"add", "divide"}, set(), set()),
    "echo": ({"echo", "size_of", "repeat"}, set(), set()),
    "attributes": (set(), set(), {"name", "size", "broken"}),
    "exceptions": ({"raise_it", "raise_with_attributes", "raise_own", "raise_non_ascii"}, set(),
                   set()),
    "one_way": ({"note", "note_later", "fail", "noted", "clear"}, {"note", "note_later", "fail"},
                set()),
    "counter": ({"add", "total", "fail", "reset"}, set(), set()),
    "streams": ({"count_to", "forever", "fail_after", "closed"}, set(), set()),
    "rooms": ({"open", "all", "back", "name_of", "close"}, set(), set()),
    "callbacks": ({"call", "tell", "provoke", "subscribe", "publish", "clear"}, set(), set()),
    "slow": ({"sleep"}, set(), set()),
}
ROOM = ({"say", "whisper", "whispered"}, {"whisper"}, {"name"})

Check = collections.namedtuple("Check", "name run only_peer not_with needs")
CHECKS = []


def check(only_peer=None, not_with=(), needs=None):
    """Declares a check. Not with some serializers, and why; it may need an option."""
    def add(function):
        CHECKS.append(Check(function.__name__, function, only_peer, dict(not_with), needs))
        return function
    return add


def same(expected, got):
    where = peer.difference(expected, got)
    assert where is None, where


def raises(kind, function, *arguments, **keywords):
    """Checks that it raises exactly this, and returns it."""
    try:
        got = function(*arguments, **keywords)
    except Exception as problem:
        assert type(problem) is kind, f"{kind.__name__} was to be raised, not {problem!r}"
        return problem
    raise AssertionError(f"{kind.__name__} was to be raised, and it returned {got!r:.80}")


def until(condition, what):
    deadline = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < deadline, f"in {BOUND} s there was no {what}"
        time.sleep(0.01)


class Server:
    """What is tested, and how it is reached."""

    def __init__(self, options):
        self.options = options
        self.at = str(options.uri).partition("@")[2]
        self.serializer = options.serializer
        self.cpp = options.peer == "cpp"

    def uri(self, name):
        return f"PYRO:{name}@{self.at}"

    def __call__(self, name):
        return Proxy(self.uri(name))

    @contextlib.contextmanager
    def cleared(self, name, how):
        """An object that is brought back to what it was at first, before and after."""
        with self(name) as it:
            getattr(it, how)()
            yield it
            with self(name) as again:
                getattr(again, how)()


# Calls. -------------------------------------------------------------------------------------------

@check()
def calls_and_results(server):
    with server("arithmetic") as a:
        same(3, a.add(1, 2))
        same(-2**62, a.add(-2**62 - 1, 1))
        same(2**63 - 1, a.add(2**63 - 2, 1))
        same(0.5, a.divide(1.0, 2.0))
        for i in range(300):
            same(2 * i, a.add(i, i))


@check(only_peer="python")
def keywords_and_defaults(server):
    with server("arithmetic") as a:
        same(11, a.add(1))
        same(3, a.add(1, b=2))
        same(3, a.add(b=2, a=1))
        same(15, a.scale(5, factor=3))
        raises(TypeError, a.scale, 5, 3)
        raises(TypeError, a.add, 1, c=2)


@check(only_peer="cpp")
def keywords_are_refused(server):
    with server("arithmetic") as a:
        problem = raises(TypeError, a.add, 1, b=2)
        assert "keyword" in str(problem), f"it does not say that keywords are refused: {problem}"
        raises(TypeError, a.add, a=1, b=2)
        same(3, a.add(1, 2))


@check()
def wrong_arguments(server):
    with server("arithmetic") as a:
        raises(TypeError, a.add)
        raises(TypeError, a.add, 1, 2, 3)
        raises(TypeError, a.add, "one", 2)
        raises(TypeError, a.add, None, 2)
        same(3, a.add(1, 2))


@check()
def unknown_members(server):
    with server("arithmetic") as a:
        raises(AttributeError, lambda: a.multiply)
        for name in ("multiply", "_private", "__init__", "__class__", "add.real", ""):
            raises(AttributeError, a._pyroInvoke, name, (), {})
        for name in ("multiply", "add", "_private"):
            raises(AttributeError, a._pyroInvoke, "__getattr__", (name,), None)
            raises(AttributeError, a._pyroInvoke, "__setattr__", (name, 1), None)
        same(3, a.add(1, 2))


@check()
def unknown_objects(server):
    with server("nothing") as nothing:
        problem = raises(Pyro5.errors.CommunicationError, nothing._pyroBind)
        assert "unknown object" in str(problem), problem
    with server("arithmetic") as a:
        problem = raises(Pyro5.errors.DaemonError, a._pyroInvoke, "add", (1, 2), {},
                         objectId="nothing")
        assert "unknown object" in str(problem), problem
        same(3, a.add(1, 2))


@check()
def one_connection_for_all_objects(server):
    with server("arithmetic") as a:
        a._pyroBind()
        same("text", a._pyroInvoke("echo", ("text",), {}, objectId="echo"))
        same(None, a._pyroInvoke("ping", (), {}, objectId="Pyro.Daemon"))


@check()
def metadata(server):
    for name, (methods, one_way, attributes) in OFFERED.items():
        with server(name) as it, server("Pyro.Daemon") as daemon:
            it._pyroBind()
            told = daemon.get_metadata(name)
            for expected, at_first, asked in (
                    (methods, it._pyroMethods, told["methods"]),
                    (one_way, it._pyroOneway, told["oneway"]),
                    (attributes, it._pyroAttrs, told["attrs"])):
                assert expected <= at_first, f"{name} offers {at_first}, not {expected}"
                assert at_first == set(asked), f"{name} offers {at_first}, and then {asked}"
            assert one_way == it._pyroOneway, f"{name} has one-way {it._pyroOneway}"


@check()
def the_daemon(server):
    with server("Pyro.Daemon") as daemon:
        same(None, daemon.ping())
        problem = raises(Pyro5.errors.DaemonError, daemon.get_metadata, "nothing")
        assert "unknown object" in str(problem), problem


@check()
def ping_messages(server):
    with server("arithmetic") as a:
        same(3, a.add(1, 2))
        for _ in range(3):
            SendingMessage.ping(a._pyroConnection)
        same(3, a.add(1, 2))


@check()
def handshakes(server):
    answers = []

    class Guest(Proxy):
        def _pyroValidateHandshake(self, response):
            answers.append(response)

    for sent, answer in (("hello", "hello"), ({"user": "alice"}, "welcome alice"), (7, 7)):
        with Guest(server.uri("arithmetic")) as guest:
            guest._pyroHandshake = sent
            same(3, guest.add(1, 2))
            same(answer, answers.pop())
    with Guest(server.uri("arithmetic")) as guest:
        guest._pyroHandshake = {"user": "mallory"}
        problem = raises(Pyro5.errors.CommunicationError, guest._pyroBind)
        assert re.search("rejected: .*mallory", str(problem)), problem


@check()
def sequence_numbers_go_round(server):
    with server("arithmetic") as a:
        for seq in (0x7fff, 0xfffe):
            a._pyroSeq = seq
            for i in range(4):
                same(i, a.add(i, 0))
        assert a._pyroSeq == 2, a._pyroSeq


@check()
def connections_are_made_anew(server):
    a = server("arithmetic")
    for i in range(50):
        same(i, a.add(i, 0))
        a._pyroRelease()
    same(3, a.add(1, 2))
    a._pyroReconnect(tries=1)
    same(3, a.add(1, 2))
    a._pyroRelease()


@check()
def many_clients(server):
    problems = []

    def client():
        try:
            with server("counter") as counter:
                for _ in range(50):
                    counter.add(1)
        except Exception as problem:
            problems.append(problem)

    with server.cleared("counter", "reset") as counter:
        clients = [threading.Thread(target=client) for _ in range(8)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        assert not problems, problems
        same(400, counter.total())


@check()
def deadlines(server):
    with server("slow") as slow, server("arithmetic") as a:
        same(0.01, slow.sleep(0.01))
        slow._pyroTimeout = 0.3
        raises(Pyro5.errors.TimeoutError, slow.sleep, 1.5)
        if server.cpp:
            a._pyroTimeout = 1.0
        same(3, a.add(1, 2))
        slow._pyroTimeout = BOUND
        same(0.01, slow.sleep(0.01))


# Values. ------------------------------------------------------------------------------------------

@check()
def every_kind_of_value(server):
    moment = datetime.datetime(2026, 3, 1, 12, 30, 15, 250000)
    values = [
        None, True, False, 0, 1, -1, 127, 128, -32, -33, -128, -129, 255, 256, 65535, 65536,
        2**31, -2**31, 2**32, 2**63 - 1, -2**63, 2**63, 2**64 - 1, 2**64, -2**63 - 1, 10**200,
        0.0, -0.0, 0.1, 1e300, 5e-324, -2.5, float("inf"), float("-inf"), float("nan"),
        "", "text", "Grüße, 世界 🎲", "quotes ' \" and \\ and \n", "\0\x01\x7f", "x" * 300,
        [], [1, [2, [3, []]]], (), (1,), (1, "two", (3,)), set(), {7}, {"a"},
        {}, {"a": 1, "": {"b": [None]}}, moment, moment.date(), datetime.date(1, 1, 1),
        datetime.date(9999, 12, 31), datetime.datetime(1970, 1, 2), ["x"] * 20, list(range(70000))]
    with server("echo") as echo:
        for value in values:
            same(peer.comes_back(value, server.serializer), echo.echo(value))
        # These become something else before they are sent.
        same("1.25", echo.echo(decimal.Decimal("1.25")))
        same("12345678-1234-5678-1234-567812345678",
             echo.echo(uuid.UUID("12345678123456781234567812345678")))


@check(not_with={"json": "it has no bytes and no complex numbers"})
def bytes_and_complex_numbers(server):
    with server("echo") as echo:
        for value in (b"", b"\0\xff", bytes(range(256)) * 3, [b"a", {"b": b"c"}],
                      1 + 2j, -0.5 + 1e-9j, 3 - 4j, 0j):
            same(peer.comes_back(value, server.serializer), echo.echo(value))
        for size in (0, 1, 300):
            same(size, echo.size_of(os.urandom(size)))


@check(not_with={"json": "it makes all keys text", "msgpack": "it reads no keys but text, bytes"})
def keys_of_any_type(server):
    with server("echo") as echo:
        value = {7: "int", (1, "two"): "tuple", 2.5: "float", "text": "text", 10**30: "big"}
        same(value, echo.echo(value))


@check()
def random_values(server):
    r = range(0, server.options.values, 100)
    with server("echo") as echo:
        for seed in r:
            values = peer.random_values(seed, 100, server.serializer)
            difference = peer.difference(peer.comes_back(values, server.serializer),
                                         echo.echo(values), f"random_values({seed}, 100)")
            assert difference is None, difference


@check(only_peer="python")
def random_values_of_the_peer(server):
    with server("values") as values:
        them = values.random_values(7, 200)
        same("", values.verify_values(7, 200, them))
        them[117] = "not this one"
        assert values.verify_values(7, 200, them).startswith("values[117]")


@check()
def large_payloads(server):
    size = server.options.large
    with server("echo") as echo:
        text = os.urandom(size // 2).hex()
        same(len(text), echo.size_of(text))
        same(text, echo.echo(text))
        same("ab" * (size // 2), echo.repeat("ab", size // 2))


@check(not_with={"json": "it has no bytes"})
def large_payloads_of_bytes(server):
    with server("echo") as echo:
        noise = os.urandom(server.options.large // 2)
        same(len(noise), echo.size_of(noise))
        same(peer.comes_back(noise, server.serializer), echo.echo(noise))


@check()
def compressed_requests(server):
    config.COMPRESSION = True
    try:
        large_payloads(server)
        with server("arithmetic") as a:
            same(3, a.add(1, 2))
    finally:
        config.COMPRESSION = False


@check()
def classes_that_are_unknown(server):
    class Stranger:
        def __init__(self):
            self.name = "mallory"

    Stranger.__module__ = "elsewhere"
    with server("echo") as echo:
        raises(Pyro5.errors.SerializeError, echo.echo, Stranger())
        same("text", echo.echo("text"))  # on a new connection


# Attributes. --------------------------------------------------------------------------------------

@check()
def attributes(server):
    with server("attributes") as it:
        same("chess", it.name)
        same(5, it.size)
        it.name = "Gänse 🎲"
        same("Gänse 🎲", it.name)
        same(7, it.size)
        assert str(raises(ValueError, setattr, it, "name", "")), "it says nothing"
        same("Gänse 🎲", it.name)
        raises(AttributeError, setattr, it, "size", 3)
        raises(AttributeError, setattr, it, "colour", "red")
        raises(AttributeError, lambda: it.colour)
        same("this attribute is broken", str(raises(RuntimeError, lambda: it.broken)))
        it.name = "chess"
        same(5, it.size)


@check(only_peer="python")
def special_methods(server):
    with server("shelf") as shelf:
        same(3, len(shelf))
        same("go", shelf[1])
        same(["chess", "go", "backgammon"], list(shelf))
        raises(IndexError, lambda: shelf[3])


# Exceptions. --------------------------------------------------------------------------------------

@check()
def exceptions_by_class(server):
    with server("exceptions") as it:
        for kind in (ValueError, TypeError, IndexError, KeyError, AttributeError, RuntimeError,
                     ArithmeticError, ZeroDivisionError, OverflowError, MemoryError, LookupError,
                     NotImplementedError, AssertionError, StopIteration, PermissionError,
                     Pyro5.errors.PyroError, Pyro5.errors.NamingError, Pyro5.errors.DaemonError):
            problem = raises(kind, it.raise_it, kind.__name__, "why")
            same(("why",), problem.args)
        connection = it._pyroConnection
        raises(ValueError, it.raise_it, "ValueError", "")
        assert it._pyroConnection is connection, "the connection was closed"


@check()
def exceptions_of_arithmetic(server):
    with server("arithmetic") as a:
        raises(ZeroDivisionError, a.divide, 1.0, 0.0)


@check()
def exceptions_with_attributes(server):
    with server("exceptions") as it:
        problem = raises(ValueError, it.raise_with_attributes)
        same(("with attributes", 7), problem.args)
        same(42, problem.code)
        same(["a", "b"], problem.path)


@check()
def exceptions_in_all_letters(server):
    with server("exceptions") as it:
        same(("Grüße, 世界 🎲",), raises(ValueError, it.raise_non_ascii).args)


@check()
def exceptions_of_ones_own(server):
    class OutOfStock(Exception):
        pass

    with server("exceptions") as it:
        problem = raises(Pyro5.errors.SerializeError, it.raise_own)
        assert "warehouse.OutOfStock" in str(problem), problem
        Pyro5.api.register_dict_to_class("warehouse.OutOfStock",
                                         lambda name, sent: OutOfStock(*sent["args"]))
        try:
            same(("chess", 0), raises(OutOfStock, it.raise_own).args)
        finally:
            Pyro5.api.unregister_dict_to_class("warehouse.OutOfStock")


@check()
def tracebacks_are_lines(server):
    with server("exceptions") as it:
        problem = raises(ValueError, it.raise_it, "ValueError", "why")
        lines = getattr(problem, "_pyroTraceback", None)
        assert lines is None or all(isinstance(line, str) for line in lines), lines
        text = "".join(Pyro5.errors.get_pyro_traceback(type(problem), problem, None))
        assert "ValueError" in text, text


@check(only_peer="python")
def exceptions_that_cannot_be_sent(server):
    with server("exceptions") as it:
        problem = raises(Pyro5.errors.PyroError, it.raise_unserializable)
        assert "TypeError" in str(problem), problem
        raises(Pyro5.errors.SerializeError, it.raise_unknown)


# One-way, batches, streams. -----------------------------------------------------------------------

@check()
def one_way_calls(server):
    with server.cleared("one_way", "clear") as it:
        for n in range(100):
            same(None, it.note(n))
        until(lambda: len(it.noted()) >= 100, "hundredth note")
        time.sleep(0.1)
        same(list(range(100)), sorted(it.noted()))
        it.fail()
        same(100, len(it.noted()))


@check(only_peer="cpp")
def one_way_calls_in_order(server):
    with server.cleared("one_way", "clear") as it:
        for n in range(100):
            it.note(n)
        same(list(range(100)), it.noted())


@check()
def one_way_calls_do_not_wait(server):
    with server.cleared("one_way", "clear") as it:
        it.noted()
        begin = time.monotonic()
        it.note_later(1.0, 7)
        took = time.monotonic() - begin
        assert took < 0.5, f"it took {took:.2f} s"
        until(lambda: it.noted() == [7], "note")


@check()
def one_way_is_the_callers_choice(server):
    with server.cleared("one_way", "clear") as it, server.cleared("counter", "reset") as counter:
        it._pyroBind()
        it._pyroOneway.clear()
        same(None, it.note(1))
        same([1], it.noted())
        raises(ValueError, it.fail)
        counter._pyroBind()
        counter._pyroOneway.add("add")
        same(None, counter.add(5))
        until(lambda: counter.total() == 5, "total of 5")


@check()
def batches(server):
    with server.cleared("counter", "reset") as counter:
        batch = BatchProxy(counter)
        for n in range(1, 101):
            batch.add(n)
        batch.total()
        same([n * (n + 1) // 2 for n in range(1, 101)] + [5050], list(batch()))
        same([], list(batch()))
        batch.add(1)
        same([5051], list(batch()))


@check()
def batches_end_at_a_failure(server):
    with server.cleared("counter", "reset") as counter:
        batch = BatchProxy(counter)
        batch.add(1)
        batch.add(2)
        batch.fail("why")
        batch.add(4)
        results = batch()
        same(1, next(results))
        same(3, next(results))
        same(("why",), raises(ValueError, next, results).args)
        same(3, counter.total())


@check()
def batches_with_an_unknown_name(server):
    with server.cleared("counter", "reset") as counter:
        for name in ("multiply", "_private"):
            batch = BatchProxy(counter)
            batch.add(1)
            getattr(batch, name)(2)
            raises(AttributeError, batch)
        counter.total()


@check()
def batches_one_way(server):
    with server.cleared("counter", "reset") as counter:
        batch = BatchProxy(counter)
        for n in range(10):
            batch.add(n)
        same(None, batch(oneway=True))
        until(lambda: counter.total() == 45, "total of 45")


@check()
def streams(server):
    with server("streams") as it:
        same([], list(it.count_to(0)))
        same(list(range(100)), list(it.count_to(100)))
        items = it.count_to(2)
        same([0, 1], [next(items), next(items)])
        raises(StopIteration, next, items)
        raises(StopIteration, next, items)


@check()
def streams_without_end(server):
    with server("streams") as it:
        before = it.closed()
        items = it.forever()
        same(list(range(50)), list(itertools.islice(items, 50)))
        items.close()
        until(lambda: it.closed() == before + 1, "end of the stream")
        raises(StopIteration, next, items)


@check()
def streams_that_break(server):
    with server("streams") as it:
        items = it.fail_after(3)
        same([0, 1, 2], [next(items) for _ in range(3)])
        same(("the stream broke",), raises(ValueError, next, items).args)
        problem = raises(Pyro5.errors.PyroError, next, items)
        assert "terminated" in str(problem), problem


@check()
def streams_at_the_same_time(server):
    with server("streams") as it:
        one, other = it.count_to(20), it.forever()
        for n in range(20):
            same((n, n), (next(one), next(other)))
            it.closed()
        raises(StopIteration, next, one)
        same(20, next(other))
        other.close()  # calls have been made since: on a connection of its own
        it.closed()


@check()
def streams_that_do_not_exist(server):
    with server("Pyro.Daemon") as daemon:
        same(None, daemon.close_stream(str(uuid.uuid4())))
        for name in (str(uuid.uuid4()), "", "nothing"):
            problem = raises(Pyro5.errors.PyroError, daemon.get_next_stream_item, name)
            assert "terminated" in str(problem), problem


# References and callbacks. ------------------------------------------------------------------------

def offers(proxy, offered):
    """The reference brings what its object offers, and nothing is asked for."""
    assert type(proxy) is Proxy, f"{proxy!r:.80} is no proxy"
    assert proxy._pyroConnection is None, "it is connected already"
    same(offered, (proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs))
    assert proxy._pyroSerializer in (None, "serpent", "msgpack", "json"), proxy._pyroSerializer


@check()
def references_are_proxies(server):
    with server("rooms") as rooms, rooms.open("blue") as blue:
        offers(blue, ROOM)
        same(server.at, blue._pyroUri.location)
        same("blue: hello", blue.say("hello"))
        same("blue", blue.name)
        same(None, blue.whisper("psst"))
        until(lambda: blue.whispered() == ["psst"], "whisper")
        with Proxy(blue._pyroUri) as again:
            same("blue: again", again.say("again"))
            same(ROOM, (again._pyroMethods, again._pyroOneway, again._pyroAttrs))
        with rooms.open("blue") as same_room:
            same(blue._pyroUri, same_room._pyroUri)
        rooms.close("blue")


@check()
def references_in_lists(server):
    with server("rooms") as rooms:
        for name in ("red", "green"):
            rooms.open(name)
        all_of_them = rooms.all()
        for room in all_of_them:
            offers(room, ROOM)
        same(["green", "red"], [room.name for room in all_of_them])
        for room in all_of_them:
            room._pyroRelease()
        for name in ("red", "green"):
            rooms.close(name)
        same([], rooms.all())


@check()
def references_as_arguments(server):
    with server("rooms") as rooms, rooms.open("blue") as blue:
        same("blue", rooms.name_of(blue))
        with rooms.back(blue) as back:
            same(blue._pyroUri, back._pyroUri)
            same("blue: back", back.say("back"))
        rooms.close("blue")


@check()
def references_to_what_is_gone(server):
    with server("rooms") as rooms, rooms.open("blue") as blue:
        same("blue", blue.name)
        rooms.close("blue")
        raises(Pyro5.errors.DaemonError, blue.say, "is anyone here?")
        with Proxy(blue._pyroUri) as again:
            raises(Pyro5.errors.CommunicationError, again._pyroBind)


@Pyro5.api.expose
class Visitor:
    def __init__(self):
        self._noted = []

    def answer(self, text):
        return "alice heard " + text

    def fail(self, text):
        raise ValueError(text)

    @Pyro5.api.oneway
    def note(self, n):
        self._noted.append(n)


@contextlib.contextmanager
def visitor():
    """An object here, that can be called."""
    with Pyro5.api.Daemon(host="127.0.0.1") as daemon:
        who = Visitor()
        daemon.register(who)
        loop = threading.Thread(target=daemon.requestLoop, daemon=True)
        loop.start()
        try:
            yield who
        finally:
            daemon.shutdown()
            loop.join(BOUND)


@check()
def callbacks(server):
    with visitor() as who, server("callbacks") as it:
        same([], it.call(who, 0))
        same([f"alice heard call {i}" for i in range(20)], it.call(who, 20))
        same(["alice heard call 0"], it.call(who, 1))


@check()
def callbacks_one_way(server):
    with visitor() as who, server("callbacks") as it:
        same(None, it.tell(who, 20))
        until(lambda: len(who._noted) >= 20, "twentieth note")
        same(list(range(20)), sorted(who._noted))


@check()
def callbacks_that_raise(server):
    with visitor() as who, server("callbacks") as it:
        for text in ("not now", "Grüße"):
            same("ValueError: " + text, it.provoke(who, text))
        same(["alice heard call 0"], it.call(who, 1))


@check()
def callbacks_afterwards(server):
    with visitor() as who, visitor() as other, server.cleared("callbacks", "clear") as it:
        it.subscribe(who)
        it.subscribe(other)
        for text in ("one", "two"):
            same(["alice heard " + text] * 2, it.publish(text))
        with server("callbacks") as from_elsewhere:
            same(["alice heard three"] * 2, from_elsewhere.publish("three"))
            from_elsewhere.clear()
        same([], it.publish("four"))


# What goes along with a call. ---------------------------------------------------------------------

@check()
def annotations_and_correlation(server):
    with server("context") as it:
        for sent in ({"XONE": b"1", "XTWO": b""}, {}):
            current_context.annotations = dict(sent)
            current_context.correlation_id = uuid.uuid4()
            try:
                got = it.echo()
                same(str(current_context.correlation_id), got["correlation"])
                same({name: text.decode() for name, text in sent.items()}, got["annotations"])
                back = {name: bytes(text) for name, text in
                        current_context.response_annotations.items() if name.startswith("X")}
                same(sent, back)
            finally:
                current_context.annotations = {}
                current_context.correlation_id = None


@check()
def what_a_call_belongs_to(server):
    with server("context") as it:
        it._pyroBind()
        if "known" not in it._pyroMethods:  # it is Python's
            return
        nothing = {"operation": "0 0", "incarnation": "0", "trace": "", "deadline": False,
                   "correlated": False}
        same(nothing, it.known())
        current_context.annotations = {"OPID": b"7/8", "LIFE": b"42", "TRCE": b"00-0af7-b7ad-01",
                                       "LEFT": b"60000000000"}
        current_context.correlation_id = uuid.uuid4()
        try:
            same({"operation": "7 8", "incarnation": "42", "trace": "00-0af7-b7ad-01",
                  "deadline": True, "correlated": True}, it.known())
            current_context.annotations = {"LEFT": b"0"}
            raises(Pyro5.errors.PyroError, it.known)  # too late
        finally:
            current_context.annotations = {}
            current_context.correlation_id = None
        same(nothing, it.known())


@check()
def unknown_annotations_are_let_through(server):
    current_context.annotations = {"ZZZZ": b"\0" * 1000, "YYYY": b""}
    try:
        with server("arithmetic") as a:
            same(3, a.add(1, 2))
            raises(TypeError, a.add, 1, 2, 3)
    finally:
        current_context.annotations = {}


# Names. -------------------------------------------------------------------------------------------

@contextlib.contextmanager
def names_of(server):
    with Pyro5.api.locate_ns(*peer.location(server.options.name_server)) as names:
        names.remove(prefix="check.")
        try:
            yield names
        finally:
            names.remove(prefix="check.")


@check(needs="name_server")
def names_are_looked_up(server):
    with names_of(server) as names:
        same(None, names.ping())
        before = names.count()
        names.register("check.echo", server.uri("echo"), metadata=["check", "echo"])
        names.register("check.counter", Pyro5.api.URI(server.uri("counter")), metadata=["check"])
        same(before + 2, names.count())
        found = names.lookup("check.echo")
        assert type(found) is Pyro5.api.URI, f"{found!r} is no URI"
        same(server.uri("echo"), str(found))
        uri, tags = names.lookup("check.echo", return_metadata=True)
        same((server.uri("echo"), {"check", "echo"}), (str(uri), set(tags)))
        problem = raises(Pyro5.errors.NamingError, names.lookup, "check.nothing")
        assert "check.nothing" in str(problem), problem


@check(needs="name_server")
def names_are_registered_safely(server):
    with names_of(server) as names:
        names.register("check.one", server.uri("echo"))
        problem = raises(Pyro5.errors.NamingError, names.register, "check.one",
                         server.uri("counter"), safe=True)
        assert "check.one" in str(problem), problem
        same(server.uri("echo"), str(names.lookup("check.one")))
        names.register("check.one", server.uri("counter"))
        same(server.uri("counter"), str(names.lookup("check.one")))
        raises(Pyro5.errors.PyroError, names.register, "check.two", "no URI")
        raises(TypeError, names.register, "check.two", server.uri("echo"), metadata="tag")
        raises(Pyro5.errors.NamingError, names.lookup, "check.two")


@check(needs="name_server")
def names_are_listed(server):
    with names_of(server) as names:
        uris = {f"check.{name}": server.uri(name) for name in ("echo", "counter", "slow")}
        for name, uri in uris.items():
            names.register(name, uri, metadata=["check"])
        same(uris, names.list(prefix="check."))
        same({"check.slow": uris["check.slow"]}, names.list(regex=r"check\.s.*w$"))
        same({}, names.list(regex="heck"))
        assert uris.items() <= names.list().items(), names.list()
        assert "Pyro.NameServer" in names.list()
        same({name: (uri, {"check"}) for name, uri in uris.items()},
             {name: (uri, set(tags)) for name, (uri, tags) in
              names.list(prefix="check.", return_metadata=True).items()})
        raises(ValueError, names.list, prefix="check.", regex="check")
        raises(Pyro5.errors.NamingError, names.list, regex="(")


@check(needs="name_server")
def names_are_removed(server):
    with names_of(server) as names:
        for name in ("one", "two", "three", "four"):
            names.register("check." + name, server.uri("echo"))
        same(1, names.remove("check.one"))
        raises(Pyro5.errors.NamingError, names.lookup, "check.one")
        same(2, names.remove(regex=r"check\.t"))
        same(0, names.remove(prefix="check.t"))
        same(1, names.remove(prefix="check."))
        same(0, names.remove())
        names.remove("Pyro.NameServer")
        assert "Pyro.NameServer" in names.list()


@check(needs="name_server")
def yellow_pages(server):
    with names_of(server) as names:
        tags = {"check.one": {"check", "red"}, "check.two": {"check", "blue"},
                "check.three": {"red", "blue"}}
        for name, theirs in tags.items():
            names.register(name, server.uri("echo"), metadata=sorted(theirs))

        def found(**how):
            return {name: set(theirs) for name, (uri, theirs) in names.yplookup(**how).items()
                    if uri == server.uri("echo")}

        same({"check.one": tags["check.one"]}, found(meta_all=["check", "red"]))
        same({"check.one", "check.three"}, set(found(meta_all=["red"])))
        same(set(tags), set(found(meta_any=["check", "blue"])))
        same({}, found(meta_any=["green"]))
        same({"check.two": server.uri("echo")},
             names.yplookup(meta_all=["check", "blue"], return_metadata=False))
        names.set_metadata("check.two", ["green"])
        same({"check.two": {"green"}}, found(meta_any=["green"]))
        raises(Pyro5.errors.NamingError, names.set_metadata, "check.nothing", ["green"])
        raises(ValueError, names.yplookup, meta_all=["a"], meta_any=["b"])


@check(needs="name_server")
def proxies_by_name(server):
    where = server.options.name_server
    with names_of(server) as names:
        names.register("check.echo", server.uri("echo"), metadata=["check", "echo"])
        with Proxy(f"PYRONAME:check.echo@{where}") as echo:
            same("text", echo.echo("text"))
            echo._pyroRelease()
            echo._pyroBind()
            same(server.uri("echo"), str(echo._pyroUri))
        with Proxy(f"PYROMETA:check,echo@{where}") as echo:
            same("text", echo.echo("text"))
        with Proxy(f"PYRONAME:check.nothing@{where}") as nothing:
            raises(Pyro5.errors.NamingError, nothing._pyroBind)


@check(needs="name_server")
def the_tool_pyro5_nsc(server):
    host, port = peer.location(server.options.name_server)
    tool = pathlib.Path(sys.executable).with_name("pyro5-nsc")

    def nsc(*arguments, status=0):
        done = subprocess.run([tool, "-n", host, "-p", str(port), *arguments], input="y",
                              timeout=30, capture_output=True, text=True)
        assert done.returncode == status, f"nsc {arguments} gave {done.returncode}: {done.stdout}"
        return done.stdout

    with names_of(server):
        uri = server.uri("echo")
        assert "ping ok" in nsc("ping")
        assert "Registered check.echo" in nsc("register", "check.echo", uri)
        assert uri in nsc("lookup", "check.echo")
        assert "already registered" in nsc("register", "check.echo", uri, status=1)
        assert f"check.echo --> {uri}" in nsc("list")
        assert f"check.echo --> {uri}" in nsc("list", "check.")
        assert "check.echo" not in nsc("list", "chess.")
        assert f"check.echo --> {uri}" in nsc("listmatching", "check.*o$")
        assert "updated" in nsc("setmeta", "check.echo", "red", "blue")
        assert "red" in nsc("lookup", "check.echo")
        assert "check.echo" in nsc("yplookup_all", "red", "blue")
        assert "check.echo" not in nsc("yplookup_all", "red", "green")
        assert "check.echo" in nsc("yplookup_any", "red", "green")
        assert "Removed check.echo" in nsc("remove", "check.echo")
        assert "unknown name" in nsc("lookup", "check.echo", status=1)
        nsc("register", "check.two", uri)
        assert "1 items removed" in nsc("removematching", "check.t")


# TLS. ---------------------------------------------------------------------------------------------

def attempt(server, how):
    """Connects in a process of its own, since a process keeps its context."""
    return subprocess.run([sys.executable, __file__, str(server.options.uri), "--attempt", how,
                           "--tls", server.options.tls], timeout=60, capture_output=True, text=True)


@check(needs="tls")
def certificates_that_are_right(server):
    done = attempt(server, "client")
    assert done.returncode == 0, done.stdout + done.stderr


@check(needs="tls")
def certificates_that_are_wrong(server):
    for how, says in (("none", ""), ("stranger", ""), ("distrust", "CERTIFICATE_VERIFY_FAILED"),
                      ("plain", "")):
        done = attempt(server, how)
        assert done.returncode == 3, f"{how}: it was not refused: {done.stdout + done.stderr}"
        assert says in done.stdout, f"{how}: {done.stdout}"
    with server("arithmetic") as a:
        same(3, a.add(1, 2))


def make_attempt(options):
    how = options.attempt
    if how == "distrust":
        peer.use_tls(options.tls, authority="stranger_authority")
    elif how != "plain":
        peer.use_tls(options.tls, client=None if how == "none" else how)
    config.COMMTIMEOUT = BOUND
    try:
        with Server(options)("arithmetic") as a:
            same(3, a.add(1, 2))
    except Pyro5.errors.CommunicationError as problem:
        print(f"refused: {problem!r}")
        return 3
    return 0


# --------------------------------------------------------------------------------------------------

def named(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def why_not(check, options):
    """Why a check cannot be, if it cannot."""
    if named(check.name, options.without):
        return "this server does not offer it"
    if check.only_peer not in (None, options.peer):
        return f"for a peer in {check.only_peer} only"
    if check.needs and not getattr(options, check.needs):
        return f"there is no --{check.needs.replace('_', '-')}"
    return check.not_with.get(options.serializer)


def run(options):
    """Runs the checks. Returns how many are ok, failed, declared."""
    faulthandler.dump_traceback_later(options.bound, exit=True)
    config.SERIALIZER = options.serializer
    config.COMMTIMEOUT = BOUND
    config.SOCK_NODELAY = True
    if options.tls:
        peer.use_tls(options.tls)
    chosen = [each for each in CHECKS if named(each.name, options.only)]
    for pattern in options.only + options.without:
        if not any(named(each.name, [pattern]) for each in CHECKS):
            raise SystemExit(f"no check is called {pattern}")
    server = Server(options)
    ok = failed = declared = 0
    for each in chosen:
        reason = why_not(each, options)
        if reason:
            declared += 1
            print(f"declared {each.name} {reason}", flush=True)
            continue
        try:
            each.run(server)
            ok += 1
            print(f"ok {each.name}", flush=True)
        except Exception as problem:
            failed += 1
            lines = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__)
                     if frame.filename == __file__]
            why = f"{type(problem).__name__}: {problem}".replace("\n", " ")
            print(f"FAILED {each.name} {why:.600} (lines {lines})", flush=True)
    faulthandler.cancel_dump_traceback_later()
    return ok, failed, declared


@contextlib.contextmanager
def process(*command, ready):
    """Another program, until it is not needed; with the rest of the line that it is ready by."""
    with subprocess.Popen([sys.executable, *map(str, command)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as it:
        try:
            for line in it.stdout:
                if line.startswith(ready):
                    yield line[len(ready):].strip()
                    break
            else:
                raise RuntimeError(f"{command} is not ready")
        finally:
            it.stdin.close()
            if ready != "ready ":
                it.terminate()
            it.stdout.read()
            status = it.wait(BOUND)
    if ready == "ready " and status:
        raise RuntimeError(f"{command} ended with {status}")


def check_itself(options):
    """Runs the checks against peer.py, in all the ways there are."""
    sums = collections.Counter()

    def checks(title, *arguments):
        print(f"-- Pyro5 {Pyro5.__version__}, {title}", flush=True)
        with subprocess.Popen([sys.executable, __file__, *arguments], text=True,
                              stdout=subprocess.PIPE) as it:
            total = None
            for line in it.stdout:
                print(line, end="", flush=True)
                total = re.fullmatch(r"total (\d+) ok, (\d+) failed, (\d+) declared\n", line)
        sums["failed"] += not total or it.returncode not in (0, 1)
        if total:
            for name, n in zip(("ok", "failed", "declared"), total.groups()):
                sums[name] += int(n)

    values = ["--values", str(options.values)]
    with tempfile.TemporaryDirectory() as folder, \
            process("-u", "-m", "Pyro5.nameserver", "-n", "127.0.0.1", "-p", "0",
                    ready="NS running on ") as where:
        name_server = where.split()[0]
        for kind, serializer in itertools.product(("thread", "multiplex"),
                                                  ("serpent", "msgpack", "json")):
            with process(FOLDER / "peer.py", "--server-type", kind, "--serializer", serializer,
                         "--name-server", name_server,
                         *(["--compression"] if kind == "thread" else []), ready="ready ") as uri:
                checks(f"{kind} server, {serializer}", uri, "--serializer", serializer,
                       "--name-server", name_server, *values)
        peer.make_certificates(folder)
        for kind in ("thread", "multiplex"):
            with process(FOLDER / "peer.py", "--server-type", kind, "--tls", folder,
                         ready="ready ") as uri:
                checks(f"{kind} server, TLS", uri, "--tls", folder, *values)
        for name in ("elsewhere", "stranger"):
            with process(FOLDER / "peer.py", "--tls", folder, "--tls-as", name,
                         ready="ready ") as uri:
                print(f"-- Pyro5 {Pyro5.__version__}, a server that shows {name}", flush=True)
                options.uri, options.tls = uri, folder
                done = attempt(Server(options), "client")
                right = done.returncode == 3 and "CERTIFICATE_VERIFY_FAILED" in done.stdout
                sums["ok" if right else "failed"] += 1
                print(f"{'ok' if right else 'FAILED'} a_server_that_shows_{name}",
                      "" if right else done.stdout + done.stderr, flush=True)
    return sums["ok"], sums["failed"], sums["declared"]


def main():
    def patterns(text):
        return text.split(",")

    parser = argparse.ArgumentParser(description="Checks a server with real Pyro5's proxies.")
    parser.add_argument("uri", help="of any object of the server; or: itself")
    parser.add_argument("--peer", choices=("python", "cpp"), default="python")
    parser.add_argument("--serializer", choices=("serpent", "msgpack", "json"), default="serpent")
    parser.add_argument("--values", type=int, default=10_000, help="random ones")
    parser.add_argument("--large", type=int, default=800_000, help="bytes of a large payload")
    parser.add_argument("--name-server", metavar="HOST:PORT")
    parser.add_argument("--tls", metavar="FOLDER")
    parser.add_argument("--only", type=patterns, default=["*"], metavar="NAME,…")
    parser.add_argument("--without", type=patterns, default=[], metavar="NAME,…")
    parser.add_argument("--bound", type=float, default=300, metavar="SECONDS", help="for all")
    parser.add_argument("--attempt", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attempt:
        return make_attempt(options)
    ok, failed, declared = (check_itself if options.uri == "itself" else run)(options)
    print(f"total {ok} ok, {failed} failed, {declared} declared", flush=True)
    return 1 if failed or not ok else 0


if __name__ == "__main__":
    sys.exit(main())
