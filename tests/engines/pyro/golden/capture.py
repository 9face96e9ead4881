#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes what Pyro5 5.17 sends: msgpack.tsv and serpent.tsv, beside this file.

A proxy of Pyro5 talks to a daemon of Pyro5; between them stands a tap that keeps all bytes. Each
line is a message, and what this script knows of it because it asked for it, not because it has
read it:

    scenario direction type serializer flags sequence correlation annotations says frame

The direction is > from the client and < from the server; annotations are ID=HEX with commas; what
it says is MessagePack, but for pings. The outcome is the same each time: ids are counted,
tracebacks are left out, and the hash of strings is fixed.

    python capture.py                writes both files
    python capture.py --frames DIR   writes seeds for a fuzzer: for message.fuzz the frames, one a
                                     file; for session.fuzz, in DIR/sessions, what one side sends
"""
import itertools
import os
import pathlib
import socket
import sys
import threading
import time
import uuid

if os.environ.get("PYTHONHASHSEED") != "0":
    os.execve(sys.executable, [sys.executable] + sys.argv, dict(os.environ, PYTHONHASHSEED="0"))

import msgpack
import Pyro5.api
import Pyro5.errors
from Pyro5 import config, protocol
from Pyro5.callcontext import current_context

Pyro5.errors.format_traceback = lambda *args, **kwargs: ["traceback\n"]
CONNECT, CONNECTOK, CONNECTFAIL, INVOKE, RESULT, PING = range(1, 7)
EXCEPTION, COMPRESSED, ONEWAY, BATCH, STREAM, KEPT, CORRELATED = (1 << n for n in range(7))
HERE = pathlib.Path(__file__).parent


@Pyro5.api.expose
class Calculator:
    level = property(lambda self: self._level, lambda self, value: setattr(self, "_level", value))
    _level = 1

    def add(self, a, b):
        return a + b

    def echo(self, value):
        current_context.response_annotations = {"ECHO": b"\x00\xff"}
        return value

    def fail(self, text):
        error = ValueError(text)
        error.code = 7
        raise error

    def numbers(self, n):
        yield from range(n)

    @Pyro5.api.oneway
    def note(self, text):
        pass


META = {"methods": ["add", "echo", "fail", "note", "numbers"], "oneway": ["note"],
        "attrs": ["level"]}


class Daemon(Pyro5.api.Daemon):
    def validateHandshake(self, connection, data):
        if data == "wrong":
            raise PermissionError("who are you?")
        return "hello" if data == "hello" else {"welcome": data["user"]}


class Tap:
    """Passes bytes between clients and a server, and keeps them."""

    def __init__(self, port):
        self.port, self.bytes = port, {">": b"", "<": b""}
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.socket.accept()
            server = socket.create_connection(("127.0.0.1", self.port))
            for way, a, b in (">", client, server), ("<", server, client):
                threading.Thread(target=self.pump, args=(way, a, b), daemon=True).start()

    def pump(self, way, a, b):
        try:
            while data := a.recv(65536):
                self.bytes[way] += data
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def frame(self, way):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            data = self.bytes[way]
            size = 40 + sum(int.from_bytes(data[at:at + 4], "big") for at in (12, 16))
            if len(data) >= max(40, size):
                self.bytes[way] = data[size:]
                return data[:size]
            time.sleep(0.001)
        raise TimeoutError("a frame is missing")


def exception(name, *args, trace=("traceback\n",), **attributes):
    trace = list(trace) if trace else None
    return {"__class__": name, "__exception__": True, "args": list(args),
            "attributes": {**attributes, "_pyroTraceback": trace}}


def capture(serializer):
    counter = itertools.count(1)
    uuid.uuid4 = lambda: uuid.UUID(int=next(counter))
    config.SERIALIZER = serializer
    number = {"serpent": 1, "msgpack": 4}[serializer]
    daemon = Daemon(host="127.0.0.1")
    daemon.register(Calculator(), "calc")
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
    tap = Tap(daemon.sock.getsockname()[1])
    where = "@127.0.0.1:%d" % tap.socket.getsockname()[1]
    lines = []

    def saw(scenario, way, kind, flags, sequence, says, correlation=0, annotations={}, how=number):
        # What has just been sent, and is known to be this.
        chunks = ",".join("%s=%s" % (k, v.hex()) for k, v in annotations.items())
        packed = says if isinstance(says, bytes) else msgpack.packb(says)
        lines.append([scenario, way, kind, how, flags, sequence, "%032x" % correlation, chunks,
                      packed.hex(), tap.frame(way).hex()])

    def replied(*args, **kwargs):
        # Pyro5 makes an id up where there is none: one a message of a client.
        saw(*args, correlation=next(ids), **kwargs)

    ids = itertools.count(1)

    def call(scenario, method, args, result, kwargs={}, object="calc", flags=0, more=0, extra={}):
        # The request, and the reply if there is one.
        nonlocal sequence
        sequence += 1
        saw(scenario, ">", INVOKE, flags, sequence, [object, method, args, kwargs])
        if flags & ONEWAY:
            next(ids)
        else:
            replied(scenario, "<", RESULT, more | CORRELATED, sequence, result, annotations=extra)

    def connect(scenario, says="hello", answer="hello", object="calc"):
        saw(scenario, ">", CONNECT, 0, 0, {"handshake": says, "object": object})
        replied(scenario, "<", CONNECTOK, CORRELATED, 0, {"handshake": answer, "meta": META})

    # A call without a handshake: no proxy does that. The answer is in marshal.
    call_only = protocol.SendingMessage(INVOKE, 0, 1, number, b"")
    with socket.create_connection(("127.0.0.1", tap.socket.getsockname()[1])) as raw:
        raw.sendall(call_only.data)
        saw("no-handshake", ">", INVOKE, 0, 1, b"")
        saw("no-handshake", "<", CONNECTFAIL, 0, 0,
            "invalid msg type 4 received (expected: 1)", how=2)

    sequence = 0
    calc = Pyro5.api.Proxy("PYRO:calc" + where)
    calc._pyroBind()
    connect("connect")
    calc.add(1, 2)
    call("call", "add", [1, 2], 3)
    calc.add(1, b=-2)
    call("named", "add", [1], -1, {"b": -2})
    values = ["text é\n'\"\\", None, True, 1 << 40, -1.5, {"key": [1, {}]}]
    calc.echo(values)
    call("values", "echo", [values], values, extra={"ECHO": b"\x00\xff"})
    try:
        calc.fail("bad")
    except ValueError:
        pass
    failed = exception("builtins.ValueError", "bad", code=7)
    call("exception", "fail", ["bad"], failed, more=EXCEPTION)
    calc.note("seen")
    call("one-way", "note", ["seen"], None, flags=ONEWAY)

    batch = Pyro5.api.BatchProxy(calc)
    batch.add(1, 2)
    batch.fail("bad")
    batch.add(3, 4)
    try:
        list(batch())
    except ValueError:
        pass
    calls = [["add", [1, 2], {}], ["fail", ["bad"], {}], ["add", [3, 4], {}]]
    results = [3, {"__class__": "Pyro5.core._ExceptionWrapper", "exception": failed}]
    call("batch", "<batch>", calls, results, None, flags=BATCH, more=BATCH)
    batch.note("seen")
    batch(oneway=True)
    call("batch", "<batch>", [["note", ["seen"], {}]], None, None, flags=BATCH | ONEWAY)

    def stream(n):
        # The id is made after the one that stands for the correlation of the request.
        nonlocal sequence
        iterator = calc.numbers(n)
        sequence += 1
        saw("stream", ">", INVOKE, 0, sequence, ["calc", "numbers", [n], {}])
        own, name = next(ids), str(uuid.UUID(int=next(ids)))
        saw("stream", "<", RESULT, EXCEPTION | STREAM | CORRELATED, sequence,
            exception("Pyro5.errors.ProtocolError", "result of call is an iterator", trace=None),
            correlation=own, annotations={"STRM": name.encode()})
        return iterator, name

    items, name = stream(1)
    assert list(items) == [0]
    one = dict(object="Pyro.Daemon", args=[name])
    call("stream", "get_next_stream_item", result=0, **one)
    over = exception("builtins.StopIteration")
    call("stream", "get_next_stream_item", result=over, more=EXCEPTION, **one)
    items, name = stream(5)
    items.close()
    call("stream", "close_stream", [name], None, object="Pyro.Daemon", flags=ONEWAY)

    calc.level = 5
    call("attribute", "__setattr__", ["level", 5], None, None)
    assert calc.level == 5
    call("attribute", "__getattr__", ["level"], 5, None)
    protocol.SendingMessage.ping(calc._pyroConnection)
    saw("ping", ">", PING, 0, 0, b"ping", how=42)
    replied("ping", "<", PING, CORRELATED, 0, b"pong", how=42)
    calc._pyroGetMetadata()
    call("metadata", "get_metadata", ["calc"], META, object="Pyro.Daemon")

    config.COMPRESSION = True
    calc.echo("x" * 300)
    config.COMPRESSION = False
    call("compressed", "echo", ["x" * 300], "x" * 300, flags=COMPRESSED, more=COMPRESSED,
         extra={"ECHO": b"\x00\xff"})

    def correlated(scenario, *args, **kwargs):
        saw(scenario, *args, correlation=77, **kwargs)

    current_context.correlation_id = uuid.UUID(int=77)
    current_context.annotations = {"GOPI": b"operation", "GTRC": b""}
    calc.echo(8)
    sequence += 1
    correlated("annotations", ">", INVOKE, CORRELATED, sequence, ["calc", "echo", [8], {}],
               annotations=current_context.annotations)
    correlated("annotations", "<", RESULT, CORRELATED, sequence, 8,
               annotations={"ECHO": b"\x00\xff"})
    current_context.correlation_id, current_context.annotations = None, {}

    other = Pyro5.api.Proxy("PYRO:calc" + where)
    other._pyroHandshake = {"user": "ana"}
    other._pyroBind()
    connect("handshake", {"user": "ana"}, {"welcome": "ana"})

    for scenario, object, says, answer in (("unknown", "nobody", "hello", "unknown object"),
                                           ("refused", "calc", "wrong", "who are you?")):
        stranger = Pyro5.api.Proxy("PYRO:" + object + where)
        stranger._pyroHandshake = says
        try:
            stranger._pyroBind()
        except Pyro5.errors.CommunicationError:
            pass
        saw(scenario, ">", CONNECT, 0, 0, {"handshake": says, "object": object})
        replied(scenario, "<", CONNECTFAIL, CORRELATED, 0, answer)

    daemon.shutdown()
    return lines


def first_client(lines):
    start = next(n for n, line in enumerate(lines) if line[0] == "connect")
    return itertools.takewhile(lambda line: line[0] != "handshake", lines[start:])


def main():
    for serializer in "msgpack", "serpent":
        lines = capture(serializer)
        if sys.argv[1:2] == ["--frames"]:
            folder = pathlib.Path(sys.argv[2])
            folder.mkdir(parents=True, exist_ok=True)
            for n, line in enumerate(lines):
                name = "%s.%02d.%s.%s" % (serializer, n, line[0], "><".index(line[1]))
                (folder / name).write_bytes(bytes.fromhex(line[-1]))
            (folder / "sessions").mkdir(exist_ok=True)
            for way in "><":
                how = "><".index(way) + 2 * (serializer == "serpent")
                sent = [bytes.fromhex(line[-1]) for line in first_client(lines) if line[1] == way]
                for n in range(1, len(sent) + 1):
                    name = "%s.%02d.%d" % (serializer, n, "><".index(way))
                    data = bytes([how + 4 * 6]) + b"".join(sent[:n])
                    (folder / "sessions" / name).write_bytes(data)
        else:
            text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
            (HERE / (serializer + ".tsv")).write_text(text, encoding="ascii")
        print(serializer, len(lines), "frames")


main()
