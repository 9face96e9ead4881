// SPDX-License-Identifier: BSL-1.0
#include <gof/state/dot.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

struct in_no_namespace {
  bool operator()(const auto&) const { return true; }
};

namespace {

namespace st = gof::state;
using st::action, st::any, st::guard, st::ignore, st::internal, st::refuse, st::transition;

struct door {
  bool locked = false;
  bool free() const { return !locked; }
  void creak() {}
};
namespace rooms {
bool warm(const door&) { return true; }
void slam(door&) {}
}  // namespace rooms
struct always {
  bool operator()(const door&) const { return true; }
};

struct shut {};
struct open {
  static constexpr std::string_view name = "open \"wide\\\"";
};
struct gone {};
struct push {};
struct pull {};
struct burn {};

TEST(StateDot, DrawsEachRowThatCanBeTaken) {
  using table = st::table<
      door, st::states<shut, open, gone>, st::events<push, pull, burn>,
      transition<shut, push, open, guard<&door::free>, guard<rooms::warm>, action<&door::creak>>,
      internal<shut, push, guard<always{}>, action<rooms::slam>, action<&door::creak>>,
      ignore<shut, push>,                                  //
      transition<open, pull, shut, action<[](door&) {}>>,  //
      transition<open, push, open>,                        //
      refuse<open, burn, guard<rooms::warm>>,              //
      ignore<gone, any>, transition<any, burn, gone>, refuse<any, any>>;
  EXPECT_EQ(st::dot<table>(), R"(digraph {
  rankdir=LR;
  "shut";
  "open \"wide\\\"";
  "gone" [peripheries=2];
  "" [shape=point];
  "" -> "shut";
  "shut" -> "open \"wide\\\"" [label="push [free] [warm] / creak"];
  "shut" -> "shut" [label="push [always] / slam / creak" style=dashed];
  "shut" -> "gone" [label="burn"];
  "open \"wide\\\"" -> "open \"wide\\\"" [label="push"];
  "open \"wide\\\"" -> "shut" [label="pull / ..."];
  "open \"wide\\\"" -> "gone" [label="burn"];
}
)");
}

TEST(StateDot, NamesWhatIsInNoNamespace) {
  using table = st::table<door, st::states<shut>, st::events<push>,
                          transition<shut, push, shut, guard<in_no_namespace{}>>, refuse<any, any>>;
  EXPECT_NE(st::dot<table>().find("[label=\"push [in_no_namespace]\"]"), std::string::npos);
}

TEST(StateDot, AStateThatIsOnlyLeftForItselfIsFinal) {
  using table = st::table<door, st::states<shut>, st::events<push>, transition<shut, push, shut>>;
  EXPECT_NE(st::dot<table>().find("\"shut\" [peripheries=2];"), std::string::npos);
}

// The diagram on the page is the one that the example draws of its table.
TEST(StateDot, ThePageShowsTheDiagramOfTheExample) {
  const auto text_of = [](const std::filesystem::path& path) {
    std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "../../.." / path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string output = text_of("examples/behavioural/state.out");
  const std::size_t begin = output.find("digraph {"), end = output.find("\n}\n", begin);
  ASSERT_NE(end, std::string::npos);
  EXPECT_NE(text_of("docs/behavioural/state.md").find(output.substr(begin, end - begin + 3)),
            std::string::npos);
}

}  // namespace
