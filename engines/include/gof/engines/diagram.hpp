// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A space-time diagram of a simulation, in text: who sent what to whom, what got lost, what went
/// wrong.

#include <algorithm>
#include <cstddef>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gof/engines/simulator.hpp>

namespace gof::inline v0::sim {

/// \addtogroup engines
/// @{

/// Takes down what happens in a world, and draws it: a column a node, with the broker in the
/// middle, and a row a message, at the time when it leaves.
/// \threads of the world
class diagram {
 public:
  /// Takes down from now on. \param of the world, of which it is the only observer
  explicit diagram(world& of) {
    of.watch(scope_.bind([this](const step& it) { take(it); }));
  }
  diagram(const diagram&) = delete;
  diagram& operator=(const diagram&) = delete;

  /// Draws from a little before the first that went wrong; and from when that was over.
  /// \param to where to \param rows how many at most, each time
  void print(std::ostream& to, std::size_t rows = 18) const {
    const std::size_t first = first_row();
    const std::vector<std::string> nodes = columns(first);
    const std::size_t wide = std::clamp<std::size_t>(84 / nodes.size(), 14, 28);
    std::string line(13, ' ');
    for (const std::string& name : nodes) {
      line += name.substr(0, wide - 1);
      line.resize(13 + wide * (1 + static_cast<std::size_t>(&name - nodes.data())), ' ');
    }
    to << trimmed(line) << '\n';
    std::size_t next = 0;
    const auto draw_from = [&](std::size_t begin) {
      if (begin > next) to << "             (" << begin - next << " messages)\n";
      std::size_t left = rows;
      for (next = begin; next < rows_.size() && left > 0; ++next) {
        const row& it = rows_[next];
        const std::string& who = it.from == "broker" ? it.to : it.from;
        if (!it.to.empty() && std::find(nodes.begin(), nodes.end(), who) == nodes.end()) continue;
        to << drawn(it, nodes, wide) << '\n';
        --left;
      }
    };
    draw_from(first);
    time_point over = time_point::max();
    for (const row& it : rows_)
      if (it.to.empty()) over = std::min(over, it.arrives);
    const auto after =
        std::find_if(rows_.begin(), rows_.end(), [&](const row& it) { return it.at >= over; });
    const auto place = static_cast<std::size_t>(after - rows_.begin());
    if (place < rows_.size() && place >= next) draw_from(place);
    if (next < rows_.size()) to << "             (" << rows_.size() - next << " messages)\n";
  }

 private:
  struct row {
    time_point at{}, arrives{};
    std::string from{}, to{}, text{}, note{};  // a fault has no `to`
  };
  static constexpr std::size_t most_rows = 100'000, most_nodes = 3, lead = 4;

  void take(const step& it) {
    if (rows_.size() == most_rows) return;
    const std::string who(it.who);
    if (it.what) {
      std::string text(name_of(it.what->what));
      std::replace(text.begin(), text.end(), '_', ' ');
      if (it.what->lasts > duration::zero()) text += " for " + in_ms(it.what->lasts);
      if (it.what->what == kind::crash) gone_[who] = it.at + it.what->lasts;
      rows_.push_back({it.at, it.at + it.what->lasts, who, {}, std::move(text), {}});
      return;
    }
    std::string text = it.up ? label(*it.up) : label(*it.down);
    if (text.empty()) return;
    std::string note;
    if (it.arrives == time_point::max())
      note = "lost";
    else if (it.arrives < gone_[it.up ? "broker" : who])
      note = "nobody there";
    else if (it.arrives - it.at > std::chrono::milliseconds(20))
      note = "takes " + in_ms(it.arrives - it.at);
    rows_.push_back({it.at, it.arrives, it.up ? who : "broker", it.up ? "broker" : who,
                     std::move(text), std::move(note)});
  }

