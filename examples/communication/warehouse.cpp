// SPDX-License-Identifier: BSL-1.0
/// \file
/// The warehouse that every user of Pyro knows, as objects in C++ and Python that call each other.
/// Without an argument all of it is here: a name server, the warehouse, and those who visit it.
///
///     warehouse names        a name server, which pyro5-nsc and Python's programs use as well
///     warehouse server       the warehouse; or warehouse/server.py
///     warehouse client       who visits it; or warehouse/client.py
///
/// The last two find the name server at PYRO_NS_HOST and PYRO_NS_PORT, as Python's do.

#include <algorithm>
#include <cstdlib>
#include <gof/pyro/name_server.hpp>
#include <gof/pyro/remote.hpp>
#include <gof/pyro/server.hpp>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pyro = gof::pyro;

// What a warehouse can do, wherever it is, and in whatever language.
struct warehouse {
  virtual ~warehouse() = default;
  virtual std::vector<std::string> list_contents() = 0;
  virtual void store(std::string name, std::string item) = 0;
  virtual void take(std::string name, std::string item) = 0;
};
GOF_REMOTE(warehouse, list_contents, store, take)

// The real one knows nothing of a network.
struct shelves : warehouse {
  std::vector<std::string> contents{"chess", "go", "backgammon"};
  std::vector<std::string> list_contents() override { return contents; }
  void store(std::string name, std::string item) override {
    contents.push_back(item);
    std::cout << name << " stored " << item << std::endl;
  }
  void take(std::string name, std::string item) override {
    const auto it = std::find(contents.begin(), contents.end(), item);
    if (it == contents.end()) throw std::invalid_argument("there is no " + item + " here");
    contents.erase(it);
    std::cout << name << " took " << item << std::endl;
  }
};

std::string listed(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
  return text;
}
// Neither do those who visit it: they have a warehouse.
void visit(warehouse& at, const std::string& name, const std::string& stores,
           const std::string& takes) {
  std::cout << name << " finds " << listed(at.list_contents()) << '\n';
  at.store(name, stores);
  std::cout << name << " stores " << stores << '\n';
  try {
    at.take(name, takes);
    std::cout << name << " takes " << takes << '\n';
  } catch (const std::invalid_argument& e) {  // what it throws there is thrown here
    std::cout << name << " cannot take " << takes << ": "
              << dynamic_cast<const pyro::remote_exception&>(e).words() << '\n';
  }
}

void play(std::uint16_t names_port, const std::string& names_host) {
  pyro::remote<warehouse> at("PYRONAME:warehouse@" + names_host + ':' + std::to_string(names_port));
  visit(*at, "alice", "dominoes", "chess");
  visit(*at, "bob", "draughts", "chess");
  std::cout << "then there are " << listed(at->list_contents()) << '\n';
}
void wait_for_the_end_of_input() {
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
}

int main(int argc, char** argv) try {
  const std::string_view what = argc > 1 ? argv[argc - 1] : "";
  const char *host = std::getenv("PYRO_NS_HOST"), *port = std::getenv("PYRO_NS_PORT");
  const std::string names_host = host ? host : "localhost";
  const auto names_port =
      static_cast<std::uint16_t>(port ? std::stoi(port) : pyro::uri::default_name_server_port);
  if (what == "client") {
    play(names_port, names_host);
  } else if (what == "names") {
    pyro::server names({.host = names_host, .port = names_port});
    pyro::name_directory::serve(names);
    std::cout << "the names are at port " << names.port() << ", until this input ends" << std::endl;
    wait_for_the_end_of_input();
  } else if (what == "server") {
    pyro::server at;
    pyro::name_server(names_host, names_port)
        .add("warehouse", at.expose<warehouse>(std::make_shared<shelves>()));
    std::cout << "the warehouse is open, until this input ends" << std::endl;
    wait_for_the_end_of_input();
  } else {
    pyro::server at;
    pyro::name_directory::serve(at);
    pyro::name_server("127.0.0.1", at.port())
        .add("warehouse", at.expose<warehouse>(std::make_shared<shelves>()));
    play(at.port(), "127.0.0.1");
  }
} catch (const std::exception& e) {
  std::cerr << "warehouse: " << e.what() << '\n';
  return 1;
}
