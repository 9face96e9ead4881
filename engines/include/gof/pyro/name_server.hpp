// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Names of objects: a name server of Pyro's, asked; and one of ours.

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include <gof/pyro/members.hpp>
#include <gof/pyro/object.hpp>
#include <gof/pyro/server.hpp>
#include <gof/pyro/uri.hpp>

namespace gof::inline v0::pyro {

/// \addtogroup pyro
/// @{

/// What a name server knows of a name.
struct named_object {
  uri where{};                   ///< the object
  std::set<std::string> tags{};  ///< what else is said of it: the yellow pages
};
/// Names, and what is known of them.
using named_objects = std::map<std::string, named_object, std::less<>>;

/// A name server elsewhere, Pyro's own or \ref name_directory. \threads any
class name_server {
 public:
  /// \param host where it is \param port and at which port \param how options
  explicit name_server(std::string host = "localhost",
                       std::uint16_t port = uri::default_name_server_port, calling how = {});

  /// \returns where the object of that name is \throws failure not_found where there is none
  [[nodiscard]] uri lookup(std::string_view name);
  /// Gives an object a name. \param name the name \param where the object \param tags what else is
  /// said of it \param replace whether it may be another's until now
  /// \throws failure conflict where it is another's
  void add(std::string_view name, const uri& where, const std::set<std::string>& tags = {},
           bool replace = true);
  /// Forgets a name. \param name the name \returns whether it was known
  bool remove(std::string_view name);
  /// \returns the names that begin so, and where their objects are. \param prefix the beginning
  [[nodiscard]] std::map<std::string, uri> list(std::string_view prefix = {});
  /// \returns those of whom all of this is said. \param tags what is said
  [[nodiscard]] named_objects with_all(const std::set<std::string>& tags);
  /// \returns those of whom any of this is said. \param tags what is said
  [[nodiscard]] named_objects with_any(const std::set<std::string>& tags);

  /// \returns where an object is that has a name, or one of those with all of its tags
  /// \param name such as `PYRONAME:warehouse` or `PYROMETA:books` \param how options
  /// \throws failure not_found where there is none
  [[nodiscard]] static uri resolve(const uri& name, const calling& how);

 private:
  remote_object object_;
};

/// Names of objects, for Python as well; at port 9090, where Pyro's tools look for it. It forgets
/// all names when it ends, and is not found by broadcasts: say where it is. \threads any
///
///     gof::pyro::server at({.port = gof::pyro::uri::default_name_server_port});
///     gof::pyro::name_directory::serve(at);
class name_directory final : public servant {
 public:
  /// How many names it keeps; more are refused.
  static constexpr std::size_t most_names = 100'000;
  /// \param where it is, which it knows by its own name
  explicit name_directory(uri where);
  /// Makes one, and lets it be called by the id where it is looked for. \param by the server
  /// \returns where it is
  static uri serve(server& by);
  [[nodiscard]] const listing& members() const noexcept override;
  item_source invoke(use how, std::string_view name, const given& arguments, std::string& out,
                     exchange& by) override;

 private:
  value answer(std::string_view name, const list& places, const dict& names);
  std::mutex guard_;
  named_objects all_;
};

/// @}
}  // namespace gof::inline v0::pyro
