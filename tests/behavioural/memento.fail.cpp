// SPDX-License-Identifier: BSL-1.0
#include <gof/memento.hpp>
#include <gof/memento/persistence.hpp>
#include <string>

namespace {

class game {
  struct state {
    std::string moves;
  };

 public:
  using memento = gof::memento::memento<game, state>;
  memento create_memento() const { return memento(state_); }
  void set_memento(const memento& m) { m.restore(state_); }
  struct codec {
    static constexpr std::string_view name = "game";
    static constexpr unsigned version = 1;
    static std::string encode(const memento& m) { return m.state().moves; }
    static memento decode(std::string_view bytes) { return memento({std::string(bytes)}); }
  };

 private:
  state state_;
};
// The state is public; still nobody else can look into a memento.
struct counter {
  using memento = gof::memento::memento<counter, int>;
  int value = 0;
  memento create_memento() const { return memento(value); }
  void set_memento(const memento& m) { m.restore(value); }
};
struct heir : game {
#ifdef FAIL_look_by_derivation  // says: private
  static std::string look(const memento& m) { return m.state().moves; }
#else
  static std::size_t look(const memento& m) { return m.cost(); }
#endif
};
using caretaker = gof::memento::caretaker<game::memento>;

[[maybe_unused]] void cases(game& g, const game::memento& m, caretaker& c, counter& n) {
#ifdef FAIL_look_into_a_memento  // says: private
  static_cast<void>(m.state());
#else
  static_cast<void>(m.cost());
#endif

#ifdef FAIL_restore_past_the_originator  // says: private
  int stolen = 0;
  n.create_memento().restore(stolen);
#else
  n.set_memento(n.create_memento());
#endif

#ifdef FAIL_make_a_memento  // says: private
  counter::memento forged(1);
  n.set_memento(forged);
#endif

#ifdef FAIL_memento_of_another_originator  // says: convert|no viable
  g.set_memento(n.create_memento());
#else
  g.set_memento(m);
#endif

#ifdef FAIL_restore_of_another_originator  // says: no matching
  c.restore(n, 1);
#else
  c.restore(g, 1);
#endif

#ifdef FAIL_exchange_of_a_kept_memento  // says: const
  c[0].memento = g.create_memento();
#else
  g.set_memento(c[0].memento);
#endif

#ifdef FAIL_copy_of_a_caretaker  // says: deleted function|deleted constructor
  caretaker copy(c);
#endif
}

#ifdef FAIL_state_that_cannot_be_moved_without_throwing  // says: moves without throwing
struct heavy {
  heavy() = default;
  heavy(const heavy&) {}
  heavy& operator=(const heavy&) { return *this; }
};
#else
struct heavy {};
#endif
struct holder {
  using memento = gof::memento::memento<holder, heavy>;
  heavy value;
  void set_memento(const memento& m) { m.restore(value); }
};
[[maybe_unused]] void restores(holder& h, const holder::memento& m) { h.set_memento(m); }

struct outsider {
  static constexpr std::string_view name = "game";
  static constexpr unsigned version = 1;
#ifdef FAIL_codec_outside_the_originator  // says: private
  static std::string encode(const game::memento& m) { return m.state().moves; }
#else
  static std::string encode(const game::memento& m) { return game::codec::encode(m); }
#endif
  static game::memento decode(std::string_view bytes) { return game::codec::decode(bytes); }
};
struct two_lines : game::codec {
#ifdef FAIL_name_of_two_lines  // says: constraint|no matching function
  static constexpr std::string_view name = "two\nlines";
#endif
};
struct no_constant : game::codec {
#ifdef FAIL_version_that_is_not_a_constant  // says: constraint|no matching function
  unsigned version = 1;
#endif
};
[[maybe_unused]] void saves(const game::memento& m) {
  static_cast<void>(gof::memento::save(m, outsider()));
  static_cast<void>(gof::memento::save(m, two_lines()));
  static_cast<void>(gof::memento::save(m, no_constant()));
}

}  // namespace
