// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// Abstract Factory over a network: a family of services of one epoch, that is never mixed.

#include <algorithm>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gof/abstract_factory.hpp>
#include <gof/node.hpp>
#include <gof/wire.hpp>

/// \defgroup abstract_factory_distributed Abstract Factory, distributed
/// \ingroup abstract_factory
/// A family of services that belong together, and are replaced together, while clients use them.
/// All that a client is given is of one epoch. A new family is there before the old one goes.
///
/// | In the book     | In the field            | Here                                            |
/// |-----------------|-------------------------|-------------------------------------------------|
/// | AbstractFactory, Kit | service discovery  | \ref gof::abstract_factory::distributed::factory "factory", which gives a \ref gof::abstract_factory::distributed::kit "kit" |
/// | ConcreteFactory | rolling upgrade, make before break | \ref gof::abstract_factory::distributed::publisher "publisher" |
/// | AbstractProduct | typed reference         | a member of your struct: a \ref gof::abstract_factory::distributed::product "product" |
/// | ConcreteProduct | service instance        | any class, at a \ref gof::abstract_factory::distributed::maker "maker" |
/// | CreateProductA  | idempotent receiver     | `kit.create(&edition::board, …)`                |
/// |                 | generation clock, lease | \ref gof::abstract_factory::distributed::roster "roster" |
///
/// | To …                                   | write                                                 |
/// |----------------------------------------|-------------------------------------------------------|
/// | say what a family has                  | `struct edition { product board, rules; };`, described for Boost.Describe |
/// | … what not each family has             | `std::optional<product> clock;`                       |
/// | … what old programs must not overlook  | `gof::wire::required<product> clock;`                 |
/// | make products for whoever asks         | `maker<T> m(node, "chess", "board", "chess.board.2", make, serve)` |
/// | put a family in place                  | `publisher<edition> p(node, "chess"); p.publish(products, id, done)` |
/// | get a family                           | `factory<edition> f(node, "chess"); f.obtain(done)`   |
/// | make a product of it                   | `kit->create(&edition::board, "8x8", done)`           |
/// | use it                                 | `kit->call(made, "e2e4", done)`                       |
/// | know whether a maker can go            | `m.retired()`                                         |
///
/// | What may happen                        | What it comes to                                      |
/// |----------------------------------------|-------------------------------------------------------|
/// | another family is published            | a kit stays what it is; the next one is of the new family; the old one goes when nobody holds it, or after so long |
/// | a product is missing, or does not answer | the family is not published; the error names the product |
/// | two publish at once                    | one after the other, each once                        |
/// | the answer to a publication or to a create is lost | it is asked again, and done once          |
/// | a kit's maker is gone, starts anew, or was not heard of for so long | the kit is `conflict` as a whole: obtain again |
/// | a client dies                          | what it made goes with its lease                      |
/// | a newer family has what this program must not overlook | it is `refused`, by name; what is held stays |
/// | there is no such family                | `not_found`                                           |
/// | one product cannot be had              | no kit; the error names the product                   |
/// | makers have too many clients, or a client too many products | `overloaded`, and tried again    |
///
/// \source Gamma, Helm, Johnson, Vlissides, *Design Patterns* (1994), chapter 3, Abstract Factory;
/// Envoy, *xDS protocol*, Eventual consistency considerations (make before break); Joshi, *Patterns
/// of Distributed Systems* (2023), Generation Clock, Idempotent Receiver, Lease

/// \namespace gof::abstract_factory::distributed
/// See \ref abstract_factory_distributed.

