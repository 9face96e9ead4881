#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Objects of real Pyro5, for our client to be tested against.

    python peer.py --host 127.0.0.1 --port 0 [--server-type thread|multiplex]
                   [--serializer serpent|msgpack|json] [--compression] [--name-server HOST:PORT]
                   [--tls FOLDER [--tls-as NAME]] [--bound SECONDS]
    python peer.py --make-certificates FOLDER

Prints one line, `ready URI`, when it serves; all objects are at the location of that URI. Ends when
its standard input does, or with status 1 after 120 s.

The objects are those that client_checks.py describes, and, for what only Python does:

    arithmetic.add(a, b=10)           has a default, and takes keywords
    arithmetic.scale(a, *, factor=2)  takes `factor` as a keyword only
    exceptions.raise_unserializable() a TypeError whose argument cannot be sent
    exceptions.raise_unknown()        a class that no one registered: `elsewhere.Unknown`
    shelf: len(shelf), shelf[i]       special methods
    values.random_values(seed, n)     n random values, of the kinds that the caller's serializer has
    values.verify_values(seed, n, them)
                                      "" if they are those, as they come back in that serializer;
                                      else the first difference

With --name-server each object OBJECT is registered as `peer.OBJECT`, with the tags `peer` and
`peer:OBJECT`, until the peer ends. With --compression, replies of more than 100 bytes are
compressed. Each reply has the annotation PEER.

With --tls both sides show certificates, which --make-certificates has made:

    authority.pem              signs server, client and elsewhere
    server.pem, server.key     for 127.0.0.1, ::1 and localhost
    client.pem, client.key
    elsewhere.pem, .key        a server's, for another host
    stranger.pem, .key         for the same hosts, from another authority, stranger_authority.pem
