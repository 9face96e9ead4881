// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/exception.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <string_view>
#include <system_error>
#include <typeinfo>

#include <gof/wire.hpp>

namespace gof::inline v0::pyro {
namespace {

constexpr std::string_view builtin = "builtins.", own = "Pyro5.errors.";

std::string name_of(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name ? name.get() : type.name();
}
remote_exception made(std::string_view module, std::string_view kind, const std::exception& what) {
  remote_exception it;
  it.kind = std::string(module) + std::string(kind);
  it.arguments.emplace_back(std::string(what.what()));
  it.attributes.emplace_back(value("cpp_type"), value(name_of(typeid(what))));
  return it;
}
const char* kind_of(errc why) {
  if (why == errc::deadline) return "TimeoutError";
  if (why == errc::closed) return "ConnectionClosedError";
  if (why == errc::too_large) return "MessageTooLargeError";
  if (why == errc::denied) return "SecurityError";
  return why == errc::nobody_there ? "DaemonError" : "PyroError";
}
// What Pyro's own exceptions say of a call.
errc reason_of(std::string_view kind, const std::string& words) {
  if (kind == "DaemonError" && words.find("unknown object") != words.npos)
    return errc::nobody_there;
  if (kind == "ProtocolError") return errc::refused;
  if (kind == "MessageTooLargeError") return errc::too_large;
  if (kind == "SecurityError") return errc::denied;
  return errc::failed_there;
}
}  // namespace

std::string remote_exception::words() const {
  if (arguments.empty()) return {};
  if (arguments.size() == 1 && arguments[0].is<std::string>())
    return arguments[0].as<std::string>();
  std::string all;
  for (const value& one : arguments) all += (all.empty() ? "" : ", ") + to_string(one);
  return all;
}

value remote_exception::to_value() const {
  dict known = attributes;
  list lines;
  for (const std::string& line : traceback) lines.emplace_back(line);
  known.emplace_back(value("_pyroTraceback"), lines.empty() ? value() : value(std::move(lines)));
  dict all;
  all.emplace_back(value("__class__"), value(kind));
  all.emplace_back(value("__exception__"), value(true));
  all.emplace_back(value("args"), value(list(arguments)));
  all.emplace_back(value("attributes"), value(std::move(known)));
  return value(std::move(all));
}

remote_exception remote_exception::from(const value& sent) {
  remote_exception it;
  it.kind = "unknown";
  const value* const kind = sent.find("__class__");
  if (kind && kind->is<std::string>()) it.kind = kind->as<std::string>();
  const value* const arguments = sent.find("args");
  if (arguments && arguments->is<list>()) it.arguments = arguments->as<list>();
  if (arguments && arguments->is<tuple>()) it.arguments = arguments->as<tuple>().items;
  const value* const known = sent.find("attributes");
  if (!known || !known->is<dict>()) return it;
  for (const auto& [name, what] : known->as<dict>()) {
    if (name != value("_pyroTraceback")) {
      it.attributes.emplace_back(name, what);
    } else if (what.is<list>()) {
      for (const value& line : what.as<list>())
        if (line.is<std::string>()) it.traceback.push_back(line.as<std::string>());
    }
  }
  return it;
}

void remote_exception::raise() && {
  std::string_view name = kind;
  const std::string text = words();
  if (name.starts_with(own)) {
    name.remove_prefix(own.size());
    throw thrown<failure>(std::move(*this), error{reason_of(name, text), text, kind});
  }
  if (name.starts_with(builtin)) name.remove_prefix(builtin.size());
  const auto is = [&](auto... names) { return ((name == names) || ...); };
  if (is("ValueError", "UnicodeError")) throw thrown<std::invalid_argument>(std::move(*this), text);
  if (is("TypeError")) throw thrown<type_error>(std::move(*this), text);
  if (is("AttributeError")) throw thrown<attribute_error>(std::move(*this), text);
  if (is("IndexError", "KeyError", "LookupError"))
    throw thrown<std::out_of_range>(std::move(*this), text);
  if (is("ArithmeticError", "ZeroDivisionError", "FloatingPointError"))
    throw thrown<std::domain_error>(std::move(*this), text);
  if (is("OverflowError")) throw thrown<std::overflow_error>(std::move(*this), text);
  if (is("MemoryError")) throw thrown<std::bad_alloc>(std::move(*this));
  if (is("AssertionError", "NotImplementedError"))
    throw thrown<std::logic_error>(std::move(*this), text);
  throw thrown<std::runtime_error>(std::move(*this), text);
}

remote_exception being_handled() {
  try {
    throw;
  } catch (const remote_exception& it) {
    return it;
  } catch (const failure& it) {
    return made(own, kind_of(it.reason().why), it);
  } catch (const wire::error& it) {
    return made(own, "SerializeError", it);
  } catch (const type_error& it) {
    return made(builtin, "TypeError", it);
  } catch (const attribute_error& it) {
    return made(builtin, "AttributeError", it);
  } catch (const std::out_of_range& it) {
    return made(builtin, "IndexError", it);
  } catch (const std::domain_error& it) {
    return made(builtin, "ArithmeticError", it);
  } catch (const std::invalid_argument& it) {
    return made(builtin, "ValueError", it);
  } catch (const std::length_error& it) {
    return made(builtin, "ValueError", it);
  } catch (const std::overflow_error& it) {
    return made(builtin, "OverflowError", it);
  } catch (const std::range_error& it) {
    return made(builtin, "ArithmeticError", it);
  } catch (const std::underflow_error& it) {
    return made(builtin, "ArithmeticError", it);
  } catch (const std::bad_alloc& it) {
    return made(builtin, "MemoryError", it);
  } catch (const std::system_error& it) {
    return made(builtin, "OSError", it);
  } catch (const std::logic_error& it) {
    return made(builtin, "AssertionError", it);
  } catch (const std::exception& it) {
    return made(builtin, "RuntimeError", it);
  } catch (...) {
    return made(builtin, "RuntimeError",
                std::runtime_error("what was thrown is no std::exception"));
  }
}

}  // namespace gof::inline v0::pyro