  // In words; empty for what keeps the engine going.
  static std::string label(const engines::request& it) {
    return std::visit(
        [](const auto& what) -> std::string {
          using t = std::remove_cvref_t<decltype(what)>;
          using namespace engines;
          if constexpr (std::is_same_v<t, ask>) return "call " + what.what.subject;
          if constexpr (std::is_same_v<t, engines::serve>) return "serve " + what.subject;
          if constexpr (std::is_same_v<t, answer>) return what.what ? "answer" : "refuse";
          if constexpr (std::is_same_v<t, engines::publish>) return "tell " + what.what.subject;
          if constexpr (std::is_same_v<t, subscribe>) return "listen " + what.pattern;
          if constexpr (std::is_same_v<t, append>) return "append " + what.log;
          if constexpr (std::is_same_v<t, engines::truncate>) return "cut " + what.log;
          if constexpr (std::is_same_v<t, settle>) return "settle " + what.log;
          if constexpr (std::is_same_v<t, get>) return "get " + what.key;
          if constexpr (std::is_same_v<t, put>) return (what.value ? "put " : "erase ") + what.key;
          if constexpr (std::is_same_v<t, leave>) return "leave";
          return {};
        },
        it.what);
  }
  static std::string label(const engines::happening& it) {
    if (it.token == 0) return {};
    return std::visit(
        [](const auto& what) -> std::string {
          using t = std::remove_cvref_t<decltype(what)>;
          using namespace engines;
          const auto some = [](std::size_t n, const char* of) {
            return n == 0 ? std::string() : std::to_string(n) + ' ' + of + (n > 1 ? "s" : "");
          };
          if constexpr (std::is_same_v<t, error>)
            return category().message(static_cast<int>(what.why));
          if constexpr (std::is_same_v<t, done>) return "ok";
          if constexpr (std::is_same_v<t, engines::version>)
            return "ok, version " + std::to_string(what.number);
          if constexpr (std::is_same_v<t, reply>) return "answer";
          if constexpr (std::is_same_v<t, appended>)
            return (what.repeated ? "was line " : "ok, line ") + std::to_string(what.sequence);
          if constexpr (std::is_same_v<t, versioned>) return "value";
          if constexpr (std::is_same_v<t, asked>) return "call " + what.what.subject;
          if constexpr (std::is_same_v<t, told>) return what.what.subject;
          if constexpr (std::is_same_v<t, lines>) return some(what.all.size(), "line");
          if constexpr (std::is_same_v<t, jobs>) return some(what.all.size(), "job");
          if constexpr (std::is_same_v<t, changes>) return some(what.all.size(), "change");
        },
        it.what);
  }
  static std::string in_ms(duration span) {
    const auto tenths = span / std::chrono::microseconds(100);
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " ms";
  }
  static std::string trimmed(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  }

  // The first row that is drawn.
  [[nodiscard]] std::size_t first_row() const {
    const auto struck = std::find_if(rows_.begin(), rows_.end(), [](const row& it) {
      return it.to.empty() || it.note == "lost";
    });
    const auto place = static_cast<std::size_t>(struck - rows_.begin());
    return struck == rows_.end() || place < lead ? 0 : place - lead;
  }
  // Who has a column: the broker in the middle, and those whom most goes wrong with, or else who
  // send and get most.
  [[nodiscard]] std::vector<std::string> columns(std::size_t first) const {
    std::map<std::string, std::pair<std::size_t, std::size_t>> count;
    for (std::size_t i = first; i < rows_.size(); ++i)
      for (const std::string& who : {rows_[i].from, rows_[i].to}) {
        if (who.empty() || who == "broker") continue;
        auto& [struck, all] = count[who];
        struck += !rows_[i].note.empty() || rows_[i].to.empty();
        ++all;
      }
    std::vector<std::string> nodes;
    for (const auto& one : count) nodes.push_back(one.first);
    std::stable_sort(nodes.begin(), nodes.end(),
                     [&](const auto& a, const auto& b) { return count[a] > count[b]; });
    if (nodes.size() > most_nodes) nodes.resize(most_nodes);
    std::sort(nodes.begin(), nodes.end());
    nodes.insert(nodes.begin() + static_cast<std::ptrdiff_t>((nodes.size() + 1) / 2), "broker");
    return nodes;
  }
  static std::string drawn(const row& it, const std::vector<std::string>& nodes, std::size_t wide) {
    const std::string time = in_ms(it.at.time_since_epoch());
    const std::string line =
        std::string(time.size() < 11 ? 11 - time.size() : 0, ' ') + time + "  ";
    std::string lanes;
    for (std::size_t i = 0; i < nodes.size(); ++i) lanes += '|' + std::string(wide - 1, ' ');
    if (it.to.empty()) return line + trimmed(lanes) + "  !! " + it.from + ": " + it.text;
    const auto column = [&](const std::string& name) {
      return static_cast<std::size_t>(std::find(nodes.begin(), nodes.end(), name) - nodes.begin());
    };
    const std::size_t from = column(it.from), to = column(it.to);
    const std::size_t left = std::min(from, to) * wide + 1, right = std::max(from, to) * wide;
    const std::string text = ' ' + it.text.substr(0, right - left - 6) + ' ';
    std::string arrow(right - left, '-');
    arrow.replace(2, text.size(), text);
    if (it.note == "lost") {  // it ends before it is there
      if (from < to)
        arrow.replace(arrow.size() - 3, 3, "X  ");
      else
        arrow.replace(0, 2, " X");
    } else {
      (from < to ? arrow.back() : arrow.front()) = from < to ? '>' : '<';
    }
    lanes.replace(left, arrow.size(), arrow);
    return line + trimmed(lanes) + (it.note.empty() ? "" : "  " + it.note);
  }

  std::vector<row> rows_;
  std::map<std::string, time_point> gone_;  // until when
  scope scope_;
};

/// @}
}  // namespace gof::inline v0::sim