namespace gof::inline v0::abstract_factory::distributed {

/// \addtogroup abstract_factory_distributed
/// @{

/// A product of a family: where its maker answers.
struct product {
  std::string subject{};                                             ///< words between dots
  friend bool operator==(const product&, const product&) = default;  ///< By subject.
};
/// One that was published.
struct publication {
  std::uint64_t epoch = 0;     ///< its place among all of a family
  std::uint64_t client = 0;    ///< of the operation's id
  std::uint64_t sequence = 0;  ///< of the operation's id
  friend bool operator==(const publication&, const publication&) = default;  ///< By all.
};
/// \cond
BOOST_DESCRIBE_STRUCT(product, (), (subject))
BOOST_DESCRIBE_STRUCT(publication, (), (epoch, client, sequence))

namespace detail {
inline constexpr const char* bucket = "gof.families";
inline constexpr std::size_t most_past = 32, most_waiting = 1024;

inline const product* look(const product& it) { return &it; }
inline const product* look(const std::optional<product>& it) { return it ? &*it : nullptr; }
inline const product* look(const wire::required<product>& it) { return &it.value; }
inline const product* look(const wire::unknown_fields&) { return nullptr; }

// f(name, product, index of the member); the product is null where there is none.
template <class Family, class F>
void for_each_product(const Family& of, F f) {
  std::size_t at = 0;
  boost::mp11::mp_for_each<boost::describe::describe_members<Family, boost::describe::mod_public>>(
      [&](auto d) { f(std::string_view(d.name), look(of.*d.pointer), at++); });
}
template <class Family, class Member>
std::size_t index_of(Member Family::*which) {
  std::size_t at = 0, found = 0;
  boost::mp11::mp_for_each<boost::describe::describe_members<Family, boost::describe::mod_public>>(
      [&](auto d) {
        if constexpr (std::is_same_v<decltype(d.pointer), const decltype(which)> ||
                      std::is_same_v<std::remove_cv_t<decltype(d.pointer)>, Member Family::*>)
          if (d.pointer == which) found = at;
        ++at;
      });
  return found;
}
}  // namespace detail
/// \endcond

// ---- The machines
// --------------------------------------------------------------------------------

/// Which family it is, among all that were published under its name.
struct head {
  std::uint64_t epoch = 0;          ///< grows by one with each publication
  std::vector<publication> past{};  ///< the last that were published, this one last