"""
import argparse
import base64
import builtins
import datetime
import math
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

import msgpack
import Pyro5.api
import Pyro5.errors
import serpent
from Pyro5.serializers import serializers, serializers_by_id

# Values. ------------------------------------------------------------------------------------------

TEXT = [*map(chr, range(32, 127)), *"'\"\\\n\r\t\0\x7f\x1b", *"äßéøπЖ字語🎲👩‍🚀", "\u2028", "\ufeff",
        "\uffff", "e\u0301", "\U000e0001", "\U0010ffff"]


def random_text(r):
    return "".join(r.choices(TEXT, k=r.choice((0, 1, 3, 10, 40, 300))))


def random_float(r):
    return r.choice((
        lambda: r.uniform(-1, 1), lambda: r.uniform(-1, 1) * 10.0 ** r.randint(-300, 300),
        lambda: float(r.randint(-1000, 1000)), lambda: math.ldexp(r.random(), -1060),
        lambda: r.choice((0.0, -0.0, math.inf, -math.inf, math.nan))))()


def random_datetime(r):
    moment = datetime.datetime.fromtimestamp(r.randint(0, 4_000_000_000))
    return moment.replace(microsecond=r.choice((0, r.randrange(1_000_000))))


SCALARS = {
    "none": lambda r: None,
    "bool": lambda r: r.random() < 0.5,
    "small": lambda r: r.randint(-200, 200),
    "int": lambda r: r.choice((-1, 1)) * r.getrandbits(r.randint(1, 63)),
    "edge": lambda r: r.choice((-2**63, 2**63 - 1, 2**63, 2**64 - 1, -2**31, 2**32, -129, 65536)),
    "unsigned": lambda r: 2**63 + r.getrandbits(63),
    "big": lambda r: r.choice((-1, 1)) * (2**64 + r.getrandbits(r.randint(65, 800))),
    "float": random_float,
    "text": random_text,
    "date": lambda r: datetime.date.fromordinal(r.randint(1, datetime.date.max.toordinal())),
    "datetime": random_datetime,
    "bytes": lambda r: r.randbytes(r.choice((0, 1, 5, 40, 300))),
    "complex": lambda r: complex(r.uniform(-1e9, 1e9), r.uniform(0.001, 1e9)),
}
HASHABLE = ("small", "int", "edge", "big", "text")
WITHOUT = {"json": ("bytes", "complex")}


def random_value(r, serializer, depth=0):
    """A value of any kind that the serializer has; what it makes of it is another matter."""
    def deeper():
        return random_value(r, serializer, depth + 1)

    def hashable():
        return SCALARS[r.choice(HASHABLE)](r)

    def key():
        if serializer == "serpent":
            return r.choice((hashable, lambda: (hashable(), hashable())))()
        return random_text(r)

    size = r.choice((0, 1, 2, 3, 8))
    nested = {
        "list": lambda: [deeper() for _ in range(size)],
        "tuple": lambda: tuple(deeper() for _ in range(size)),
        "dict": lambda: {key(): deeper() for _ in range(size)},
        "set": lambda: {hashable() for _ in range(size)},
    }
    kinds = [kind for kind in SCALARS if kind not in WITHOUT.get(serializer, ())]
    kind = r.choice(kinds + (2 * list(nested) if depth < 4 else []))
    return nested[kind]() if kind in nested else SCALARS[kind](r)


def random_values(seed, n, serializer):
    r = random.Random(seed)
    return [random_value(r, serializer) for _ in range(n)]


def comes_back(value, serializer):
    """What a receiver in Python has when the value was sent with the serializer."""
    def again(x):
        return comes_back(x, serializer)

    if isinstance(value, dict):
        return {again(k): again(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        if serializer != "serpent" or isinstance(value, list):
            return [again(x) for x in value]
        if isinstance(value, set) and value:
            return {again(x) for x in value}
        return tuple(again(x) for x in value)  # there is no literal for an empty set
    if serializer != "msgpack" and isinstance(value, datetime.date):
        return value.isoformat()
    if serializer == "serpent" and isinstance(value, bytes):
        return {"data": base64.b64encode(value).decode(), "encoding": "base64"}
    return value


def difference(expected, got, at="value"):
    """Where two values differ, and how; None if they are the same, types and all."""
    if type(expected) is not type(got):
        return f"{at}: {expected!r:.80} became {got!r:.80}"
    if isinstance(expected, (list, tuple)) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got))
        return next(filter(None, (difference(e, g, f"{at}[{i}]") for i, (e, g) in pairs)), None)
    if isinstance(expected, dict) and expected.keys() == got.keys():
        return next(filter(None, (
            difference(expected[k], got[k], f"{at}[{k!r:.40}]") for k in expected)), None)
    if isinstance(expected, float):
        same = (math.isnan(expected) and math.isnan(got)
                or expected == got and math.copysign(1, expected) == math.copysign(1, got))
    else:
        same = expected == got
    return None if same else f"{at}: {expected!r:.80} became {got!r:.80}"


def received(value):
    """Pyro5 5.15 leaves the extensions of MessagePack in arguments to the receiver."""
    if isinstance(value, msgpack.ExtType):
        return serializers["msgpack"].ext_hook(value.code, value.data)
    if isinstance(value, (list, tuple)):
        return type(value)(map(received, value))
    if isinstance(value, dict):
        return {k: received(v) for k, v in value.items()}
    return value


def callers_serializer():
    serializer = serializers_by_id[Pyro5.api.current_context.serializer_id]
    return next(name for name, it in serializers.items() if it is serializer)


# Objects. -----------------------------------------------------------------------------------------

OBJECTS = {}


def served(name):
    """Serves one object of the class, by that name; all that it has is exposed."""
    def remember(cls):
        OBJECTS[name] = Pyro5.api.expose(cls)
        return cls
    return remember


@served("arithmetic")
class Arithmetic:
    def add(self, a, b=10):
        return a + b

    def scale(self, a, *, factor=2):
        return a * factor

    def divide(self, a, b):
        return a / b


@served("echo")
class Echo:
    def echo(self, value):
        return value

    def size_of(self, value):
        return len(serpent.tobytes(value) if isinstance(value, dict) else value)

    def repeat(self, text, times):
        return text * times


@served("values")
class Values:
    def random_values(self, seed, n):
        return random_values(seed, n, callers_serializer())

    def verify_values(self, seed, n, them):
        serializer = callers_serializer()
        expected = comes_back(random_values(seed, n, serializer), serializer)
        return difference(expected, received(them), "values") or ""


@served("attributes")
class Attributes:
    def __init__(self):
        self._name = "chess"

    @property
    def name(self):
        return self._name

    @name.setter
    def name(self, value):
        if not value:
            raise ValueError("a name has letters")
        self._name = value

    @property
    def size(self):
        return len(self._name)

    @property
    def broken(self):
        raise RuntimeError("this attribute is broken")


@served("shelf")
class Shelf:
    books = ["chess", "go", "backgammon"]

    def __len__(self):
        return len(self.books)

    def __getitem__(self, index):
        return self.books[index]


class OutOfStock(Exception):
    __module__ = "warehouse"


class Unknown(Exception):
    __module__ = "elsewhere"


@served("exceptions")
class Exceptions:
    def raise_it(self, kind, text):
        raise (getattr(builtins, kind, None) or getattr(Pyro5.errors, kind))(text)

    def raise_with_attributes(self):
        problem = ValueError("with attributes", 7)
        problem.code = 42
        problem.path = ["a", "b"]
        raise problem

    def raise_own(self):
        raise OutOfStock("chess", 0)

    def raise_non_ascii(self):
        raise ValueError("Grüße, 世界 🎲")

    def raise_unserializable(self):
        raise TypeError(object())

    def raise_unknown(self):
        raise Unknown("who knows")


@served("one_way")
class OneWay:
    def __init__(self):
        self._noted = []

    @Pyro5.api.oneway
    def note(self, n):
        self._noted.append(n)

    @Pyro5.api.oneway
    def note_later(self, seconds, n):
        time.sleep(seconds)
        self._noted.append(n)

    @Pyro5.api.oneway
    def fail(self):
        raise ValueError("nobody hears this")

    def noted(self):
        return self._noted

    def clear(self):
        self._noted = []


@served("counter")
class Counter:
    def __init__(self):
        self._total = 0
        self._lock = threading.Lock()

    def add(self, n):
        with self._lock:
            self._total += n
            return self._total

    def total(self):
        return self._total

    def fail(self, text):
        raise ValueError(text)

    def reset(self):
        self._total = 0


@served("streams")
class Streams:
    def __init__(self):
        self._closed = 0

    def count_to(self, n):
        yield from range(n)

    def forever(self):
        try:
            n = 0
            while True:
                yield n
                n += 1
        finally:
            self._closed += 1

    def fail_after(self, n):
        yield from range(n)
        raise ValueError("the stream broke")

    def closed(self):
        return self._closed


@Pyro5.api.expose
class Room:
    def __init__(self, name):
        self._name = name
        self._whispered = []

    @property
    def name(self):
        return self._name

    def say(self, text):
        return f"{self._name}: {text}"

    @Pyro5.api.oneway
    def whisper(self, text):
        self._whispered.append(text)

    def whispered(self):
        return self._whispered


@served("rooms")
class Rooms:
    def __init__(self):
        self._rooms = {}

    def open(self, name):
        if name not in self._rooms:
            self._rooms[name] = Room(name)
            self._pyroDaemon.register(self._rooms[name])
        return self._rooms[name]

    def all(self):
        return [self._rooms[name] for name in sorted(self._rooms)]

    def back(self, room):
        return room

    def name_of(self, room):
        return self._pyroDaemon.objectsById[room._pyroUri.object].name

    def close(self, name):
        self._pyroDaemon.unregister(self._rooms.pop(name))


@served("callbacks")
class Callbacks:
    def __init__(self):
        self._subscribers = []

    def call(self, who, times):
        return [who.answer(f"call {i}") for i in range(times)]

    def tell(self, who, times):
        for i in range(times):
            who.note(i)

    def provoke(self, who, text):
        try:
            who.fail(text)
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"
        return "nothing was raised"

    def subscribe(self, who):
        self._subscribers.append(who)

    def publish(self, text):
        for who in self._subscribers:
            who._pyroClaimOwnership()
        return [who.answer(text) for who in self._subscribers]

    def clear(self):
        for who in self._subscribers:
            who._pyroClaimOwnership()
            who._pyroRelease()
        self._subscribers = []


@served("context")
class Context:
    def echo(self):
        context = Pyro5.api.current_context
        sent = {name: bytes(text) for name, text in context.annotations.items()}
        context.response_annotations = dict(sent)
        return {"correlation": str(context.correlation_id),
                "annotations": {name: text.decode() for name, text in sent.items()}}


@served("slow")
class Slow:
    def sleep(self, seconds):
        time.sleep(seconds)
        return seconds


class Daemon(Pyro5.api.Daemon):
    def validateHandshake(self, conn, data):
        if not isinstance(data, dict):
            return data
        if data["user"] == "mallory":
            raise ValueError("mallory is not welcome")
        return "welcome " + data["user"]

    def annotations(self):
        return {"PEER": b"python"}


# TLS. ---------------------------------------------------------------------------------------------

OPENSSL = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[here]
subjectAltName = IP:127.0.0.1, IP:::1, DNS:localhost
authorityKeyIdentifier = keyid
[elsewhere]
subjectAltName = DNS:elsewhere.example
authorityKeyIdentifier = keyid
"""


