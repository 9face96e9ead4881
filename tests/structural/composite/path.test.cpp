// SPDX-License-Identifier: BSL-1.0
#include <gof/composite/path.hpp>
// The header under test comes first, so that it has to stand alone.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace cp = gof::composite;

struct entry {
  std::string name;
  const std::string& get() const { return name; }
};
using component = cp::component<entry>;
using tree = cp::tree<entry>;

static_assert(
    std::is_same_v<decltype(cp::find(std::declval<component&>(), "", &entry::name)), component*>);
static_assert(std::is_same_v<decltype(cp::find(std::declval<const component&>(), "", &entry::name)),
                             const component*>);

class Path : public testing::Test {
 protected:
  tree t{entry{"home"}};
  component &docs = t.root().add({"docs"}), &notes = docs.add({"notes"}),
            &second = docs.add({"notes"}), &deep = second.add({"x"}), &other = t.root().add({"x"});
  component* found(std::string_view path) { return cp::find(t.root(), path, &entry::name); }
};

TEST_F(Path, LeadsFromNameToName) {
  EXPECT_EQ(found("docs"), &docs);
  EXPECT_EQ(found("x"), &other);
  EXPECT_EQ(found("docs/notes"), &notes) << "the first of two";
  EXPECT_EQ(cp::find(second, "x", &entry::name), &deep);
}
TEST_F(Path, LeadsNowhere) {
  EXPECT_EQ(found("home"), nullptr) << "the top is where it begins";
  EXPECT_EQ(found("docs/x"), nullptr);
  EXPECT_EQ(found("docs/notes/x"), nullptr) << "the first of two is taken";
  EXPECT_EQ(found("doc"), nullptr);
  EXPECT_EQ(found("docs2"), nullptr);
}
TEST_F(Path, LeavesOutEmptyNames) {
  EXPECT_EQ(found(""), &t.root());
  EXPECT_EQ(found("/"), &t.root());
  EXPECT_EQ(found("/docs//notes/"), &notes);
}
TEST_F(Path, TakesKeysOfEachKind) {
  EXPECT_EQ(cp::find(t.root(), "docs", &entry::get), &docs);
  EXPECT_EQ(cp::find(t.root(), "DOCS",
                     [](const entry& e) { return e.name == "docs" ? std::string("DOCS") : ""; }),
            &docs);
  EXPECT_EQ(cp::find(t.root(), "docs.notes", &entry::name, '.'), &notes);
  EXPECT_EQ(cp::find(t.root(), "docs/notes", &entry::name, '.'), nullptr);
}
TEST_F(Path, IsWrittenFromTheRoot) {
  EXPECT_EQ(cp::path_of(t.root(), &entry::name), "");
  EXPECT_EQ(cp::path_of(docs, &entry::name), "docs");
  EXPECT_EQ(cp::path_of(std::as_const(deep), &entry::get, '.'), "docs.notes.x");
}

class SeededPath : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(CompositePath, SeededPath, testing::Range(0U, 50U));

TEST_P(SeededPath, ThePathOfAComponentFindsIt) {
  std::mt19937 random(GetParam());
  tree t(entry{"top"});
  std::vector<component*> all{&t.root()};
  std::set<std::string> paths{""};
  for (int i = 0; i != 40; ++i) {
    component& made = all[random() % all.size()]->add({std::to_string(i)});
    all.push_back(&made);
    paths.insert(cp::path_of(made, &entry::name));
  }
  EXPECT_EQ(paths.size(), all.size());
  for (component* c : all) {
    EXPECT_EQ(cp::find(t.root(), cp::path_of(*c, &entry::name), &entry::name), c);
  }
}

TEST(CompositePath, AMillionLevelsAreNotTooDeep) {
  constexpr std::size_t levels = 1'000'000;
  tree t(entry{"a"});
  component* at = &t.root();
  for (std::size_t i = 0; i != levels; ++i) at = &at->add({"a"});
  const std::string path = cp::path_of(*at, &entry::name);
  EXPECT_EQ(path.size(), 2 * levels - 1);
  EXPECT_EQ(cp::find(t.root(), path, &entry::name), at);
}

}  // namespace