  /// \param id of a publication \returns its epoch, if it is among the last
  [[nodiscard]] std::optional<std::uint64_t> published(operation_id id) const {
    for (const publication& it : past)
      if (it.client == id.client && it.sequence == id.sequence) return it.epoch;
    return {};
  }
  /// \param id of a publication \returns what comes after this
  [[nodiscard]] head next(operation_id id) const {
    head it{epoch + 1, past};
    it.past.push_back({it.epoch, id.client, id.sequence});
    if (it.past.size() > detail::most_past) it.past.erase(it.past.begin());
    return it;
  }
};
/// \cond
BOOST_DESCRIBE_STRUCT(head, (), (epoch, past))
/// \endcond
/// What stands under a family's name: all its products, of one epoch.
/// \tparam Family a described struct of products
template <class Family>
struct plan : head {
  Family products{};  ///< where they are
  /// \cond
  BOOST_DESCRIBE_CLASS(plan, (head), (products), (), ())
  /// \endcond
};

/// \param of the products of a family \returns ok where all are named; errc::refused with the names
/// of those that are missing
template <class Family>
[[nodiscard]] result<void> complete(const Family& of) {
  std::string missing;
  std::size_t count = 0;
  detail::for_each_product(of, [&](std::string_view name, const product* it, std::size_t) {
    count += it != nullptr;
    if (it && it->subject.empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
  });
  if (!missing.empty()) return error{errc::refused, "the family lacks " + missing, {}};
  if (count == 0) return error{errc::refused, "the family has no products", {}};
  return {};
}

/// What a client believes a family to be.
///
/// \law NeverBack: the epochs that it believes never fall, and one epoch is one family.
/// \law LastKnownGood: what it cannot accept, changes nothing of what it believes.
template <class Family>
class belief {
 public:
  /// \param name of the family
  explicit belief(std::string name) : name_(std::move(name)) {
    why_ = {errc::not_found, "there is no family " + name_, {}};
  }
  /// \param bytes what stands there now; none where it was erased \returns ok where it is believed;
  /// errc::conflict where it is older; errc::refused, with the name of what is missing or unknown
  result<void> learn(const std::optional<std::string>& bytes) {
    if (!bytes) return why_ = {errc::not_found, "there is no family " + name_, {}};
    plan<Family> it;
    try {
      it = wire::decode<plan<Family>>(std::string_view(*bytes));
    } catch (const wire::error& what) {
      return why_ = {errc::refused, "family " + name_ + ": " + what.what(), {}};
    }
    if (newest_ &&
        (it.epoch < newest_->epoch || (it.epoch == newest_->epoch && it.past != newest_->past)))
      return error{errc::conflict, name_ + " is of epoch " + std::to_string(newest_->epoch), {}};
    if (const result<void> is = complete(it.products); !is)
      return why_ = {errc::refused, "family " + name_ + ": " + is.error().message, {}};
    newest_ = std::make_shared<const plan<Family>>(std::move(it));
    why_.reset();
    return {};
  }
  /// \returns what it believes; null for nothing
  [[nodiscard]] const std::shared_ptr<const plan<Family>>& newest() const noexcept {
    return newest_;
  }
  /// \returns why what stands there is not believed, if it is not
  [[nodiscard]] const std::optional<gof::error>& why_not() const noexcept { return why_; }

 private:
  struct reason : std::optional<gof::error> {
    gof::error operator=(gof::error it) { return emplace(std::move(it)); }
  };
  std::string name_;
  std::shared_ptr<const plan<Family>> newest_;
  reason why_;
};

/// How long a maker keeps what.
struct terms {
  duration lease = std::chrono::seconds(10);  ///< so long unheard, a kit has gone, and all of it
  duration grace = std::chrono::hours(1);     ///< so long a replaced family goes on at most
  std::size_t kits = 1024;                    ///< how many are held at a time
  std::size_t products = 1024;                ///< how many one kit has
};

/// At a maker: of which epochs it is, and who holds them. It knows no node, no clock, no chance.
///
/// \law OneEpoch: a ticket is admitted with the epoch it was given for, and with no other.
/// \law MakeBeforeBreak: an epoch that was staged is held before it is published; a former one is
/// held until its holders go, and for the grace at most, but by nobody new.
class roster {
 public:
  /// \param how how long and how many
  explicit roster(terms how = {}) : how_(how) {}

  /// It will be of this epoch, if that is published.
  void stage(std::uint64_t epoch) {
    if (epoch <= newest_) return;
    staged_.insert(epoch);
    was_ = true;
  }
  /// An epoch is published. \param epoch which \param named whether this is of it \param now the
  /// time
  void follow(std::uint64_t epoch, bool named, time_point now) {
    if (epoch <= newest_) return;
    newest_ = epoch;
    named_ = named;
    was_ |= named;
    staged_.erase(staged_.begin(), staged_.upper_bound(epoch));
    for (auto& [ticket, it] : kits_)
      if (it.epoch < epoch) it.ends = std::min(it.ends, now + how_.grace);
  }
  /// Somebody wants to hold an epoch. \param holder by chance, and of theirs alone \param epoch
  /// which \param ticket a new one, not zero \param now the time \returns the ticket, also when
  /// asked again; errc::conflict for a former epoch
  result<std::uint64_t> hold(std::uint64_t holder, std::uint64_t epoch, std::uint64_t ticket,
                             time_point now) {
    for (auto& [is, it] : kits_)
      if (it.holder == holder && it.epoch == epoch && now < it.over()) {
        it.until = now + how_.lease;
        return is;
      }
    const std::string which = "epoch " + std::to_string(epoch);
    if (epoch < newest_ || (epoch == newest_ && !named_))
      return error{errc::conflict, which + " was replaced: obtain again", {}};
    if (epoch > newest_ && !staged_.contains(epoch))
      return error{errc::unavailable, which + " is not known yet", {}};
    if (kits_.size() >= how_.kits)
      return error{errc::overloaded, std::to_string(kits_.size()) + " kits are held", {}};
    kits_.emplace(ticket, one{holder, epoch, now + how_.lease});
    return ticket;
  }
  /// Somebody does something with what they hold, and holds it for another lease. \param ticket
  /// theirs \param epoch which they think it is of \param now the time \returns ok, or
  /// errc::conflict
  result<void> admit(std::uint64_t ticket, std::uint64_t epoch, time_point now) {
    const auto it = kits_.find(ticket);
    if (it == kits_.end() || it->second.epoch != epoch || now >= it->second.over())
      return error{errc::conflict, "it is not held any more: obtain again", {}};
    it->second.until = now + how_.lease;
    return {};
  }
  /// \param holder lets go \returns the ticket; 0 for none
  std::uint64_t let_go(std::uint64_t holder) {
    for (auto it = kits_.begin(); it != kits_.end(); ++it)
      if (it->second.holder == holder) {
        const std::uint64_t ticket = it->first;
        kits_.erase(it);
        return ticket;
      }
    return 0;
  }
  /// \param now the time \returns the tickets that have ended since
  std::vector<std::uint64_t> reap(time_point now) {
    std::vector<std::uint64_t> gone;
    for (const auto& [ticket, it] : kits_)
      if (now >= it.over()) gone.push_back(ticket);
    for (const std::uint64_t ticket : gone) kits_.erase(ticket);
    return gone;
  }
  /// \returns how many kits are held
  [[nodiscard]] std::size_t held() const noexcept { return kits_.size(); }
  /// \returns whether it was of a family that was replaced, and nobody holds it, nor is about to
  [[nodiscard]] bool retired() const noexcept {
    return was_ && !named_ && kits_.empty() && staged_.empty();
  }
  /// \returns how long and how many
  [[nodiscard]] const terms& how() const noexcept { return how_; }

 private:
  struct one {
    std::uint64_t holder, epoch;
    time_point until, ends = time_point::max();
    [[nodiscard]] time_point over() const { return std::min(until, ends); }
  };
  terms how_;
  std::uint64_t newest_ = 0;
  bool named_ = false, was_ = false;
  std::set<std::uint64_t> staged_;
  std::map<std::uint64_t, one> kits_;  // by ticket
};

// ---- What crosses
// --------------------------------------------------------------------------------

/// \cond
namespace detail {
enum class deed { stage, hold, create, use, let_go };
struct request {
  deed what = deed::stage;
  std::string family{}, product{};
  std::uint64_t epoch = 0, holder = 0, ticket = 0, number = 0;
  std::string body{};
};
struct granted {
  std::uint64_t ticket = 0;
  std::chrono::milliseconds lease{};
};
BOOST_DESCRIBE_ENUM(deed, stage, hold, create, use, let_go)
BOOST_DESCRIBE_STRUCT(request, (), (what, family, product, epoch, holder, ticket, number, body))
BOOST_DESCRIBE_STRUCT(granted, (), (ticket, lease))

// A product that is there, as one asks it.
struct seat {
  std::string name, subject;
  std::size_t member = 0;
  std::uint64_t ticket = 0;
};
template <class Family>
std::vector<seat> seats(const Family& of) {
  std::vector<seat> all;
  for_each_product(of, [&](std::string_view name, const product* it, std::size_t at) {
    if (it) all.push_back({std::string(name), it->subject, at, 0});
  });
  return all;
}
// Asks all at once. \param each gets each answer \param done gets the first refusal, by name, when
// all have answered; may end the scope
template <class Each, class Done>
void ask_all(node& on, const scope& in, const std::vector<seat>& all, const request& what,
             duration deadline, Each each, Done done) {
  struct state {
    std::size_t left;
    Each each;
    Done done;
    std::optional<error> why{};
  };
  const auto of = std::make_shared<state>(state{all.size(), std::move(each), std::move(done)});
  for (std::size_t i = 0; i < all.size(); ++i) {
    request it = what;
    it.product = all[i].name;
    it.ticket = all[i].ticket;
    auto answered = [of, i, name = all[i].name](const result<message>& came) {
      if (came) of->each(i, came->body);
      if (!came && !of->why)  // nothing is unknown here: it ends by itself
        of->why = {came.outcome() == outcome::unknown ? errc::unavailable : came.error().why,
                   name + ": " + came.error().text(),
                   {}};
      if (--of->left == 0) of->done(of->why);
    };
    on.call({all[i].subject, wire::encode(it)}, in.bind(std::move(answered)), {deadline}).detach();
  }
}
// What does not come to an end by itself, or by what somebody else does now.
inline bool is_final(errc why) {
  return why == errc::refused || why == errc::denied || why == errc::too_large ||
         why == errc::failed_there;
}
inline constexpr duration patience = std::chrono::seconds(1);  // of an attempt

// Operations that are tried again until their deadlines.
template <class What, class Value>
class trials {
 public:
  struct one {
    What what;
    completion<Value> done;
    time_point until;
    duration most = std::chrono::milliseconds(20);  // how long until it is tried again
    error last{errc::unavailable, {}, {}};
    bool unknown = false;  // it may have taken place
  };
  trials(node& on, unique_function<void(std::uint64_t)> tries)
      : node_(&on), try_(std::move(tries)) {}
  void begin(What what, completion<Value> done, duration deadline) {
    const std::uint64_t number = ++count_;
    all_.emplace(number, one{std::move(what), std::move(done), node_->now() + deadline});
    node_->post(scope_.bind([this, number, full = all_.size() > most_waiting] {
      full ? finish(number, error{errc::overloaded, "too many wait", {}}) : try_(number);
    }));
  }
  one& operator[](std::uint64_t number) { return all_.at(number); }
  // How long an attempt may take; zero where the operation is over, and was told so.
  duration left(std::uint64_t number) {
    one& it = all_.at(number);
    const duration left = it.until - node_->now();
    if (left > duration::zero()) return std::min(left, patience);
    fail(number, it.last);
    return duration::zero();
  }
  void again(std::uint64_t number, error why) {
    one& it = all_.at(number);
    it.unknown |= outcome_of(why.why) == outcome::unknown;
    it.last = std::move(why);
    const auto bound = static_cast<std::uint64_t>(it.most.count());
    it.most = std::min<duration>(2 * it.most, std::chrono::milliseconds(500));
    const duration pause(static_cast<std::int64_t>(1 + node_->random() % bound));  // full jitter
    const duration left = std::max(it.until - node_->now(), duration::zero());
    node_->after(std::min(pause, left), scope_.bind([this, number] { try_(number); })).detach();
  }
  // It did not take place; unless it did, in an attempt whose answer was lost.
  void fail(std::uint64_t number, error why) {
    if (all_.at(number).unknown && why.why != errc::conflict) why.why = errc::deadline;
    finish(number, std::move(why));
  }
  void finish(std::uint64_t number, result<Value> what) {
    auto it = all_.extract(number);
    it.mapped().done(std::move(what));  // may destroy this
  }

 private:
  node* node_;
  unique_function<void(std::uint64_t)> try_;
  std::uint64_t count_ = 0;
  std::map<std::uint64_t, one> all_;
  scope scope_;
};
}  // namespace detail
/// \endcond

// ---- The shells
// ----------------------------------------------------------------------------------

/// Makes products of one kind for whoever holds the family, and keeps them as long as that.
///
/// \law OneEffect: what is created by one number of a kit, is made once at most.
/// \law NoOrphans: what was made is gone when its kit lets go, and 1.25 leases after it was last
/// heard of.
/// \tparam T the ConcreteProduct; movable
/// \threads of one node, which outlives it
template <class T>
class maker {
 public:
  /// Makes one; what it throws, the client is told, and nothing is made.
  using make = unique_function<T(const std::string& body)>;
  /// Answers a call of one, as one answers those of a node.
  using serve = unique_function<void(T&, const message&, responder)>;

  /// \param on the node \param family of which name \param product the member's name: it makes no
  /// other, whatever it is asked for \param subject where it answers \param makes makes one
  /// \param serves answers calls \param how how long and how many
  maker(node& on, std::string family, std::string product, std::string subject, make makes,
        serve serves = {}, terms how = {})
      : node_(&on),
        family_(std::move(family)),
        product_(std::move(product)),
        subject_(std::move(subject)),
        make_(std::move(makes)),
        serve_(std::move(serves)),
        roster_(how) {
    auto said = [this](const versioned& it) {
      plan<std::map<std::string, std::optional<distributed::product>>> there;
      if (!it.value || wire::decode_into(std::string_view(*it.value), there) != wire::refusal::none)
        return;
      const auto is = [&](const std::string& name) {
        const auto found = there.products.find(name);
        return found != there.products.end() && found->second && found->second->subject == subject_;
      };
      roster_.follow(there.epoch, is(product_) || is('!' + product_), node_->now());
    };
    watching_ = on.watch(detail::bucket, family_, scope_.bind(std::move(said)));
    begin();
  }
  maker(const maker&) = delete;
  maker& operator=(const maker&) = delete;
  ~maker() = default;

  /// \returns how many products there are
  [[nodiscard]] std::size_t size() const {
    std::size_t all = 0;
    for (const auto& [ticket, of] : made_) all += of.size();
    return all;
  }
  /// \returns whether it was replaced, and nobody holds it: it can go
  [[nodiscard]] bool retired() const noexcept { return roster_.retired(); }

 private:
  void begin() {
    auto asked = [this](const message& what, responder to) { answer(what, std::move(to)); };
    auto ready = [this](const result<void>& is) {  // a former life may serve for a while
      if (is) return;
      node_->after(std::chrono::milliseconds(200), scope_.bind([this] { begin(); })).detach();
    };
    serving_ =
        node_->serve(subject_, scope_.bind(std::move(asked)), {}, scope_.bind(std::move(ready)));
  }
  void answer(const message& what, responder to) {
    detail::request it;
    if (wire::decode_into(std::string_view(what.body), it) != wire::refusal::none)
      return to.fail({errc::refused, "this is no request to a maker", {}});
    if (it.family != family_ || it.product != product_)
      return to.fail({errc::refused, "it makes " + product_ + " of " + family_, {}});
    const time_point now = node_->now();
    if (it.what == detail::deed::stage) {
      roster_.stage(it.epoch);
      return to.reply({});
    }
    if (it.what == detail::deed::let_go) {
      made_.erase(roster_.let_go(it.holder));
      return to.reply({});
    }
    if (it.what == detail::deed::hold && it.ticket == 0) {
      const auto held = roster_.hold(it.holder, it.epoch, node_->random() | 1, now);
      if (!held) return to.fail(held.error());
      if (!std::exchange(reaping_, true)) reap();
      return to.reply(granted(*held));
    }
    if (const auto may = roster_.admit(it.ticket, it.epoch, now); !may) return to.fail(may.error());
    if (it.what == detail::deed::hold) return to.reply(granted(it.ticket));
    auto& all = made_[it.ticket];
    const auto found = all.find(it.number);
    if (it.what == detail::deed::create) {
      if (found == all.end()) {
        if (all.size() >= roster_.how().products)
          return to.fail({errc::overloaded, "a kit has " + std::to_string(all.size()), {}});
        all.emplace(it.number, make_(it.body));
      }
      return to.reply({});
    }
    if (found == all.end() || !serve_) return to.fail({errc::not_found, "no such product", {}});
    message call = what;
    call.body = std::move(it.body);
    serve_(found->second, call, std::move(to));
  }
  [[nodiscard]] std::string granted(std::uint64_t ticket) const {
    return wire::encode(detail::granted{
        ticket, std::chrono::duration_cast<std::chrono::milliseconds>(roster_.how().lease)});
  }
  void reap() {
    for (const std::uint64_t ticket : roster_.reap(node_->now())) made_.erase(ticket);
    reaping_ = roster_.held() > 0;
    if (!reaping_) return;
    node_->after(roster_.how().lease / 4, scope_.bind([this] { reap(); })).detach();
  }

  node* node_;
  std::string family_, product_, subject_;
  make make_;
  serve serve_;
  roster roster_;
  std::map<std::uint64_t, std::map<std::uint64_t, T>> made_;  // by ticket, by number
  bool reaping_ = false;
  registration watching_, serving_;
  scope scope_;
};

/// Puts a family in place of another one: all its makers are there, and know it, before anybody is
/// told.
///
/// \law PublishedOnce: an operation publishes once, as long as it is among the last 32.
/// \law MakeBeforeBreak: what is published is complete, and each of its makers has said so.
/// \tparam Family a described struct of products
/// \threads of one node, which outlives it
template <class Family>
class publisher {
 public:
  /// \param on the node \param family its name: words between dots
  publisher(node& on, std::string family)
      : node_(&on), family_(std::move(family)), open_(on, [this](auto number) { read(number); }) {}
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;
  ~publisher() = default;

  /// Publishes, and tries again until it is certain, or the deadline. \param products all that are
  /// no std::optional have to be named \param id of the operation: the same when it is asked again
  /// \param done gets the epoch; errc::refused where one is missing or does not do that,
  /// errc::nobody_there where one does not answer, both with its name \param deadline for all
  void publish(Family products, operation_id id, completion<std::uint64_t> done,
               duration deadline = default_deadline) {
    open_.begin({std::move(products), id}, std::move(done), deadline);
  }

 private:
  struct task {
    Family products;
    operation_id id;
  };
  void read(std::uint64_t number) {
    if (const auto is = complete(open_[number].what.products); !is)
      return open_.finish(number, is.error());
    const duration left = open_.left(number);
    if (left == duration::zero()) return;
    auto got = [this, number](const result<versioned>& there) {
      head now;  // whatever the family had: it may have been another type
      if (!there && there.error().why != errc::not_found)
        return open_.again(number, {errc::unavailable, there.error().text(), {}});
      if (there && wire::decode_into(std::string_view(*there->value), now) != wire::refusal::none)
        return open_.fail(number, {errc::refused, family_ + " is no family", {}});
      const task& of = open_[number].what;
      if (const auto epoch = now.published(of.id)) return open_.finish(number, *epoch);
      stage(number, {now.next(of.id), of.products}, there ? there->version : absent);
    };
    node_->get(detail::bucket, family_, scope_.bind(std::move(got)), {left}).detach();
  }
  void stage(std::uint64_t number, const plan<Family>& next, std::uint64_t version) {
    detail::request what;
    what.family = family_;
    what.epoch = next.epoch;
    auto ready = [this, number, next, version](const std::optional<error>& why) {
      why ? failed(number, *why) : put(number, next, version);
    };
    detail::ask_all(
        *node_, scope_, detail::seats(next.products), what, detail::patience,
        [](std::size_t, const std::string&) {}, std::move(ready));
  }
  void put(std::uint64_t number, const plan<Family>& next, std::uint64_t version) {
    auto said = [this, number, epoch = next.epoch](const result<std::uint64_t>& is) {
      is ? open_.finish(number, epoch) : failed(number, is.error());
    };
    node_
        ->put(detail::bucket, family_, wire::encode(next), version, scope_.bind(std::move(said)),
              {detail::patience})
        .detach();
  }
  void failed(std::uint64_t number, const error& why) {
    detail::is_final(why.why) ? open_.fail(number, why) : open_.again(number, why);
  }

  node* node_;
  std::string family_;
  detail::trials<task, std::uint64_t> open_;
  scope scope_;
};

/// A product that was made: for the kit that made it, and no other.
struct made {
  std::uint64_t holder = 0;  ///< the kit
  std::size_t member = 0;    ///< which of the family's products
  std::uint64_t number = 0;  ///< which of the kit's
};

/// A family that is held: all its products are of one epoch, as long as it lasts. It is renewed by
/// itself; when one maker does not know it any more, the whole kit is over.
///
/// \law OneFamily: all that it makes is made by makers of its epoch, as they were published
/// together.
/// \threads of one node, which outlives it
template <class Family>
class kit {
 public:
  kit(const kit&) = delete;
  kit& operator=(const kit&) = delete;
  /// Lets go; what it made goes too.
  ~kit() {
    detail::request what = request(detail::deed::let_go);
    for (const detail::seat& it : seats_) {
      what.product = it.name;
      node_->call({it.subject, wire::encode(what)}, [](const auto&) {}, {detail::patience})
          .detach();
    }
  }

  /// \returns the epoch of all that it makes
  [[nodiscard]] std::uint64_t epoch() const noexcept { return plan_->epoch; }
  /// \returns where its products are
  [[nodiscard]] const Family& products() const noexcept { return plan_->products; }
  /// \returns whether it is held, as far as it knows
  [[nodiscard]] bool held() const noexcept { return !over_; }

  /// Makes a product, once, however often that has to be asked for. \param which a member of the
  /// family \param body for its maker \param done gets it; errc::conflict where the kit is over:
  /// obtain again; errc::not_found where this family has no such product \param deadline for all
  template <class Member>
  void create(Member Family::*which, std::string body, completion<made> done,
              duration deadline = default_deadline) {
    open_.begin({{holder_, detail::index_of(which), ++count_}, std::move(body)}, std::move(done),
                deadline);
  }
  /// Asks a product; not again, where no answer comes. \param it one of this kit's \param body for
  /// it \param done gets the answer; errc::conflict where the kit is over, or it is another's
  /// \param deadline how long to wait
  void call(const made& it, std::string body, completion<message> done,
            duration deadline = default_deadline) {
    const detail::seat* at = find(it.member);
    if (over_ || it.holder != holder_ || !at) {
      const error why{errc::conflict, over_ ? over_->message : "it is of another kit", {}};
      return node_->post(scope_.bind([done = std::move(done), why]() mutable { done(why); }));
    }
    auto answered = [this, done = std::move(done)](result<message> what) mutable {
      if (!what && what.error().why == errc::conflict) end(what.error());
      done(std::move(what));  // may destroy this
    };
    node_
        ->call(
            {at->subject, wire::encode(request(detail::deed::use, at, it.number, std::move(body)))},
            scope_.bind(std::move(answered)), {deadline})
        .detach();
  }

 private:
  template <class>
  friend class factory;
  struct task {
    made it;
    std::string body;
  };

  kit(node& on, std::string family, std::shared_ptr<const plan<Family>> of)
      : node_(&on),
        family_(std::move(family)),
        plan_(std::move(of)),
        holder_(on.random() | 1),
        seats_(detail::seats(plan_->products)),
        open_(on, [this](auto number) { ask(number); }) {}

  [[nodiscard]] detail::request request(detail::deed what, const detail::seat* at = nullptr,
                                        std::uint64_t number = 0, std::string body = {}) const {
    return {what,         family_,        at ? at->name : std::string(),
            plan_->epoch, holder_,        at ? at->ticket : 0,
            number,       std::move(body)};
  }
  [[nodiscard]] const detail::seat* find(std::size_t member) const {
    for (const detail::seat& it : seats_)
      if (it.member == member) return &it;
    return nullptr;
  }
  // Holds it at all makers, or tells who does not.
  template <class Done>
  void hold(duration deadline, Done done) {
    auto each = [this](std::size_t i, const std::string& body) {
      detail::granted it;
      if (wire::decode_into(std::string_view(body), it) != wire::refusal::none) return;
      seats_[i].ticket = it.ticket;
      lease_ = std::min<duration>(lease_, std::max(it.lease, std::chrono::milliseconds(1)));
    };
    detail::ask_all(*node_, scope_, seats_, request(detail::deed::hold), deadline, std::move(each),
                    std::move(done));
  }
  void renew_later() {
    node_
        ->after(lease_ / 3, scope_.bind([this] {
          hold(lease_ / 3, [this](const std::optional<error>& why) {
            if (why && why->why == errc::conflict) return end(*why);
            renew_later();
          });
        }))
        .detach();
  }
  void end(const error& why) {
    if (!over_) over_ = why;
  }
  void ask(std::uint64_t number) {
    const task& it = open_[number].what;
    const detail::seat* at = find(it.it.member);
    if (!at)
      return open_.finish(number, error{errc::not_found, "this family has no such product", {}});
    if (over_) return open_.finish(number, error{errc::conflict, over_->message, {}});
    const duration left = open_.left(number);
    if (left == duration::zero()) return;
    auto answered = [this, number](const result<message>& what) {
      if (what) return open_.finish(number, open_[number].what.it);
      const error& why = what.error();
      if (why.why == errc::conflict) end(why);
      if (why.why == errc::conflict || detail::is_final(why.why)) return open_.fail(number, why);
      open_.again(number, why);
    };
    node_
        ->call({at->subject,
                wire::encode(request(detail::deed::create, at, it.it.number, it.body)),
                {holder_, it.it.number}},
               scope_.bind(std::move(answered)), {left})
        .detach();
  }

  node* node_;
  std::string family_;
  std::shared_ptr<const plan<Family>> plan_;
  std::uint64_t holder_, count_ = 0;
  std::vector<detail::seat> seats_;
  duration lease_ = std::chrono::hours(24);
  std::optional<error> over_;
  detail::trials<task, made> open_;
  scope scope_;
};

/// Gives kits of a family, of the newest epoch that it has heard of. It costs no messages while
/// nobody obtains one and the family stays.
///
/// \law AllOrNothing: a kit is held at all its makers, or there is none, and the error names one.
/// \tparam Family a described struct of products
/// \threads of one node, which outlives it
template <class Family>
class factory {
 public:
  /// What is obtained.
  using kit_ptr = std::unique_ptr<kit<Family>>;

  /// \param on the node \param family its name
  factory(node& on, std::string family)
      : node_(&on),
        family_(std::move(family)),
        belief_(family_),
        open_(on, [this](auto number) { ask(number); }) {
    watch_options how;
    how.on_current = scope_.bind([this] { current_ = true; });
    auto said = [this](const versioned& it) { (void)belief_.learn(it.value); };
    watching_ = on.watch(detail::bucket, family_, scope_.bind(std::move(said)), std::move(how));
  }
  factory(const factory&) = delete;
  factory& operator=(const factory&) = delete;
  ~factory() = default;

  /// Holds the newest family at all its makers at once: one round trip, however many they are.
  /// \param done gets the kit; errc::not_found where there is no such family; errc::refused,
  /// with a name, where it cannot be accepted; otherwise what a maker says, with its name, which is
  /// never unknown: what was held goes with its lease \param deadline for all attempts together
  void obtain(completion<kit_ptr> done, duration deadline = default_deadline) {
    open_.begin({}, std::move(done), deadline);
  }
  /// \returns what it knows of the family
  [[nodiscard]] const belief<Family>& knows() const noexcept { return belief_; }

 private:
  void ask(std::uint64_t number) {
    if (!belief_.newest() && current_) return open_.finish(number, *belief_.why_not());
    const duration left = open_.left(number);
    if (left == duration::zero()) return;
    if (!belief_.newest())
      return open_.again(number, {errc::unavailable, "nothing was heard of " + family_, {}});
    kit_ptr& it = open_[number].what;
    it.reset(new kit<Family>(*node_, family_, belief_.newest()));
    it->hold(left, [this, number](const std::optional<error>& why) {
      kit_ptr& asked = open_[number].what;
      if (!why) {
        asked->renew_later();
        return open_.finish(number, std::move(asked));
      }
      const error& what =
          why->why == errc::conflict && belief_.why_not() ? *belief_.why_not() : *why;
      detail::is_final(what.why) ? open_.finish(number, what) : open_.again(number, what);
    });
  }

  node* node_;
  std::string family_;
  belief<Family> belief_;
  bool current_ = false;
  detail::trials<kit_ptr, kit_ptr> open_;
  registration watching_;
  scope scope_;
};

/// @}
}  // namespace gof::inline v0::abstract_factory::distributed