def make_certificates(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "openssl.cnf").write_text(OPENSSL)

    def openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")

    def request(name, *more):
        openssl("req", "-config", "openssl.cnf", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name,
                "-keyout", name + ".key", *more)

    for name in ("authority", "stranger_authority"):
        request(name, "-x509", "-days", "30", "-extensions", "authority", "-out", name + ".pem")
    for name, authority, where in (
            ("server", "authority", "here"), ("client", "authority", "here"),
            ("elsewhere", "authority", "elsewhere"), ("stranger", "stranger_authority", "here")):
        request(name, "-out", name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-out", name + ".pem", "-days", "30",
                "-CA", authority + ".pem", "-CAkey", authority + ".key", "-CAcreateserial",
                "-extfile", "openssl.cnf", "-extensions", where)


def use_tls(folder, server="server", client="client", authority="authority"):
    """Before anything is connected: a process has one context of each kind. None: shows nothing."""
    folder = pathlib.Path(folder)
    config = Pyro5.config
    config.SSL = True
    config.SSL_REQUIRECLIENTCERT = True
    config.SSL_CACERTS = str(folder / (authority + ".pem"))
    config.SSL_SERVERCERT, config.SSL_SERVERKEY = (
        str(folder / (server + end)) for end in (".pem", ".key"))
    if client:
        config.SSL_CLIENTCERT, config.SSL_CLIENTKEY = (
            str(folder / (client + end)) for end in (".pem", ".key"))


