#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Alice and bob visit the warehouse of server.py, or the one in C++, wherever it is."""
import Pyro5.api


class Person:
    def __init__(self, name):
        self.name = name

    def visit(self, warehouse, stores, takes):
        print(f"{self.name} finds {', '.join(warehouse.list_contents())}")
        warehouse.store(self.name, stores)
        print(f"{self.name} stores {stores}")
        try:
            warehouse.take(self.name, takes)
            print(f"{self.name} takes {takes}")
        except ValueError as problem:
            print(f"{self.name} cannot take {takes}: {problem}")


with Pyro5.api.Proxy("PYRONAME:warehouse") as warehouse:
    Person("alice").visit(warehouse, stores="dominoes", takes="chess")
    Person("bob").visit(warehouse, stores="draughts", takes="chess")
    print(f"then there are {', '.join(warehouse.list_contents())}")
