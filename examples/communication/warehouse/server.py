#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The warehouse of the games that a house owns: who wants to play takes one, and stores it later.

    pyro5-ns &            the name server; PYRO_NS_HOST and PYRO_NS_PORT say where it is
    python server.py &    this one, or the one in C++: they are called in the same way
    python client.py      the visitors, or those in C++
"""
import Pyro5.api


@Pyro5.api.expose
class Warehouse:
    def __init__(self):
        self.contents = ["chess", "go", "backgammon"]

    def list_contents(self):
        return self.contents

    def store(self, name, item):
        self.contents.append(item)
        print(f"{name} stored {item}", flush=True)

    def take(self, name, item):
        if item not in self.contents:
            raise ValueError(f"there is no {item} here")
        self.contents.remove(item)
        print(f"{name} took {item}", flush=True)


with Pyro5.api.Daemon() as daemon, Pyro5.api.locate_ns() as names:
    names.register("warehouse", daemon.register(Warehouse()))
    print("the warehouse is open", flush=True)
    daemon.requestLoop()
