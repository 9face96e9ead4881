// SPDX-License-Identifier: BSL-1.0
// The objects that client_checks.py calls, in C++, and a name server. Ends when its input does.
//
//     peer [--tls FOLDER] [--one-thread]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gof/pyro/context.hpp>
#include <gof/pyro/name_server.hpp>
#include <gof/pyro/object.hpp>
#include <gof/pyro/remote.hpp>
#include <gof/pyro/server.hpp>

namespace {

namespace pyro = gof::pyro;
using pyro::value;
using person = std::shared_ptr<pyro::remote_object>;

std::int64_t characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xc0') != '\x80'; });
}

struct arithmetic {
  std::int64_t add(std::int64_t a, std::int64_t b) { return a + b; }
  double divide(double a, double b) {
    if (b == 0) {
      pyro::remote_exception it;
      it.kind = "builtins.ZeroDivisionError";
      it.arguments.emplace_back("division by zero");
      throw it;
    }
    return a / b;
  }
};
struct echo {
  value same(value it) { return it; }
  std::int64_t size_of(value it) {
    if (it.is<std::string>()) return characters(it.as<std::string>());
    return static_cast<std::int64_t>(it.as<pyro::bytes>().size());
  }
  std::string repeat(std::string text, std::size_t times) {
    std::string all;
    while (times-- > 0) all += text;
    return all;
  }
};
struct attributes {
  std::string name = "chess";
  std::string get_name() const { return name; }
  void set_name(std::string to) {
    if (to.empty()) throw std::invalid_argument("a name is not empty");
    name = std::move(to);
  }
  std::int64_t size() const { return characters(name); }
  int broken() const { throw std::runtime_error("this attribute is broken"); }
};
struct exceptions {
  void raise_it(std::string kind, std::string text) {
    static const std::vector<std::string> own{
        "PyroError",     "CommunicationError", "ConnectionClosedError", "TimeoutError",
        "ProtocolError", "SerializeError",     "MessageTooLargeError",  "NamingError",
        "DaemonError",   "SecurityError"};
    pyro::remote_exception it;
    const bool is_own = std::find(own.begin(), own.end(), kind) != own.end();
    it.kind = (is_own ? "Pyro5.errors." : "builtins.") + kind;
    it.arguments.emplace_back(text);
    throw it;
  }
  void raise_with_attributes() {
    pyro::remote_exception it;
    it.kind = "builtins.ValueError";
    it.arguments = {value("with attributes"), value(7)};
    it.attributes.emplace_back(value("code"), value(42));
    it.attributes.emplace_back(value("path"), value(pyro::list{value("a"), value("b")}));
    throw it;
  }
  void raise_own() {
    pyro::remote_exception it;
    it.kind = "warehouse.OutOfStock";
    it.arguments = {value("chess"), value(0)};
    throw it;
  }
  void raise_non_ascii() { throw std::invalid_argument("Grüße, 世界 🎲"); }
};
struct one_way {
  std::vector<int> all;
  void note(int n) { all.push_back(n); }
  void note_later(double seconds, int n) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    all.push_back(n);
  }
  void fail() { throw std::invalid_argument("nobody hears this"); }
  std::vector<int> noted() { return all; }
  void clear() { all.clear(); }
};
struct counter {
  int sum = 0;
  int add(int n) { return sum += n; }
  int total() { return sum; }
  void fail(std::string text) { throw std::invalid_argument(text); }
  void reset() { sum = 0; }
};
struct streams {
  std::shared_ptr<int> ended = std::make_shared<int>(0);
  pyro::stream<int> count_to(int n) {
    return pyro::stream<int>(
        [i = 0, n]() mutable { return i < n ? std::optional(i++) : std::nullopt; });
  }
  pyro::stream<int> forever() {
    // Counts when nobody has it any more.
    const std::shared_ptr<int> end(ended.get(), [count = ended](int*) { ++*count; });
    return pyro::stream<int>([i = 0, end]() mutable { return std::optional(i++); });
  }
  pyro::stream<int> fail_after(int n) {
    return pyro::stream<int>([i = 0, n]() mutable {
      if (i >= n) throw std::invalid_argument("the stream broke");
      return std::optional(i++);
    });
  }
  int closed() { return *ended; }
};

