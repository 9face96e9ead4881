// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Objects in C++ and Python that call each other: all of it.

#include <gof/pyro/name_server.hpp>
#include <gof/pyro/remote.hpp>
#include <gof/pyro/server.hpp>

/// \defgroup pyro Pyro
/// \ingroup engines
/// Objects that call each other over TCP, in C++ and in Python: what Pyro5 is for Python, in its
/// protocol, so that neither side knows what the other is written in. See \ref pyro_page.
///
/// | To …                                | write                                                         |
/// |-------------------------------------|---------------------------------------------------------------|
/// | describe an interface               | `GOF_REMOTE(warehouse, list_contents, store, take)`           |
/// | let an object be called             | `server at; uri u = at.expose<warehouse>(std::make_shared<shelves>(), "id")` |
/// | … some of its members               | `at.expose(object, "id", members<T>().method<&T::f>("f").attribute<&T::x>("x"))` |
/// | call it, and wait                   | `remote<warehouse> w("PYRO:id@host:port"); w->take("alice", "chess")` |
/// | … one in Python, without interface  | `remote_object o("PYRONAME:warehouse"); o.call<int>("add", 1, named("b", 2))` |
/// | read and set an attribute           | `o.get<std::string>("name")`, `o.set("name", "chess")`        |
/// | call it, and not wait               | `o.one_way("note", 1)`, `w.one_way<&warehouse::store>(…)`     |
/// | … many times, in one message        | `remote_object::batch b(o); auto n = b.add<int>("add", 1); b.send(); n.get()` |
/// | say what it belongs to, and until when | `context_scope scope({.trace = traceparent, .deadline = end})` |
/// | go through a generator              | `for (int i : o.call<stream<int>>("count_to", 10))`           |
/// | return one                          | `stream<int> count_to(int n)`                                 |
/// | pass an object                      | `std::shared_ptr<warehouse>`, as an argument or a result      |
/// | be called back                      | `remote<chat> c(uri, {.by = at.references()})`                |
/// | find objects by name                | `name_server().lookup("warehouse")`, or `PYRONAME:warehouse`  |
/// | keep the names                      | `name_directory::serve(at)`                                   |
/// | secure it                           | `server at({.tls = {.certificate = …, .key = …, .authorities = …}})` |
///
/// What is thrown there is thrown here, as the nearest standard exception: see
/// \ref gof::pyro::remote_exception "remote_exception". What goes wrong on the way is a
/// \ref gof::failure, which says whether the call ran.
///
/// \source Irmen de Jong, *Pyro5*, https://pyro5.readthedocs.io; Völter, Kircher, Zdun, *Remoting
/// Patterns* (2004)

/// \namespace gof::pyro
/// See \ref pyro.
