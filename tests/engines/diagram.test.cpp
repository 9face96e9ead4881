// SPDX-License-Identifier: BSL-1.0
#include <gof/engines/diagram.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace sim = gof::sim;

std::vector<std::string> lines_of(const sim::diagram& it) {
  std::ostringstream out;
  it.print(out);
  std::istringstream in(out.str());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
std::size_t place_of(const std::vector<std::string>& lines, const std::string& text) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(text) != line.npos;
  });
  return static_cast<std::size_t>(found - lines.begin());
}

// Ada asks Bob once a second, for as long as it takes.
struct Diagram : testing::Test {
  sim::world world{1};
  sim::diagram drawing{world};
  std::unique_ptr<gof::node> ada = world.join("ada"), bob = world.join("bob");
  gof::registration serving =
      bob->serve("greet", [](const gof::message&, gof::responder to) { to.reply("hello"); });
  Diagram() { world.run(1s); }
  void ask_for(gof::duration span) {
    for (auto past = 0s; past < span; past += 1s) {
      ada->call({"greet"}, [](const gof::result<gof::message>&) {}).detach();
      world.run(1s);
    }
  }
};

TEST_F(Diagram, HasTheBrokerInTheMiddleAndARowForEachMessage) {
  ask_for(2s);
  const auto lines = lines_of(drawing);
  ASSERT_GT(lines.size(), 8u);
  EXPECT_LT(lines[0].find("ada"), lines[0].find("broker"));
  EXPECT_LT(lines[0].find("broker"), lines[0].find("bob"));
  const std::size_t asked = place_of(lines, "|-- call greet -");
  ASSERT_LT(asked + 3, lines.size());
  EXPECT_NE(lines[asked + 1].find("-- call greet ", lines[0].find("broker")), std::string::npos);
  EXPECT_NE(lines[asked + 2].find("<- answer ", lines[0].find("broker")), std::string::npos);
  EXPECT_NE(lines[asked + 3].find("|<- answer "), std::string::npos);
  EXPECT_EQ(place_of(lines, "lost"), lines.size());
}

TEST_F(Diagram, ShowsWhatIsLostAndBeginsALittleBeforeIt) {
  world.inject({5500ms, 1s, sim::kind::lose_answers, "ada", 1000});
  ask_for(10s);
  const auto lines = lines_of(drawing);
  EXPECT_NE(lines.at(1).find("messages)"), std::string::npos) << lines[1];
  const std::size_t begins = place_of(lines, "!! ada: lose answers for 1000.0 ms");
  ASSERT_LT(begins, lines.size());
  const std::size_t lost = place_of(lines, "  lost");
  EXPECT_GT(lost, begins);
  ASSERT_LT(lost, lines.size());
  EXPECT_NE(lines[lost].find("| X answer --"), std::string::npos) << lines[lost];
}

TEST_F(Diagram, ShowsThatNobodyIsThere) {
  world.inject({5500ms, 10s, sim::kind::crash, "bob", 0});
  ask_for(8s);
  const auto lines = lines_of(drawing);
  const std::size_t there = place_of(lines, "nobody there");
  ASSERT_LT(there, lines.size());
  EXPECT_GT(there, place_of(lines, "!! bob: crash for 10000.0 ms"));
  EXPECT_NE(lines[there].find("call greet"), std::string::npos);
}

TEST_F(Diagram, LeavesOutWhoHasLeastToDoWithIt) {
  std::vector<std::unique_ptr<gof::node>> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back(world.join("other" + std::to_string(i)));
    many.back()->call({"greet"}, [](const gof::result<gof::message>&) {}).detach();
  }
  world.inject({5500ms, 1s, sim::kind::lose_answers, "ada", 1000});
  ask_for(8s);
  const auto lines = lines_of(drawing);
  for (const char* name : {"ada", "bob", "broker"})
    EXPECT_NE(lines[0].find(name), std::string::npos);
  for (const auto& line : lines) EXPECT_LE(line.size(), 130u);
}

}  // namespace