class room {
 public:
  explicit room(std::string name) : name_(std::move(name)) {}
  std::string name() const { return name_; }
  std::string say(std::string text) { return name_ + ": " + text; }
  void whisper(std::string text) { whispered_.push_back(std::move(text)); }
  std::vector<std::string> whispered() { return whispered_; }

 private:
  std::string name_;
  std::vector<std::string> whispered_;
};
using open_room = std::shared_ptr<room>;

pyro::server* all_objects = nullptr;
}  // namespace

// A room crosses as a reference to it, and is known again when it comes back.
template <>
struct pyro::crossing<open_room> {
  inline static std::map<std::string, std::weak_ptr<room>> known;  // by what their references say
  static open_room from(pyro::value&& it, pyro::exchange&) {
    const auto found = known.find(pyro::to_string(it.at("state")[0]));
    const open_room back = found == known.end() ? nullptr : found->second.lock();
    if (!back) throw std::invalid_argument("this is no room");
    return back;
  }
  static pyro::value to(open_room it, pyro::exchange& by) {
    auto which = pyro::members<room>()
                     .method<&room::say>("say")
                     .one_way<&room::whisper>("whisper")
                     .method<&room::whispered>("whispered")
                     .attribute<&room::name>("name");
    const void* const same = it.get();
    auto reference = by.refer(std::make_shared<pyro::servant_of<room>>(it, which), same);
    known[pyro::to_string(reference.at("state")[0])] = it;
    return reference;
  }
};

namespace {
class rooms {
 public:
  open_room open(std::string name) {
    open_room& it = all_[name];
    if (!it) it = std::make_shared<room>(name);
    return it;
  }
  std::vector<open_room> all() {
    std::vector<open_room> list;
    for (const auto& [name, it] : all_) list.push_back(it);
    return list;
  }
  open_room back(open_room it) { return it; }
  std::string name_of(open_room it) { return it->name(); }
  void close(std::string name) {
    const auto found = all_.find(name);
    if (found == all_.end()) throw std::invalid_argument("there is no such room");
    for (const auto& [text, it] : pyro::crossing<open_room>::known)
      if (it.lock() == found->second)
        all_objects->withdraw(gof::pyro::uri(text.substr(1, text.size() - 2)).object);
    all_.erase(found);
  }

 private:
  std::map<std::string, open_room> all_;
};

class callbacks {
 public:
  std::vector<std::string> call(person who, int times) {
    std::vector<std::string> all;
    for (int i = 0; i < times; ++i)
      all.push_back(who->call<std::string>("answer", "call " + std::to_string(i)));
    return all;
  }
  void tell(person who, int times) {
    for (int i = 0; i < times; ++i) who->one_way("note", i);
  }
  std::string provoke(person who, std::string text) {
    try {
      who->call("fail", text);
    } catch (const pyro::remote_exception& it) {
      return it.kind.substr(it.kind.find('.') + 1) + ": " + it.words();
    }
    return "nothing";
  }
  void subscribe(person who) { all_.push_back(std::move(who)); }
  std::vector<std::string> publish(std::string text) {
    std::vector<std::string> answers;
    for (const person& one : all_) answers.push_back(one->call<std::string>("answer", text));
    return answers;
  }
  void clear() { all_.clear(); }

 private:
  std::vector<person> all_;
};

struct context {
  value echo() {
    const auto& now = *pyro::being_called();
    pyro::dict said;
    for (const auto [name, text] : now.notes) {
      pyro::append_annotation(now.answered, name, text);
      said.emplace_back(value(name), value(text));
    }
    std::string correlation;
    const auto id = now.correlation.value_or(pyro::correlation_id());
    for (std::size_t i = 0; i < id.size(); ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) correlation += '-';
      correlation += "0123456789abcdef"[std::to_integer<unsigned>(id[i]) >> 4];
      correlation += "0123456789abcdef"[std::to_integer<unsigned>(id[i]) & 15];
    }
    return pyro::dict{{value("correlation"), value(correlation)},
                      {value("annotations"), value(said)}};
  }
  // What a C++ object knows of it, for Python alone.
  value known() {
    const pyro::call_context& now = *pyro::current_context();
    return pyro::dict{{value("operation"), value(std::to_string(now.id.client) + ' ' +
                                                 std::to_string(now.id.sequence))},
                      {value("incarnation"), value(std::to_string(now.incarnation))},
                      {value("trace"), value(now.trace)},
                      {value("deadline"), value(now.deadline.has_value())},
                      {value("correlated"), value(now.correlation.has_value())}};
  }
};

