#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""What real Pyro5 makes of values, for ours to be compared with.

    python values.py echo SERIALIZER IN OUT            reads values, and writes them again
    python values.py make SERIALIZER SEED COUNT OUT    writes random values
    python values.py check SERIALIZER SEED COUNT IN    whether they are those, as they come back

Files are frames: four bytes of length, the highest first, and so many bytes. Exits with 1 and the
first difference if there is one.
"""
import struct
import sys

from Pyro5.serializers import serializers

from peer import comes_back, difference, random_values


def read(path):
    with open(path, "rb") as file:
        while head := file.read(4):
            yield file.read(*struct.unpack(">I", head))


def write(path, frames):
    with open(path, "wb") as file:
        for frame in frames:
            file.write(struct.pack(">I", len(frame)) + frame)


def main(task, name, *rest):
    serializer = serializers[name]
    if task == "echo":
        path, out = rest
        write(out, (serializer.dumps(serializer.loads(frame)) for frame in read(path)))
        return None
    seed, count, path = rest
    values = random_values(int(seed), int(count), name)
    if task == "make":
        write(path, map(serializer.dumps, values))
        return None
    expected = [comes_back(value, name) for value in values]
    return difference(expected, [serializer.loads(frame) for frame in read(path)], "values")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
