// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A text of lines, and the commands that edit it. Lines have ids that stay theirs, and commands
/// name ids, not positions: so a command means the same wherever, and whenever, it is executed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace world {

/// A line of a document.
struct line {
  std::uint64_t id = 0;  // Never 0, never used again in the document.
  std::string text;      // Without the end of line.
  friend bool operator==(const line&, const line&) = default;  // The same line?
};

/// The Receiver: lines in order. Each has one place for ever: a line that was taken out and is put
/// in again is where it was, whatever has come and gone around it. So its id stays.
class document {
 public:
  document() = default;  // No lines.
  /// A document as it was. \param lines its lines \param last_id the last id it gave to a line
  /// \param places of all lines that ever were; else those of its lines
  document(std::vector<line> lines, std::uint64_t last_id, std::vector<std::uint64_t> places = {})
      : lines_(std::move(lines)), places_(std::move(places)), last_id_(last_id) {
    if (places_.empty())
      for (const line& l : lines_) places_.push_back(l.id);
  }

  /// \returns the lines
  const std::vector<line>& lines() const noexcept { return lines_; }
  /// \returns the ids of all lines that ever were, in order
  const std::vector<std::uint64_t>& places() const noexcept { return places_; }
  /// \returns the id of a line \param number from 1; 0 is the place before the first, with id 0
  /// \throws std::out_of_range
  std::uint64_t id_of(std::size_t number) const {
    if (number > lines_.size()) {
      throw std::out_of_range("there are " + std::to_string(lines_.size()) + " lines");
    }
    return number == 0 ? 0 : lines_[number - 1].id;
  }
  /// \returns an id that no line here has had
  std::uint64_t new_id() noexcept { return ++last_id_; }
  /// \returns the last id given to a line
  std::uint64_t last_id() const noexcept { return last_id_; }
  /// \returns the text of a line, and the id of the line before it, or 0 \param id its id
  /// \throws std::out_of_range
  std::pair<std::string, std::uint64_t> look(std::uint64_t id) const {
    const std::size_t at = find(id);
    return {lines_[at].text, at == 0 ? 0 : lines_[at - 1].id};
  }
  /// Puts a line in. \param after the id of the line before it, which may be gone, or 0; it does
  /// not count where the line has a place \param l the line
  /// \throws std::out_of_range where there was no such line, std::invalid_argument where the new
  /// one is there; unchanged
  void put(std::uint64_t after, line l) {
    auto place = std::find(places_.begin(), places_.end(), l.id);
    if (place == places_.end()) {
      place = places_.begin();
      if (after != 0) {
        place = std::find(places_.begin(), places_.end(), after);
        if (place == places_.end()) throw std::out_of_range("there never was such a line");
        ++place;
      }
      place = places_.insert(place, l.id);
    }
    auto at = lines_.begin();  // The first that stands behind that place.
    for (auto before = places_.begin(); before != place; ++before)
      if (at != lines_.end() && at->id == *before) ++at;
    if (at != lines_.end() && at->id == l.id) throw std::invalid_argument("the line is there");
    last_id_ = std::max(last_id_, l.id);
    lines_.insert(at, std::move(l));
  }
  /// Takes a line out. \param id its id \returns its text, and the id of the line before it, or 0
  /// \throws std::out_of_range, unchanged
  std::pair<std::string, std::uint64_t> take(std::uint64_t id) {
    const std::size_t at = find(id);
    std::pair taken(std::move(lines_[at].text), at == 0 ? 0 : lines_[at - 1].id);
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(at));
    return taken;
  }
  /// Gives a line another text. \param id its id \param text the new \returns the old
  /// \throws std::out_of_range, unchanged
  std::string set(std::uint64_t id, std::string text) {
    return std::exchange(lines_[find(id)].text, std::move(text));
  }
  friend bool operator==(const document& a, const document& b) {
    return a.lines_ == b.lines_;
  }  // The same lines?

 private:
  std::size_t find(std::uint64_t id) const {
    const auto found =
        std::find_if(lines_.begin(), lines_.end(), [&](const line& l) { return l.id == id; });
    if (found == lines_.end()) throw std::out_of_range("the line is not there any more");
    return static_cast<std::size_t>(found - lines_.begin());
  }
  std::vector<line> lines_;            // In the order of
  std::vector<std::uint64_t> places_;  // these, some of whose lines are gone.
  std::uint64_t last_id_ = 0;
};

//! [commands]
/// ConcreteCommand: a new line.
struct insert {
  std::uint64_t id = 0;                                    // The new line's.
  std::uint64_t after = 0;                                 // The id of the line before it, or 0.
  std::string text;                                        // The new line's.
  void execute(document& d) { d.put(after, {id, text}); }  // Puts it in.
  void undo(document& d) { d.take(id); }                   // Takes it out.
  static std::string label() { return "insert"; }          // For menus.
  std::size_t cost() const noexcept { return sizeof *this + text.size(); }  // In bytes.
};

/// ConcreteCommand: a line goes.
struct erase {
  std::uint64_t id = 0;                                              // The line's.
  std::string text{};                                                // What it was, once executed.
  std::uint64_t after = 0;                                           // Where it was, once executed.
  void execute(document& d) { std::tie(text, after) = d.take(id); }  // Takes it out.
  void undo(document& d) { d.put(after, {id, text}); }               // Puts it back.
  std::string label() const { return "delete \"" + text + '"'; }     // For menus.
  std::size_t cost() const noexcept { return sizeof *this + text.size(); }  // In bytes.
};

/// ConcreteCommand: a line gets another text.
struct change {
  std::uint64_t id = 0;                                 // The line's.
  std::string text;                                     // The new text.
  std::string old{};                                    // The old, once executed.
  void execute(document& d) { old = d.set(id, text); }  // Gives the new.
  void undo(document& d) { d.set(id, old); }            // Gives back the old.
  static std::string label() { return "change"; }       // For menus.
  std::size_t cost() const noexcept {
    return sizeof *this + text.size() + old.size();
  }  // In bytes.
};
//! [commands]

}  // namespace world