struct slow {
  double sleep(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    return seconds;
  }
};

value admit(const pyro::visitor& who) {
  const value* const user = who.handshake.find("user");
  if (!user) return who.handshake;
  const auto& name = user->as<std::string>();
  if (name == "mallory") throw std::invalid_argument("mallory is not welcome");
  return "welcome " + name;
}
}  // namespace

int main(int argc, char** argv) {
  pyro::serving how;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--one-thread") how.one_thread = true;
    if (option == "--tls" && i + 1 < argc) {
      const std::string folder = argv[++i];
      how.tls = {folder + "/server.pem", folder + "/server.key", {}, folder + "/authority.pem"};
    }
  }
  how.admit = admit;
  how.on_event = [](const gof::event& it) { std::cerr << it.text << std::endl; };
  pyro::server at(how);
  all_objects = &at;
  using pyro::members;
  const auto where = at.expose(
      std::make_shared<arithmetic>(), "arithmetic",
      members<arithmetic>().method<&arithmetic::add>("add").method<&arithmetic::divide>("divide"));
  at.expose(std::make_shared<echo>(), "echo",
            members<echo>()
                .method<&echo::same>("echo")
                .method<&echo::size_of>("size_of")
                .method<&echo::repeat>("repeat"));
  at.expose(std::make_shared<attributes>(), "attributes",
            members<attributes>()
                .attribute<&attributes::get_name, &attributes::set_name>("name")
                .attribute<&attributes::size>("size")
                .attribute<&attributes::broken>("broken"));
  at.expose(std::make_shared<exceptions>(), "exceptions",
            members<exceptions>()
                .method<&exceptions::raise_it>("raise_it")
                .method<&exceptions::raise_with_attributes>("raise_with_attributes")
                .method<&exceptions::raise_own>("raise_own")
                .method<&exceptions::raise_non_ascii>("raise_non_ascii"));
  at.expose(std::make_shared<one_way>(), "one_way",
            members<one_way>()
                .one_way<&one_way::note>("note")
                .one_way<&one_way::note_later>("note_later")
                .one_way<&one_way::fail>("fail")
                .method<&one_way::noted>("noted")
                .method<&one_way::clear>("clear"));
  at.expose(std::make_shared<counter>(), "counter",
            members<counter>()
                .method<&counter::add>("add")
                .method<&counter::total>("total")
                .method<&counter::fail>("fail")
                .method<&counter::reset>("reset"));
  at.expose(std::make_shared<streams>(), "streams",
            members<streams>()
                .method<&streams::count_to>("count_to")
                .method<&streams::forever>("forever")
                .method<&streams::fail_after>("fail_after")
                .method<&streams::closed>("closed"));
  at.expose(std::make_shared<rooms>(), "rooms",
            members<rooms>()
                .method<&rooms::open>("open")
                .method<&rooms::all>("all")
                .method<&rooms::back>("back")
                .method<&rooms::name_of>("name_of")
                .method<&rooms::close>("close"));
  at.expose(std::make_shared<callbacks>(), "callbacks",
            members<callbacks>()
                .method<&callbacks::call>("call")
                .method<&callbacks::tell>("tell")
                .method<&callbacks::provoke>("provoke")
                .method<&callbacks::subscribe>("subscribe")
                .method<&callbacks::publish>("publish")
                .method<&callbacks::clear>("clear"));
  at.expose(std::make_shared<context>(), "context",
            members<context>().method<&context::echo>("echo").method<&context::known>("known"));
  at.expose(std::make_shared<slow>(), "slow", members<slow>().method<&slow::sleep>("sleep"), true);
  pyro::name_directory::serve(at);
  std::cout << "ready " << where.text() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
}