# --------------------------------------------------------------------------------------------------

def location(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def serve(options):
    Pyro5.config.SERVERTYPE = options.server_type
    Pyro5.config.SERIALIZER = options.serializer
    Pyro5.config.COMPRESSION = options.compression
    Pyro5.config.SOCK_NODELAY = True
    if options.tls:
        use_tls(options.tls, server=options.tls_as)
    daemon = Daemon(host=options.host, port=options.port)
    uris = {name: daemon.register(cls(), name) for name, cls in OBJECTS.items()}
    if options.name_server:
        with Pyro5.api.locate_ns(*location(options.name_server)) as names:
            for name, uri in uris.items():
                names.register("peer." + name, uri, metadata=["peer", "peer:" + name])
    status = 0

    def end():
        # What is still called is not waited for.
        threading.Timer(3, os._exit, (status,)).start()
        daemon.shutdown()

    def end_with_standard_input():
        while os.read(0, 4096):
            pass
        end()

    def end_after_the_bound():
        nonlocal status
        status = 1
        print(f"peer: it ends after {options.bound} s", file=sys.stderr, flush=True)
        end()

    bound = threading.Timer(options.bound, end_after_the_bound)
    bound.daemon = True
    bound.start()
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    print("ready", uris["echo"], flush=True)
    daemon.requestLoop()
    if options.name_server:
        with Pyro5.api.locate_ns(*location(options.name_server)) as names:
            for name in uris:
                names.remove("peer." + name)
    os._exit(status)


def main():
    parser = argparse.ArgumentParser(description="Objects of real Pyro5, to be called in tests.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--server-type", choices=("thread", "multiplex"), default="thread")
    parser.add_argument("--serializer", choices=("serpent", "msgpack", "json"), default="serpent",
                        help="which it calls with; it answers in any")
    parser.add_argument("--compression", action="store_true")
    parser.add_argument("--name-server", metavar="HOST:PORT")
    parser.add_argument("--tls", metavar="FOLDER")
    parser.add_argument("--tls-as", metavar="NAME", default="server", help="which it shows")
    parser.add_argument("--bound", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--make-certificates", metavar="FOLDER")
    options = parser.parse_args()
    if options.make_certificates:
        make_certificates(options.make_certificates)
    else:
        serve(options)


if __name__ == "__main__":
    main()
