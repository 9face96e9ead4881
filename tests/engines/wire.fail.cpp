// SPDX-License-Identifier: BSL-1.0
#include <gof/wire.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace wire = gof::wire;

struct undescribed {
  int x = 0;
};
struct inner {
  int x = 0;
};
BOOST_DESCRIBE_STRUCT(inner, (), (x))

struct nested {
#ifdef FAIL_struct_that_is_not_described_inside  // says: is_void_v<.*undescribed
  std::map<std::string, std::vector<undescribed>> parts;
#else
  std::map<std::string, std::vector<inner>> parts;
#endif
};
BOOST_DESCRIBE_STRUCT(nested, (), (parts))

struct left {
  int x = 0;
};
BOOST_DESCRIBE_STRUCT(left, (), (x))
struct right {
#ifdef FAIL_two_members_of_one_name  // says: is_void_v<.*both
  int x = 0;
};
BOOST_DESCRIBE_STRUCT(right, (), (x))
#else
  int y = 0;
};
BOOST_DESCRIBE_STRUCT(right, (), (y))
#endif
struct both : left, right {};
BOOST_DESCRIBE_STRUCT(both, (left, right), ())

struct keeper {
  wire::unknown_fields rest;
#ifdef FAIL_unknown_fields_that_are_kept_twice  // says: is_void_v<.*keeper
  wire::unknown_fields again;
};
BOOST_DESCRIBE_STRUCT(keeper, (), (rest, again))
#else
};
BOOST_DESCRIBE_STRUCT(keeper, (), (rest))
#endif

[[maybe_unused]] void cases(std::string bytes) {
#ifdef FAIL_struct_that_is_not_described  // says: is_void_v<.*undescribed
  bytes = wire::encode(undescribed());
#else
  bytes = wire::encode(inner());
#endif
  bytes = wire::encode(nested());
  bytes = wire::encode(both());
  bytes = wire::encode(keeper());

#ifdef FAIL_decoded_view  // says: is_void_v<.*string_view
  wire::decode<std::vector<std::string_view>>(bytes);
#else
  static_cast<void>(wire::decode<std::vector<std::string>>(bytes));
#endif

#ifdef FAIL_optional_of_optional  // says: is_void_v<.*optional<.*optional<int
  bytes = wire::encode(std::optional<std::optional<int>>());
#else
  bytes = wire::encode(std::optional<std::vector<std::optional<int>>>());
#endif

#ifdef FAIL_map_whose_keys_are_numbers  // says: is_void_v<.*map<int
  bytes = wire::encode(std::map<int, int>());
#else
  bytes = wire::encode(std::map<std::string, int>());
#endif

#ifdef FAIL_pointer  // says: is_void_v<.*unique_ptr
  bytes = wire::encode(std::make_unique<int>());
#else
  bytes = wire::encode(std::make_optional(1));
#endif

  inner value;
#ifdef FAIL_decoded_into_a_constant  // says: constraint|no matching
  static_cast<void>(wire::decode_into(bytes, std::as_const(value)));
#else
  static_cast<void>(wire::decode_into(bytes, value));
#endif
}

}  // namespace
