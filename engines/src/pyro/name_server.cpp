// SPDX-License-Identifier: BSL-1.0
#include <gof/pyro/name_server.hpp>

#include <algorithm>
#include <boost/regex.hpp>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "names.hpp"

namespace gof::inline v0::pyro {
using detail::asked;
namespace {

constexpr std::size_t longest_name = 1024, most_tags = 64;

[[noreturn]] void refuse(std::string text) {
  remote_exception it;
  it.kind = "Pyro5.errors.NamingError";
  it.arguments.emplace_back(std::move(text));
  std::move(it).raise();
}
value tags_of(const std::set<std::string>& all) {
  list it;
  for (const std::string& one : all) it.emplace_back(one);
  return value(std::move(it));
}
// What is in a list, a tuple or a set.
const list* items_of(const value& it) {
  if (it.is<list>()) return &it.as<list>();
  if (it.is<tuple>()) return &it.as<tuple>().items;
  if (it.is<set>()) return &it.as<set>().items;
  return nullptr;
}
std::set<std::string> tags_in(const value& sent) {
  if (sent.is<std::monostate>()) return {};
  const list* const all = items_of(sent);
  if (!all || all->size() > most_tags) throw type_error("tags are a list of a few strings");
  std::set<std::string> tags;
  for (const value& one : *all) tags.insert(one.as<std::string>());
  return tags;
}
// As Pyro writes a URI: protocol, object, socket's name, host, port.
value written(const uri& it) {
  list state;
  state.emplace_back(it.is == uri::kind::name   ? "PYRONAME"
                     : it.is == uri::kind::tags ? "PYROMETA"
                                                : "PYRO");
  state.emplace_back(it.object);
  state.emplace_back();
  state.push_back(it.host.empty() ? value() : value(it.host));
  state.push_back(it.host.empty() ? value() : value(std::int64_t{it.port}));
  dict all;
  all.emplace_back(value("__class__"), value("Pyro5.core.URI"));
  all.emplace_back(value("state"), value(std::move(state)));
  return value(std::move(all));
}
uri read_uri(const value& sent) {
  if (sent.is<std::string>()) return uri(sent.as<std::string>());
  const value* const state = sent.is<dict>() ? sent.find("state") : nullptr;
  const list* const parts = state ? items_of(*state) : nullptr;
  if (!parts || parts->size() != 5) throw type_error("only URIs or strings can be registered");
  const value &host = (*parts)[3], &port = (*parts)[4];
  std::string text = (*parts)[0].as<std::string>() + ':' + (*parts)[1].as<std::string>();
  if (host.is<std::string>()) {
    const auto& name = host.as<std::string>();
    text += '@' + (name.find(':') == name.npos ? name : '[' + name + ']');
  }
  if (port.is<std::int64_t>()) text += ':' + std::to_string(port.as<std::int64_t>());
  return uri(text);
}
named_objects read_named(const value& sent) {
  named_objects all;
  for (const auto& [name, it] : sent.as<dict>()) {
    const list* const parts = items_of(it);
    if (!parts || parts->size() != 2) throw type_error("the name server answers in another way");
    all[name.as<std::string>()] = {read_uri((*parts)[0]), tags_in((*parts)[1])};
  }
  return all;
}
}  // namespace

// ---- Elsewhere ----------------------------------------------------------------------------------

name_server::name_server(std::string host, std::uint16_t port, calling how)
    : object_({"Pyro.NameServer", std::move(host), port}, std::move(how)) {}

uri name_server::lookup(std::string_view name) {
  return asked([&] { return read_uri(object_.call("lookup", name)); });
}
void name_server::add(std::string_view name, const uri& where, const std::set<std::string>& tags,
                      bool replace) {
  asked([&] { object_.call<void>("register", name, where.text(), !replace, tags_of(tags)); });
}
bool name_server::remove(std::string_view name) {
  return asked([&] { return object_.call<int>("remove", name) > 0; });
}
std::map<std::string, uri> name_server::list(std::string_view prefix) {
  return asked([&] {
    std::map<std::string, uri> all;
    for (const auto& [name, where] :
         object_.call<std::map<std::string, std::string>>("list", prefix))
      all.emplace(name, uri(where));
    return all;
  });
}
named_objects name_server::with_all(const std::set<std::string>& tags) {
  return asked([&] { return read_named(object_.call("yplookup", tags_of(tags))); });
}
named_objects name_server::with_any(const std::set<std::string>& tags) {
  return asked([&] { return read_named(object_.call("yplookup", value(), tags_of(tags))); });
}

uri name_server::resolve(const uri& name, const calling& how) {
  const detail::question it = detail::question_for(name);
  remote_object names(it.at, how);
  return asked([&] { return detail::found(name, names.call(it.method, it.argument)); });
}

namespace detail {
question question_for(const uri& name) {
  const bool usual = name.host.empty();
  const uri at("Pyro.NameServer", usual ? "localhost" : name.host,
               usual ? uri::default_name_server_port : name.port);
  if (name.is == uri::kind::name) return {at, "lookup", value(name.object)};
  std::set<std::string> tags;
  for (std::size_t from = 0; from <= name.object.size();) {
    const std::size_t comma = std::min(name.object.find(',', from), name.object.size());
    tags.insert(name.object.substr(from, comma - from));
    from = comma + 1;
  }
  return {at, "yplookup", tags_of(tags)};
}
uri found(const uri& name, const value& answer) {
  if (name.is == uri::kind::name) return read_uri(answer);
  const named_objects all = read_named(answer);
  if (all.empty())
    throw failure({errc::not_found, "nothing has all of these tags: " + name.object, {}});
  return all.begin()->second.where;
}
}  // namespace detail

// ---- Here ---------------------------------------------------------------------------------------

name_directory::name_directory(uri where) {
  all_.emplace("Pyro.NameServer",
               named_object{std::move(where), {"class:Pyro5.nameserver.NameServer"}});
}

uri name_directory::serve(server& by) {
  const std::string id = "Pyro.NameServer";
  return by.serve(std::make_shared<name_directory>(by.where(id)), id);
}

const servant::listing& name_directory::members() const noexcept {
  static const listing all{
      {"lookup", "register", "remove", "list", "yplookup", "set_metadata", "count", "ping"},
      {},
      {}};
  return all;
}

item_source name_directory::invoke(use how, std::string_view name, const given& arguments,
                                   std::string& out, exchange&) {
  const auto& known = members().methods;
  if (how != use::call || std::find(known.begin(), known.end(), name) == known.end())
    throw attribute_error("a name server has no " + detail::shortened(name));
  const value places = decode(arguments.places, serializer::msgpack);
  const value names = decode(arguments.names, serializer::msgpack);
  const value told = answer(name, places.as<list>(), names.is<dict>() ? names.as<dict>() : dict());
  encode_to(out, told, serializer::msgpack);
  return {};
}

value name_directory::answer(std::string_view name, const list& places, const dict& names) {
  const auto take = [&](std::size_t place, const char* parameter) {
    if (place < places.size()) return places[place];
    for (const auto& [key, what] : names)
      if (key == value(parameter)) return what;
    return value();
  };
  const auto text = [&](std::size_t place, const char* parameter) {
    const value it = take(place, parameter);
    if (!it.is<std::string>() || it.as<std::string>().size() > longest_name)
      throw type_error(std::string(parameter) + " must be a str of at most 1024 bytes");
    return it.as<std::string>();
  };
  const auto yes = [&](std::size_t place, const char* parameter) {
    const value it = take(place, parameter);
    return it.is<bool>() && it.as<bool>();
  };
  const auto optional = [&](std::size_t place, const char* parameter) {
    const value it = take(place, parameter);
    return it.is<std::monostate>() ? std::optional<std::string>() : text(place, parameter);
  };
  // Those whose names begin so, or match so, as Python's re.match does.
  const auto chosen = [&](std::optional<std::string> prefix, std::optional<std::string> pattern) {
    if (prefix && pattern) throw std::invalid_argument("a prefix or a regex, not both");
    std::vector<std::string> all;
    try {
      const boost::regex expression(pattern.value_or(""));
      for (const auto& [one, what] : all_)
        if (one.starts_with(prefix.value_or("")) &&
            (!pattern || boost::regex_search(one, expression, boost::match_continuous)))
          all.push_back(one);
    } catch (const std::runtime_error& e) {  // no expression; or one that takes too long
      refuse(std::string("invalid regular expression: ") + e.what());
    }
    return all;
  };
  const auto told = [&](const std::vector<std::string>& which, bool tags) {
    dict all;
    for (const std::string& one : which) {
      const named_object& it = all_.find(one)->second;
      list both;
      both.emplace_back(it.where.text());
      both.push_back(tags_of(it.tags));
      all.emplace_back(value(one), tags ? value(std::move(both)) : value(it.where.text()));
    }
    return value(std::move(all));
  };

  const std::lock_guard lock(guard_);
  if (name == "ping") return {};
  if (name == "count") return value(static_cast<std::int64_t>(all_.size()));
  if (name == "lookup") {
    const auto found = all_.find(text(0, "name"));
    if (found == all_.end()) refuse("unknown name: " + text(0, "name"));
    if (!yes(1, "return_metadata")) return written(found->second.where);
    list both;
    both.push_back(written(found->second.where));
    both.push_back(tags_of(found->second.tags));
    return value(std::move(both));
  }
  if (name == "register") {
    named_object it{read_uri(take(1, "uri")), tags_in(take(3, "metadata"))};
    const std::string key = text(0, "name");
    if (yes(2, "safe") && all_.contains(key)) refuse("name already registered: " + key);
    if (all_.size() >= most_names && !all_.contains(key)) refuse("too many names");
    all_.insert_or_assign(key, std::move(it));
    return {};
  }
  if (name == "set_metadata") {
    const auto found = all_.find(text(0, "name"));
    if (found == all_.end()) refuse("unknown name: " + text(0, "name"));
    found->second.tags = tags_in(take(1, "metadata"));
    return {};
  }
  if (name == "remove") {
    std::vector<std::string> gone;
    if (const auto one = optional(0, "name")) {
      gone.push_back(*one);
    } else if (const auto prefix = optional(1, "prefix"), pattern = optional(2, "regex");
               prefix || pattern) {
      gone = chosen(prefix, pattern);
    }
    std::int64_t n = 0;
    for (const std::string& one : gone)
      if (one != "Pyro.NameServer") n += static_cast<std::int64_t>(all_.erase(one));
    return value(n);
  }
  if (name == "list")
    return told(chosen(optional(0, "prefix"), optional(1, "regex")), yes(2, "return_metadata"));
  // yplookup: by all of some tags, or by any.
  const auto every = tags_in(take(0, "meta_all")), any = tags_in(take(1, "meta_any"));
  if (every.empty() == any.empty())
    throw std::invalid_argument("ask for all of some tags, or for any");
  const value tags = take(2, "return_metadata");
  std::vector<std::string> found;
  for (const auto& [one, it] : all_) {
    const auto has = [&](const std::string& tag) { return it.tags.contains(tag); };
    if (every.empty() ? std::any_of(any.begin(), any.end(), has)
                      : std::all_of(every.begin(), every.end(), has))
      found.push_back(one);
  }
  return told(found, !tags.is<bool>() || tags.as<bool>());
}

}  // namespace gof::inline v0::pyro
