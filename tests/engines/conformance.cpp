// SPDX-License-Identifier: BSL-1.0
/// \file
/// The body of the conformance suite; see conformance.hpp.
#include "engines/conformance.hpp"

namespace gof::testing {
namespace {

void echo(const message& what, responder to) { to.reply(what.body); }

// ---- The loop -----------------------------------------------------------------------------------

TEST_P(Conformance, LoopRunsWhatIsPostedInOrderAndOnlyWhenItRuns) {
  node& ann = join("ann");
  std::vector<int> ran;
  for (int i = 0; i < 100; ++i) ann.post([&ran, i] { ran.push_back(i); });
  EXPECT_TRUE(ran.empty());
  EXPECT_TRUE(ann.run_until([] { return true; }, patient));
  EXPECT_TRUE(ran.empty()) << "the condition is asked first";
  EXPECT_TRUE(ann.run_until([&] { return ran.size() == 10; }, patient)) << "and after each";
  EXPECT_EQ(ran.size(), 10U);
  EXPECT_TRUE(ann.run_until([&] { return ran.size() == 100; }, patient));
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
  EXPECT_FALSE(ann.run_until([] { return false; }, 1ms));
}

TEST_P(Conformance, LoopRunsWhatIsPostedAfterWhatWaits) {
  node& ann = join("ann");
  std::vector<int> ran;
  ann.post([&] {
    ran.push_back(1);
    ann.post([&] { ran.push_back(3); });
  });
  ann.post([&] { ran.push_back(2); });
  EXPECT_TRUE(run([&] { return ran.size() == 3; }));
  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

TEST_P(Conformance, TimersAreNotEarlyAndInOrder) {
  node& ann = join("ann");
  const time_point begin = ann.now();
  std::vector<std::pair<int, duration>> ran;
  for (const int span : {30, 10, 20, 0})
    ann.after(std::chrono::milliseconds(span),
              [&, span] { ran.emplace_back(span, ann.now() - begin); })
        .detach();
  EXPECT_TRUE(ran.empty());
  EXPECT_TRUE(run([&] { return ran.size() == 4; }));
  std::vector<int> order;
  for (const auto& [span, after] : ran) {
    order.push_back(span);
    EXPECT_GE(after, std::chrono::milliseconds(span));
  }
  EXPECT_EQ(order, (std::vector{0, 10, 20, 30}));
}

TEST_P(Conformance, DroppedTimersAreNotCalledNotEvenByOneOfTheSameTime) {
  node& ann = join("ann");
  int called = 0;
  registration first, second, third;
  first = ann.after(5ms, [&] {
    ++called;
    first.drop();
    second.drop();
  });
  second = ann.after(5ms, [&] { ++called; });
  third = ann.after(5ms, [&] { called += 100; });
  third.drop();
  pass(30ms);
  EXPECT_EQ(called, 1);
}

TEST_P(Conformance, TimersThatAreAlwaysDueLeaveRoomForTheRest) {
  node& ann = join("ann");
  bool answered = false;
  std::function<void()> again = [&] {
    if (!answered) ann.after(0ms, [&] { again(); }).detach();
  };
  again();
  const registration asked = ann.get("b", "k", [&](const auto&) { answered = true; });
  EXPECT_TRUE(run([&] { return answered; }));
}

TEST_P(Conformance, WaitingInsideAHandlerIsALogicError) {
  node& ann = join("ann");
  int asked = 0;
  const auto must_throw = [&] {
    EXPECT_THROW(ann.run_until([] { return true; }, 1s), std::logic_error);
    EXPECT_THROW(ann.close(1s), std::logic_error);
    EXPECT_THROW(blocking(ann).pause(1ms), std::logic_error);
    EXPECT_THROW(blocking(ann).get("b", "k"), std::logic_error);
    ++asked;
  };
  ann.post(must_throw);
  ann.after(1ms, must_throw).detach();
  const registration operation = ann.get("b", "k", [&](const auto&) { must_throw(); });
  keep(serve(ann, "s", [&](const message&, responder to) {
    must_throw();
    to.reply("");
  }));
  keep(subscribe(ann, "t", [&](const message&) { must_throw(); }));
  keep(ann.read("l", 1, [&](const entry&) { must_throw(); }));
  keep(ann.watch("w", ">", [&](const versioned&) { must_throw(); }));
  keep(ann.work("l", "g", [&](delivery it) {
    must_throw();
    it.settle(verdict::done, {}, {});
  }));
  EXPECT_TRUE(call(ann, {"s"}));
  EXPECT_TRUE(ann.publish({"t"}));
  EXPECT_TRUE(append(ann, "l", {"x"}));
  EXPECT_TRUE(put(ann, "w", "k", "1"));
  EXPECT_TRUE(run([&] { return asked == 8; }));
  EXPECT_TRUE(put(ann, "w", "k", "2")) << "the node is as it was";
}

TEST_P(Conformance, ExceptionsLeaveTheLoopAndTheRestGoesOn) {
  node& ann = join("ann");
  std::vector<int> ran;
  ann.post([&] { ran.push_back(1); });
  ann.post([] { throw std::runtime_error("mine"); });
  ann.post([&] { ran.push_back(2); });
  EXPECT_THROW(run([] { return false; }), std::runtime_error);
  EXPECT_TRUE(run([&] { return ran.size() == 2; }));

  // The same for handlers: what they would be told next comes.
  std::vector<std::string> lines, values;
  keep(ann.read("l", 1, [&](const entry& it) {
    lines.push_back(it.content.body);
    if (lines.size() % 2) throw std::out_of_range("a reader");
  }));
  keep(ann.watch("w", ">", [&](const versioned& it) {
    values.push_back(*it.value);
    if (values.size() % 2) throw std::out_of_range("a watcher");
  }));
  int thrown = 0;
  const auto go_on = [&](const condition& holds) {
    while (true) try {
        return run(holds);
      } catch (const std::out_of_range&) {
        ++thrown;
      }
  };
  for (std::size_t i = 1; i <= 4; ++i) {
    ann.append("l", {"x", std::to_string(i)}, [](const auto&) {}).detach();
    ann.put("w", "k", std::to_string(i), any_version, [](const auto&) {}).detach();
    EXPECT_TRUE(go_on([&] { return lines.size() == i && values.size() == i; }));
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(values, (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(thrown, 4);
}

TEST_P(Conformance, PostFromOtherThreadsWakesTheLoop) {
  if (!engine().has_threads()) GTEST_SKIP() << "the engine has no threads";
  node& ann = join("ann");
  std::vector<std::thread> others;
  int ran = 0;
  for (int i = 0; i < 4; ++i)
    others.emplace_back([&] {
      for (int n = 0; n < 250; ++n) ann.post([&ran] { ++ran; });
    });
  EXPECT_TRUE(ann.run_until([&] { return ran == 1000; }, patient));
  for (std::thread& one : others) one.join();
}

// ---- Completions --------------------------------------------------------------------------------

TEST_P(Conformance, CompletionsComeOnceAndNeverInsideTheCall) {
  node& ann = join("ann");
  keep(serve(ann, "echo", echo));
  std::map<std::string, int> came;
  const auto count = [&](const char* name) { return [&came, name](const auto&) { ++came[name]; }; };
  std::vector<registration> all;
  all.push_back(ann.call({"echo", "x"}, count("call")));
  all.push_back(ann.call({"nobody", "x"}, count("call nobody")));
  all.push_back(ann.call({"..", "x"}, count("call wrongly")));
  all.push_back(ann.serve("s", echo, {}, count("serve")));
  all.push_back(ann.serve("echo", echo, {}, count("serve again")));
  all.push_back(ann.subscribe(
      "t", [](const message&) {}, {}, count("subscribe")));
  all.push_back(ann.subscribe(
      "t..", [](const message&) {}, {}, count("subscribe wrongly")));
  all.push_back(ann.append("l", {"x"}, count("append")));
  all.push_back(ann.append("l", {"x"}, count("append in conflict"), {default_deadline, 7}));
  all.push_back(ann.truncate("l", 1, count("truncate")));
  all.push_back(ann.get("b", "k", count("get")));
  all.push_back(ann.put("b", "k", "1", any_version, count("put")));
  all.push_back(ann.put("b", "k", "1", absent, count("put in conflict")));
  all.push_back(ann.erase("b", "k", any_version, count("erase")));
  all.push_back(ann.erase("b", "k", any_version, count("erase nothing")));
  all.push_back(ann.call({"echo"}, count("call without time"), {0ms}));
  EXPECT_TRUE(came.empty());
  EXPECT_TRUE(run([&] { return came.size() == all.size(); }));
  quiet();
  for (const auto& [name, times] : came) EXPECT_EQ(times, 1) << name;
}

TEST_P(Conformance, NothingIsCalledInsideAnotherHandler) {
  node& ann = join("ann");
  int depth = 0, deepest = 0, ended = 0;
  const auto inside = [&](auto what) {
    deepest = std::max(deepest, ++depth);
    what();
    --depth;
  };
  keep(serve(ann, "echo",
             [&](const message& what, responder to) { inside([&] { to.reply(what.body); }); }));
  keep(subscribe(ann, "t", [&](const message&) { inside([] {}); }));
  keep(ann.watch("b", ">", [&](const versioned&) { inside([] {}); }));
  std::function<void(int)> begin = [&](int left) {
    if (left == 0) {
      ++ended;
      return;
    }
    ann.call({"echo", "x"},
             [&, left](const auto&) {
               inside([&] {
                 static_cast<void>(ann.publish({"t"}));
                 ann.put("b", "k", "v", any_version,
                         [&, left](const auto&) {
                           inside([&] {
                             ann.post([&] { inside([] {}); });
                             begin(left - 1);
                           });
                         })
                     .detach();
               });
             })
        .detach();
  };
  for (int i = 0; i < 5; ++i) begin(10);
  EXPECT_TRUE(run([&] { return ended == 5; }));
  EXPECT_EQ(deepest, 1);
}

TEST_P(Conformance, DroppedOperationsAreNotCalledNotEvenWithTheAnswerThere) {
  node& ann = join("ann");
  int called = 0;
  std::vector<registration> all;
  for (int i = 0; i < 3; ++i) all.push_back(ann.get("b", "k", [&](const auto&) { ++called; }));
  all[0].drop();
  // The answers to the others have come when the first of these drops them.
  all[1] = ann.get("b", "k", [&](const auto&) {
    ++called;
    all[1].drop();
    all[2].drop();
  });
  const auto owned = std::make_shared<int>();
  all[2] = ann.get("b", "k", [&, owned](const auto&) { ++called; });
  EXPECT_EQ(owned.use_count(), 2);
  EXPECT_TRUE(run([&] { return called > 0; }));
  quiet();
  EXPECT_EQ(called, 1);
  EXPECT_EQ(owned.use_count(), 1) << "what a dropped completion owns is destroyed";
}

TEST_P(Conformance, CancelCompletesOnceWithCancelled) {
  node& ann = join("ann");
  heard<message> called;
  std::vector<responder> held;
  keep(serve(ann, "slow", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  registration operation = ann.call({"slow"}, called.done());
  EXPECT_TRUE(run([&] { return held.size() == 1; }));
  operation.cancel();
  EXPECT_TRUE(called.all.empty()) << "completed inside cancel";
  EXPECT_TRUE(run([&] { return !called.all.empty(); }));
  EXPECT_EQ(code(called), errc::cancelled);
  EXPECT_EQ(called.all[0].outcome(), outcome::unknown);
  held[0].reply("too late");
  operation.cancel();
  quiet();
  EXPECT_EQ(called.all.size(), 1U);

  heard<versioned> got;
  operation = ann.get("b", "k", got.done());
  EXPECT_TRUE(run([&] { return !got.all.empty(); }));
  operation.cancel();  // too late: it has completed
  quiet();
  EXPECT_EQ(got.all.size(), 1U);
  EXPECT_EQ(code(got), errc::not_found);

  int timers = 0;
  registration timer = ann.after(1ms, [&] { ++timers; });
  timer.cancel();
  pass(10ms);
  EXPECT_EQ(timers, 0) << "what is no operation is dropped";
}

TEST_P(Conformance, CancelWinsOverAnAnswerThatHasComeAndOverTheDeadline) {
  node& ann = join("ann");
  heard<versioned> second, third;
  registration two, three;
  const registration one = ann.get("b", "k", [&](const auto&) { two.cancel(); });
  two = ann.get("b", "k", second.done());
  EXPECT_TRUE(run([&] { return !second.all.empty(); }));
  EXPECT_EQ(code(second), errc::cancelled);

  std::vector<responder> held;
  keep(serve(ann, "slow", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  heard<message> called;
  node& bob = join("bob");
  registration operation = bob.call({"slow"}, called.done(), {20ms});
  const time_point end = bob.now() + 20ms;
  operation.cancel();
  EXPECT_TRUE(run_only({&ann}, [&] { return bob.now() > end; }));
  EXPECT_TRUE(run([&] { return !called.all.empty(); }));
  EXPECT_EQ(code(called), errc::cancelled);
}

TEST_P(Conformance, CloseCompletesEverythingAndNothingComesAfterIt) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<responder> held;
  keep(serve(bob, "slow", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  int handled = 0;
  const auto count = [&](const auto&...) { ++handled; };
  keep(serve(ann, "s", [&](const message&, const responder&) { ++handled; }));
  keep(subscribe(ann, "t", count));
  keep(ann.read("l", 1, count));
  keep(ann.watch("b", ">", count));
  keep(ann.work("l", "g", [&](const delivery&) { ++handled; }));
  keep(ann.after(1ms, [&] { handled += 100; }));
  heard<message> called;
  heard<versioned> got;
  heard<std::uint64_t> put_again;
  const registration one = ann.call({"slow"}, called.done());
  const registration two = ann.get("b", "k", [&](result<versioned> what) {
    got.all.push_back(std::move(what));
    EXPECT_THROW(ann.close(1s), std::logic_error);
    ann.put("b", "k", "v", any_version, put_again.done()).detach();  // begun while it closes
    EXPECT_TRUE(put_again.all.empty());
  });
  ann.close(1s);
  EXPECT_EQ(called.all.size(), 1U);
  EXPECT_EQ(got.all.size(), 1U);
  EXPECT_EQ(code(called), errc::closed);
  EXPECT_EQ(code(got), errc::closed);
  ann.close(1s);  // once more: nothing

  // Others go on, and nothing of it comes.
  EXPECT_TRUE(bob.publish({"t"}));
  EXPECT_TRUE(put(bob, "b", "k", "1"));
  EXPECT_TRUE(append(bob, "l", {"x"}));
  EXPECT_EQ(code(call(bob, {"s"})), errc::nobody_there);
  for (responder& one_of : held) one_of.reply("");
  handled = 0;
  EXPECT_TRUE(run([&] { return !put_again.all.empty(); }));
  EXPECT_EQ(code(put_again), errc::closed);

  // Later operations complete with closed, and not inside the call.
  EXPECT_EQ(code(call(ann, {"s"})), errc::closed);
  EXPECT_EQ(code(append(ann, "l", {"x"})), errc::closed);
  EXPECT_EQ(code(truncate(ann, "l", 1)), errc::closed);
  EXPECT_EQ(code(get(ann, "b", "k")), errc::closed);
  EXPECT_EQ(code(put(ann, "b", "k", "v")), errc::closed);
  EXPECT_EQ(code(erase(ann, "b", "k")), errc::closed);
  EXPECT_EQ(code(ann.publish({"t"})), errc::closed);
  EXPECT_EQ(code(await<void>([&](auto done) { return ann.serve("s", echo, {}, std::move(done)); })),
            errc::closed);
  EXPECT_EQ(code(await<void>([&](auto done) {
              return ann.subscribe(
                  "t", [](const message&) {}, {}, std::move(done));
            })),
            errc::closed);
  keep(ann.read("l", 1, count));
  keep(ann.watch("b", ">", count));
  pass(10ms);
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(called.all.size() + got.all.size() + put_again.all.size(), 3U);
  EXPECT_EQ(code(get(bob, "b", "k")), std::error_code()) << "the others are as they were";
}

TEST_P(Conformance, ACompletionThatThrowsDoesNotKeepTheOthersFromBeingClosed) {
  node& ann = join("ann");
  int closed = 0;
  std::vector<registration> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(ann.get("b", "k", [&](result<versioned> what) {
      closed += what.error().why == errc::closed;
      throw std::runtime_error("mine");
    }));
  EXPECT_THROW(ann.close(1s), std::runtime_error);
  for (int i = 0; i < 2; ++i)
    EXPECT_THROW(ann.run_until([] { return false; }, 1ms), std::runtime_error);
  EXPECT_EQ(closed, 3);
}

TEST_P(Conformance, DestroyingANodeDropsItsCompletionsUncalled) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<responder> held;
  keep(serve(bob, "slow", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  int called = 0;
  const auto owned = std::make_shared<int>();
  const auto count = [&called, owned](const auto&...) { ++called; };
  registration operation = ann.call({"slow"}, count);
  ann.get("b", "k", count).detach();
  ann.post(count);
  ann.after(0ms, count).detach();
  ann.read("l", 1, count).detach();
  ann.watch("b", ">", count).detach();
  EXPECT_TRUE(run_only({&bob}, [&] { return held.size() == 1; }));
  // A handler may own registrations of the node, and be the last who does.
  auto inner = std::make_shared<registration>(ann.after(1h, count));
  ann.after(1h, [inner] { inner->drop(); }).detach();
  inner.reset();
  leave(ann);
  EXPECT_EQ(called, 0);
  EXPECT_EQ(owned.use_count(), 2) << "all but this one and the one in count are destroyed";
  operation.cancel();  // stands for nothing any more
  operation.drop();
  held[0].reply("to nobody");
  quiet();
  EXPECT_EQ(called, 0);
}

TEST_P(Conformance, TooManyOperationsAreRefusedAndLeaveTheOthersAlone) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<responder> held;
  keep(serve(bob, "slow", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  heard<message> inside, beyond;
  for (std::size_t i = 0; i < most_operations; ++i)
    ann.call({"slow"}, inside.done(), {1h}).detach();
  for (int i = 0; i < 10; ++i) ann.call({"slow"}, beyond.done(), {1h}).detach();
  EXPECT_TRUE(beyond.all.empty());
  EXPECT_TRUE(run([&] { return beyond.all.size() == 10 && held.size() == most_operations; }));
  for (const auto& one : beyond.all) {
    EXPECT_EQ(code(one), errc::overloaded);
    EXPECT_EQ(one.outcome(), outcome::not_applied);
  }
  EXPECT_TRUE(inside.all.empty());
  held[0].reply("");
  EXPECT_TRUE(run([&] { return inside.all.size() == 1; }));
  EXPECT_EQ(code(get(ann, "b", "k")), errc::not_found) << "there is room again";
  for (responder& one : held) one.reply("");
  EXPECT_TRUE(run([&] { return inside.all.size() == most_operations; }));
  for (const auto& one : inside.all) EXPECT_TRUE(one);
  EXPECT_EQ(held.size(), most_operations);
}

TEST_P(Conformance, NoAnswerInTimeIsUnknownNotEarlyAndLaterOnesAreIgnored) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<responder> held;
  keep(serve(bob, "slow", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  const time_point begin = ann.now();
  heard<message> called;
  time_point end{};
  const registration operation = ann.call({"slow"},
                                          [&](result<message> what) {
                                            end = ann.now();
                                            called.all.push_back(std::move(what));
                                          },
                                          {30ms});
  EXPECT_TRUE(run([&] { return !called.all.empty(); }));
  EXPECT_EQ(code(called), errc::deadline);
  EXPECT_EQ(called.all[0].outcome(), outcome::unknown);
  EXPECT_GE(end - begin, 30ms);
  if (!held.empty()) held[0].reply("too late");
  quiet();
  EXPECT_EQ(called.all.size(), 1U);
}

TEST_P(Conformance, TheLongestSpansAreNoTrouble) {
  node& ann = join("ann");
  keep(serve(ann, "echo", echo));
  const duration longest = duration::max();
  EXPECT_TRUE(call(ann, {"echo"}, {longest}));
  EXPECT_TRUE(append(ann, "l", {"x"}, {longest}));
  EXPECT_EQ(code(call(ann, {"echo"}, {duration::min()})), errc::deadline);
  int called = 0;
  keep(ann.after(longest, [&] { ++called; }));
  work_options how;
  how.patience = longest;
  keep(ann.work(
      "l", "g",
      [&](delivery it) {
        it.settle(verdict::again, duration::max(), [&](const auto&) { ++called; });
      },
      how));
  EXPECT_TRUE(ann.run_until([&] { return called == 1; }, longest));
}

// ---- Calls --------------------------------------------------------------------------------------

TEST_P(Conformance, ACallCrossesWithItsEnvelopeWhichNobodyForges) {
  node& ann = join("ann");
  node& bob = join("bob");
  message came;
  keep(serve(bob, "greet.one", [&](const message& what, responder to) {
    came = what;
    to.reply("hello " + what.body);
  }));
  message request("greet.one", std::string("Ada\0\xff", 5), {7, 9});
  request.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  request.principal = "root";
  request.incarnation = 12345678;
  request.remaining = 99h;
  auto answer = call(ann, request, {2s});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->subject, "greet.one");
  EXPECT_EQ(answer->body, "hello " + request.body);
  EXPECT_EQ(came.subject, "greet.one");
  EXPECT_EQ(came.body, request.body);
  EXPECT_EQ(came.id, (operation_id{7, 9}));
  EXPECT_EQ(came.trace, request.trace);
  EXPECT_EQ(came.incarnation, ann.incarnation());
  EXPECT_GT(came.remaining, 0ms);
  EXPECT_LE(came.remaining, 2s);
  EXPECT_EQ(came.principal, ann.promises().knows_principal ? "ann" : "");
  EXPECT_EQ(answer->principal, ann.promises().knows_principal ? "bob" : "");

  message told, line;
  keep(subscribe(bob, "t", [&](const message& what) { told = what; }));
  keep(bob.read("l", 1, [&](const entry& it) { line = it.content; }));
  request.subject = "t";
  EXPECT_TRUE(ann.publish(request));
  EXPECT_TRUE(append(ann, "l", request));
  EXPECT_TRUE(run([&] { return !told.subject.empty() && !line.subject.empty(); }));
  for (const message& one : {told, line}) {
    EXPECT_EQ(one.subject, "t");
    EXPECT_EQ(one.body, request.body);
    EXPECT_EQ(one.id, request.id);
    EXPECT_EQ(one.trace, request.trace);
    EXPECT_EQ(one.incarnation, ann.incarnation());
    EXPECT_EQ(one.principal, came.principal);
    EXPECT_EQ(one.remaining, duration::zero()) << "of a call only";
  }
}

TEST_P(Conformance, ANodeThatJoinsAgainHasAGreaterIncarnation) {
  node& bob = join("bob");
  std::uint64_t last = 0;
  for (int life = 0; life < 3; ++life) {
    node& ann = join("ann");
    EXPECT_EQ(ann.name(), "ann");
    EXPECT_GT(ann.incarnation(), last);
    last = ann.incarnation();
    std::uint64_t seen = 0;
    const registration it = serve(bob, "s", [&](const message& what, responder to) {
      seen = what.incarnation;
      to.reply("");
    });
    EXPECT_TRUE(call(ann, {"s"}));
    EXPECT_EQ(seen, last);
    leave(ann);
  }
}

TEST_P(Conformance, AServerThatGetsToACallTooLateDoesNotExecuteIt) {
  if (!engine().can_hold_back()) GTEST_SKIP() << "the engine runs all nodes at once";
  node& ann = join("ann");
  node& bob = join("bob");
  int executed = 0;
  duration remaining{};
  keep(serve(bob, "s", [&](const message& what, responder to) {
    ++executed;
    remaining = what.remaining;
    to.reply("");
  }));
  heard<message> called;
  const registration one = ann.call({"s"}, called.done(), {20ms});
  EXPECT_TRUE(run_only({&ann}, [&] { return !called.all.empty(); }));
  EXPECT_EQ(code(called), errc::deadline);
  const time_point late = ann.now() + 20ms;  // nobody counts how long the call was on its way
  EXPECT_TRUE(run_only({&ann}, [&] { return ann.now() > late; }));
  quiet();
  EXPECT_EQ(executed, 0);
  // What it waited for the server is not left either.
  const time_point begin = ann.now();
  const registration two = ann.call({"s"}, called.done(), {60s});
  EXPECT_TRUE(run_only({&ann}, [&] { return ann.now() >= begin + 20ms; }));
  EXPECT_TRUE(run([&] { return called.all.size() == 2; }));
  EXPECT_EQ(executed, 1);
  EXPECT_LE(remaining, 60s - 15ms);
}

TEST_P(Conformance, NobodyIsThereBeforeAndAfterOneServes) {
  node& ann = join("ann");
  node& bob = join("bob");
  auto none = call(ann, {"s"});
  EXPECT_EQ(code(none), errc::nobody_there);
  EXPECT_EQ(none.outcome(), outcome::not_applied);
  registration it = serve(bob, "s", echo);
  EXPECT_TRUE(call(ann, {"s"}));
  EXPECT_TRUE(call(bob, {"s"})) << "who serves may also call";
  EXPECT_EQ(code(call(ann, {"s.t"})), errc::nobody_there);
  it.drop();
  quiet();
  EXPECT_EQ(code(call(ann, {"s"})), errc::nobody_there);
}

TEST_P(Conformance, WhatAHandlerThrowsIsToldByKindAndMessage) {
  node& ann = join("ann");
  node& bob = join("bob");
  responder later([](const auto&) {});
  keep(serve(bob, "throws", [](const message&, const responder&) {
    throw std::invalid_argument("no such seat");
  }));
  keep(serve(bob, "throws.a.number", [](const message&, const responder&) { throw 7; }));
  keep(serve(bob, "drops", [](const message&, const responder&) {}));
  keep(serve(bob, "drops.inside", [](const message&, responder to) {
    try {
      const responder mine = std::move(to);
      throw std::runtime_error("not let out");
    } catch (const std::runtime_error&) {
    }
  }));
  keep(serve(bob, "drops.later", [&](const message&, responder to) { later = std::move(to); }));
  keep(serve(bob, "replies.and.throws", [](const message&, responder to) {
    to.reply("done");
    throw std::runtime_error("afterwards");
  }));
  keep(serve(bob, "fails", [](const message&, responder to) {
    to.fail({errc::failed_there, "out of paper", "printer::error"});
  }));
  const auto expect = [&](const char* subject, const char* kind, const char* text) {
    auto answer = call(ann, {subject});
    ASSERT_FALSE(answer) << subject;
    EXPECT_EQ(code(answer), errc::failed_there) << subject;
    EXPECT_EQ(answer.outcome(), outcome::failed_there) << subject;
    EXPECT_EQ(answer.error().kind, kind) << subject;
    EXPECT_EQ(answer.error().message, text) << subject;
  };
  expect("throws", "std::invalid_argument", "no such seat");
  expect("drops", "gof::no_answer", "there was no answer");
  expect("drops.inside", "gof::no_answer", "there was no answer");
  expect("fails", "printer::error", "out of paper");
  EXPECT_EQ(code(call(ann, {"throws.a.number"})), errc::failed_there);
  EXPECT_EQ(code(call(ann, {"replies.and.throws"})), std::error_code());

  heard<message> called;
  const registration operation = ann.call({"drops.later"}, called.done(), {1h});
  quiet();
  EXPECT_TRUE(called.all.empty());
  { const responder dropped = std::move(later); }
  EXPECT_TRUE(run([&] { return !called.all.empty(); }));
  EXPECT_EQ(code(called), errc::failed_there);
}

TEST_P(Conformance, RefusalsKeepTheirReasonAndMessage) {
  node& ann = join("ann");
  node& bob = join("bob");
  errc why{};
  keep(serve(bob, "s", [&](const message&, responder to) {
    to.fail({why, "for this reason", {}});
  }));
  for (const errc each : {errc::nobody_there, errc::refused, errc::conflict, errc::not_found,
                          errc::too_large, errc::denied, errc::overloaded, errc::unavailable}) {
    why = each;
    auto answer = call(ann, {"s"});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().why, each);
    EXPECT_EQ(answer.error().message, "for this reason");
    EXPECT_EQ(answer.outcome(), outcome::not_applied);
  }
  for (const errc each : {errc::deadline, errc::cancelled, errc::closed}) {
    why = each;  // a server cannot know that
    EXPECT_EQ(code(call(ann, {"s"})), errc::failed_there);
  }
}

TEST_P(Conformance, OnlyTheFirstAnswerCountsAndItMayComeLater) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<responder> held;
  keep(serve(bob, "s", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  heard<message> called;
  for (int i = 0; i < 3; ++i) ann.call({"s", std::to_string(i)}, called.done()).detach();
  EXPECT_TRUE(run([&] { return held.size() == 3; }));
  held[1].reply("one");
  held[1].reply("one again");
  held[1].fail({errc::refused, {}, {}});
  held[2].reply("two");
  held[0].reply("zero");
  held.clear();
  EXPECT_TRUE(run([&] { return called.all.size() == 3; }));
  quiet();
  std::vector<std::string> bodies;
  for (const auto& one : called.all) bodies.push_back(one ? one.value().body : one.error().text());
  EXPECT_EQ(bodies, (std::vector<std::string>{"one", "two", "zero"}));
}

TEST_P(Conformance, OneServesAloneAndASecondIsInConflict) {
  node& ann = join("ann");
  node& bob = join("bob");
  registration first = serve(ann, "s", [](const message&, responder to) { to.reply("the first"); });
  const auto try_to = [&](node& by, std::string group) {
    return await<void>(
        [&](auto done) { return by.serve("s", echo, {std::move(group)}, std::move(done)); });
  };
  EXPECT_EQ(code(try_to(bob, "")), errc::conflict);
  EXPECT_EQ(code(try_to(bob, "g")), errc::conflict);
  EXPECT_EQ(code(try_to(ann, "")), errc::conflict);
  for (int i = 0; i < 3; ++i) {
    auto answer = call(bob, {"s"});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "the first");
  }
  first.drop();
  quiet();
  registration second = serve(bob, "s", echo, "g");
  EXPECT_EQ(code(try_to(ann, "other")), errc::conflict);
  EXPECT_EQ(code(try_to(ann, "")), errc::conflict);
  EXPECT_EQ(code(try_to(ann, "g")), std::error_code());
}

TEST_P(Conformance, AGroupSharesCallsAndEachIsExecutedOnce) {
  node& ann = join("ann");
  std::map<std::string, int> executed, by;
  for (const std::string name : {"one", "two", "three"})
    keep(serve(
        join(name), "s",
        [&, name](const message& what, responder to) {
          ++executed[what.body];
          ++by[name];
          to.reply(what.body);
        },
        "group"));
  heard<message> called;
  for (int i = 0; i < 300; ++i) ann.call({"s", std::to_string(i)}, called.done()).detach();
  EXPECT_TRUE(run([&] { return called.all.size() == 300; }));
  quiet();
  for (const auto& one : called.all) EXPECT_TRUE(one);
  EXPECT_EQ(executed.size(), 300U);
  for (const auto& [body, times] : executed) EXPECT_EQ(times, 1) << body;
  EXPECT_EQ(by.size(), 3U);
  for (const auto& [name, share] : by) EXPECT_GE(share, 50) << name << " has half of its share";
}

TEST_P(Conformance, ACallWhoseServerGoesAwayIsUnknown) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<responder> held;
  keep(serve(bob, "s", [&](const message&, responder to) { held.push_back(std::move(to)); }));
  heard<message> called;
  const registration operation = ann.call({"s"}, called.done(), {500ms});
  EXPECT_TRUE(run([&] { return held.size() == 1; }));
  leave(bob);
  held.clear();  // its node is gone: nobody is told
  EXPECT_TRUE(run([&] { return !called.all.empty(); }));
  EXPECT_EQ(called.all[0].outcome(), outcome::unknown);
  EXPECT_EQ(code(call(ann, {"s"})), errc::nobody_there);
}

TEST_P(Conformance, AServerMayStopWhileItExecutes) {
  node& ann = join("ann");
  registration it;
  it = serve(ann, "s", [&](const message&, responder to) {
    it.drop();
    to.reply("the last one");
  });
  auto answer = call(ann, {"s"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "the last one");
  EXPECT_EQ(code(call(ann, {"s"})), errc::nobody_there);
}

// ---- Topics -------------------------------------------------------------------------------------

TEST_P(Conformance, ATopicIsHeardInTheOrderOfEachPublisher) {
  node& ann = join("ann");
  node& bob = join("bob");
  node& eve = join("eve");
  std::map<std::string, std::vector<int>> came;
  std::uint64_t lost = 0;
  std::size_t mine = 0;
  subscribe_options how;
  how.on_gap = [&](std::uint64_t n) { lost += n; };
  keep(subscribe(
      eve, "t.*", [&](const message& what) { came[what.subject].push_back(std::stoi(what.body)); },
      std::move(how)));
  keep(subscribe(ann, "t.a", [&](const message&) { ++mine; }));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(ann.publish({"t.a", std::to_string(i)}));
    EXPECT_TRUE(bob.publish({"t.b", std::to_string(i)}));
    if (i % 100 == 99) quiet();  // so that nothing is lost
  }
  EXPECT_TRUE(run([&] { return came["t.a"].size() + came["t.b"].size() == 2000; }));
  quiet();
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(mine, 1000U) << "a publisher hears itself, too";
  for (const char* subject : {"t.a", "t.b"}) {
    ASSERT_EQ(came[subject].size(), 1000U);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(came[subject][static_cast<std::size_t>(i)], i);
  }
}

TEST_P(Conformance, PatternsMeanWordsAndTheRest) {
  node& ann = join("ann");
  std::map<std::string, std::vector<std::string>> came;
  const std::vector<std::string> patterns{"a",   "a.b", "a.*",   "*",  "*.b",
                                          "a.>", ">",   "a.*.c", "*.*"};
  for (const std::string& pattern : patterns)
    keep(subscribe(ann, pattern,
                   [&, pattern](const message& it) { came[pattern].push_back(it.subject); }));
  for (const char* subject : {"a", "a.b", "x.b", "a.b.c", "a.bb", "ab"})
    EXPECT_TRUE(ann.publish({subject}));
  quiet();
  using subjects = std::vector<std::string>;
  EXPECT_EQ(came["a"], (subjects{"a"}));
  EXPECT_EQ(came["a.b"], (subjects{"a.b"}));
  EXPECT_EQ(came["a.*"], (subjects{"a.b", "a.bb"}));
  EXPECT_EQ(came["*"], (subjects{"a", "ab"}));
  EXPECT_EQ(came["*.b"], (subjects{"a.b", "x.b"}));
  EXPECT_EQ(came["a.>"], (subjects{"a.b", "a.b.c", "a.bb"}));
  EXPECT_EQ(came[">"], (subjects{"a", "a.b", "x.b", "a.b.c", "a.bb", "ab"}));
  EXPECT_EQ(came["a.*.c"], (subjects{"a.b.c"}));
  EXPECT_EQ(came["*.*"], (subjects{"a.b", "x.b", "a.bb"}));
}

TEST_P(Conformance, OneOfAGroupHearsEach) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::map<std::string, int> in_group, alone, in_other;
  const auto count = [](std::map<std::string, int>& where) {
    return [&where](const message& what) { ++where[what.body]; };
  };
  std::map<std::string, std::map<std::string, int>> by;
  for (node* one : {&ann, &bob})
    for (int twice = 0; twice < 2; ++twice)
      keep(subscribe(*one, "t",
                     [&, one](const message& what) {
                       ++in_group[what.body];
                       ++by[one->name()][what.body];
                     },
                     {"g", {}}));
  keep(subscribe(bob, "t", count(in_other), {"other", {}}));
  keep(subscribe(ann, "*", count(alone)));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(ann.publish({"t", std::to_string(i)}));
  quiet();
  for (const auto* where : {&in_group, &alone, &in_other}) {
    EXPECT_EQ(where->size(), 100U);
    for (const auto& [body, times] : *where) EXPECT_EQ(times, 1) << body;
  }
  EXPECT_EQ(by.size(), 2U) << "each node has a share";
}

TEST_P(Conformance, NothingIsHeardAfterASubscriptionIsDropped) {
  node& ann = join("ann");
  node& bob = join("bob");
  int first = 0, second = 0, third = 0;
  registration one, two;
  one = subscribe(ann, "t", [&](const message&) {
    ++first;
    one.drop();  // its own, with more on the way
    two.drop();
  });
  two = subscribe(ann, "t", [&](const message&) { ++second; });
  registration three = subscribe(ann, "t", [&](const message&) { ++third; });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bob.publish({"t"}));
  quiet({&bob});  // all of it is on its way to ann
  three.drop();
  quiet();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
  EXPECT_EQ(third, 0);
}

TEST_P(Conformance, WhatATopicLosesIsToldAsAGap) {
  if (!engine().can_hold_back()) GTEST_SKIP() << "the engine runs all nodes at once";
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<int> came;
  std::uint64_t lost = 0, at_last = 0;
  bool in_order = true;
  subscribe_options how;
  how.on_gap = [&](std::uint64_t n) { lost += n; };
  keep(subscribe(
      ann, "t",
      [&](const message& what) {
        const auto number = static_cast<std::uint64_t>(std::stoi(what.body));
        in_order = in_order && number == came.size() + lost;
        came.push_back(static_cast<int>(number));
        at_last = number;
      },
      std::move(how)));
  for (int i = 0; i < 5000; ++i) EXPECT_TRUE(bob.publish({"t", std::to_string(i)}));
  quiet({&bob});
  quiet();
  EXPECT_TRUE(bob.publish({"t", "5000"}));
  EXPECT_TRUE(run([&] { return at_last == 5000; }));
  EXPECT_TRUE(in_order) << "a gap is told before what follows it";
  EXPECT_EQ(came.size() + lost, 5001U);
}

// ---- Logs ---------------------------------------------------------------------------------------

TEST_P(Conformance, ALogHasOneOrderAndIsReadFromAnywhereAndLive) {
  node& ann = join("ann");
  node& bob = join("bob");
  struct reader {
    std::vector<std::uint64_t> sequences;
    std::vector<std::string> bodies;
    unique_function<void(const entry&)> handler() {
      return [this](const entry& it) {
        sequences.push_back(it.sequence);
        bodies.push_back(it.content.body);
      };
    }
  };
  reader live, later, middle, future;
  keep(bob.read("l", 1, live.handler()));
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 300; ++i) {
    auto place = append(i % 2 ? ann : bob, "l", {"x", std::to_string(i)});
    ASSERT_TRUE(place);
    EXPECT_FALSE(place->repeated);
    if (!places.empty()) {
      EXPECT_GT(place->sequence, places.back());
    }
    places.push_back(place->sequence);
  }
  keep(ann.read("l", 1, later.handler()));
  keep(ann.read("l", places[150], middle.handler()));
  keep(ann.read("l", places.back() + 1, future.handler()));
  EXPECT_TRUE(run([&] {
    return live.bodies.size() == 300 && later.bodies.size() == 300 && middle.bodies.size() == 150;
  }));
  EXPECT_EQ(live.sequences, places);
  EXPECT_EQ(later.sequences, places);
  EXPECT_EQ(middle.sequences, (std::vector(places.begin() + 150, places.end())));
  for (std::size_t i = 0; i < 300; ++i) ASSERT_EQ(live.bodies[i], std::to_string(i));
  EXPECT_EQ(later.bodies, live.bodies);
  EXPECT_TRUE(future.bodies.empty());
  // All go on together.
  for (int i = 300; i < 310; ++i) EXPECT_TRUE(append(ann, "l", {"x", std::to_string(i)}));
  EXPECT_TRUE(run([&] {
    return live.bodies.size() == 310 && later.bodies.size() == 310 && middle.bodies.size() == 160 &&
           future.bodies.size() == 10;
  }));
  quiet();
  EXPECT_EQ(live.sequences, later.sequences);
  EXPECT_EQ(live.bodies.back(), "309");
  EXPECT_EQ(future.bodies.front(), "300");
  EXPECT_EQ(middle.sequences.size(), 160U);
}

TEST_P(Conformance, ALineFromTheFutureIsTheFirstThatIsRead) {
  node& ann = join("ann");
  std::vector<std::string> came;
  keep(ann.read("l", 3, [&](const entry& it) { came.push_back(it.content.body); }));
  quiet();
  std::uint64_t third = 0;
  for (int i = 1; third < 3; ++i)
    third = append(ann, "l", {"x", std::to_string(i)}).value().sequence;
  auto last = append(ann, "l", {"x", "last"});
  ASSERT_TRUE(last);
  EXPECT_TRUE(run([&] { return !came.empty() && came.back() == "last"; }));
  EXPECT_EQ(came.size(), 2U);
}

TEST_P(Conformance, ReadersGetTheSubjectsTheyWant) {
  node& ann = join("ann");
  std::vector<std::string> came;
  read_options how;
  how.filter = "a.*";
  keep(ann.read(
      "l", 1, [&](const entry& it) { came.push_back(it.content.subject); }, std::move(how)));
  for (int i = 0; i < 100; ++i)
    for (const char* subject : {"b", "a.1", "a", "a.1.2", "a.2"})
      ann.append("l", {subject}, [](const auto&) {}).detach();
  EXPECT_TRUE(run([&] { return came.size() == 200; }));
  quiet();
  ASSERT_EQ(came.size(), 200U);
  for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(came[i], i % 2 ? "a.2" : "a.1");
}

TEST_P(Conformance, AnIdIsAppendedOnceWhoeverRepeatsIt) {
  node& ann = join("ann");
  node& bob = join("bob");
  auto first = append(ann, "l", {"x", "a", {1, 1}});
  ASSERT_TRUE(first);
  EXPECT_TRUE(append(ann, "l", {"x", "b", {1, 2}}));
  for (node* by : {&ann, &bob}) {
    auto again = append(*by, "l", {"x", "a", {1, 1}});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->sequence, first->sequence);
    EXPECT_TRUE(again->repeated);
  }
  auto expecting = append(bob, "l", {"x", "a", {1, 1}}, {default_deadline, absent});
  ASSERT_TRUE(expecting) << "it was appended: what was expected then held";
  EXPECT_TRUE(expecting->repeated);
  EXPECT_EQ(code(append(bob, "l", {"x", "other", {1, 1}})), errc::conflict);
  EXPECT_EQ(code(append(bob, "l", {"other", "a", {1, 1}})), errc::conflict);
  EXPECT_FALSE(append(bob, "m", {"x", "a", {1, 1}}).value().repeated) << "another log";
  EXPECT_FALSE(append(bob, "l", {"x", "a", {2, 1}}).value().repeated) << "another client";
  EXPECT_FALSE(append(bob, "l", {"x", "a"}).value().repeated) << "without an id";
  EXPECT_FALSE(append(bob, "l", {"x", "a"}).value().repeated) << "without an id";
  int lines = 0;
  keep(ann.read("l", 1, [&](const entry&) { ++lines; }));
  EXPECT_TRUE(run([&] { return lines == 5; }));
  quiet();
  EXPECT_EQ(lines, 5);
}

TEST_P(Conformance, AnIdIsKnownEvenWhenItsLineIsForgotten) {
  node& ann = join("ann");
  auto first = append(ann, "l", {"x", "a", {1, 1}});
  auto second = append(ann, "l", {"x", "b", {1, 2}});
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(truncate(ann, "l", second->sequence + 1));
  auto again = append(ann, "l", {"x", "a", {1, 1}});
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->sequence, first->sequence);
}

TEST_P(Conformance, AnAppendThatExpectsTheLastSequenceIsAloneWithIt) {
  node& ann = join("ann");
  node& bob = join("bob");
  const auto expecting = [](std::uint64_t last) { return append_options{default_deadline, last}; };
  EXPECT_EQ(code(append(ann, "l", {"x"}, expecting(5))), errc::conflict);
  auto first = append(ann, "l", {"x"}, expecting(0));
  ASSERT_TRUE(first);
  auto refused = append(bob, "l", {"x"}, expecting(0));
  EXPECT_EQ(code(refused), errc::conflict);
  EXPECT_EQ(refused.outcome(), outcome::not_applied);
  auto second = append(bob, "l", {"x"}, expecting(first->sequence));
  ASSERT_TRUE(second);
  EXPECT_EQ(code(append(ann, "l", {"x"}, expecting(first->sequence))), errc::conflict);
  EXPECT_TRUE(truncate(ann, "l", second->sequence + 1));
  EXPECT_EQ(code(append(ann, "l", {"x"}, expecting(0))), errc::conflict) << "not the first line";
  EXPECT_TRUE(append(ann, "l", {"x"}, expecting(second->sequence)));
}

TEST_P(Conformance, AppendsKeepTheirOrderWithoutWaiting) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<std::string> came;
  keep(bob.read("l", 1, [&](const entry& it) { came.push_back(it.content.body); }));
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 200; ++i)
    ann.append("l", {"x", std::to_string(i)},
               [&](result<appended> what) { places.push_back(what ? what->sequence : 0); })
        .detach();
  EXPECT_TRUE(places.empty());
  EXPECT_TRUE(run([&] { return came.size() == 200 && places.size() == 200; }));
  for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(came[i], std::to_string(i));
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
  EXPECT_EQ(std::adjacent_find(places.begin(), places.end()), places.end());
}

TEST_P(Conformance, WhatIsTruncatedIsToldAsAGapWithItsBounds) {
  node& ann = join("ann");
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 10; ++i) places.push_back(append(ann, "l", {"x"}).value().sequence);
  EXPECT_TRUE(truncate(ann, "l", places[4]));
  struct reader {
    std::vector<std::uint64_t> came;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    registration begin(node& on, std::uint64_t from) {
      read_options how;
      how.on_gap = [this](std::uint64_t since, std::uint64_t to) { gaps.emplace_back(since, to); };
      return on.read(
          "l", from, [this](const entry& it) { came.push_back(it.sequence); }, std::move(how));
    }
  };
  reader all, some, none;
  keep(all.begin(ann, 1));
  keep(some.begin(ann, places[2]));
  keep(none.begin(ann, places[4]));
  EXPECT_TRUE(
      run([&] { return all.came.size() == 6 && some.came.size() == 6 && none.came.size() == 6; }));
  using gaps = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  EXPECT_EQ(all.gaps, (gaps{{1, places[4]}}));
  EXPECT_EQ(some.gaps, (gaps{{places[2], places[4]}}));
  EXPECT_EQ(none.gaps, gaps{});
  EXPECT_EQ(all.came, (std::vector(places.begin() + 4, places.end())));
  // Those who have read it lose nothing; to truncate again, or less, or too much, does no harm.
  EXPECT_TRUE(truncate(ann, "l", places[8]));
  EXPECT_TRUE(truncate(ann, "l", places[1]));
  EXPECT_TRUE(truncate(ann, "l", places[9] + 1000));
  auto next = append(ann, "l", {"x"});
  ASSERT_TRUE(next);
  EXPECT_GT(next->sequence, places[9]);
  EXPECT_TRUE(run([&] { return all.came.size() == 7; }));
  EXPECT_EQ(all.gaps.size(), 1U);
  EXPECT_EQ(all.came.back(), next->sequence);
}

TEST_P(Conformance, AReaderThatIsDroppedReadsNothingMore) {
  node& ann = join("ann");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(append(ann, "l", {"x"}));
  int own = 0, other = 0;
  registration one, two;
  one = ann.read("l", 1, [&](const entry&) {
    if (++own == 3) {
      one.drop();  // with seven more on the way
      two.drop();
    }
  });
  two = ann.read("l", 1, [&](const entry&) { ++other; });
  EXPECT_TRUE(run([&] { return own == 3; }));
  const int before = other;
  EXPECT_TRUE(append(ann, "l", {"x"}));
  quiet();
  EXPECT_EQ(own, 3);
  EXPECT_EQ(other, before);
}

// ---- Queues -------------------------------------------------------------------------------------

TEST_P(Conformance, EachLineIsWorkedOnByOneOfTheGroup) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::map<std::string, int> done, other;
  std::size_t settled = 0;
  const auto worker = [&](std::map<std::string, int>& where) {
    return [&](delivery it) {
      EXPECT_EQ(it.attempt, 1U);
      ++where[it.content.body];
      it.settle(verdict::done, {}, [&](const result<void>& what) { settled += bool(what); });
    };
  };
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(append(ann, "jobs", {"x", std::to_string(i)}));
  keep(ann.work("jobs", "cooks", worker(done)));
  keep(bob.work("jobs", "cooks", worker(done)));
  keep(bob.work("jobs", "waiters", worker(other)));
  for (int i = 50; i < 100; ++i) EXPECT_TRUE(append(ann, "jobs", {"x", std::to_string(i)}));
  EXPECT_TRUE(run([&] { return settled == 200; }));
  quiet();
  for (const auto* where : {&done, &other}) {
    EXPECT_EQ(where->size(), 100U);
    for (const auto& [body, times] : *where) EXPECT_EQ(times, 1) << body;
  }
  int late = 0;
  work_options how;
  how.filter = "y";
  keep(ann.work(
      "jobs", "others", [&](const delivery& it) { late += it.content.subject == "y"; }, how));
  EXPECT_TRUE(append(ann, "jobs", {"x"}));
  EXPECT_TRUE(append(ann, "jobs", {"y"}));
  EXPECT_TRUE(run([&] { return late == 1; })) << "a group may want some subjects only";
}

TEST_P(Conformance, AnotherAttemptComesAfterItsDelayAndTheAttemptsAreCounted) {
  node& ann = join("ann");
  std::vector<std::uint32_t> attempts;
  std::vector<time_point> when;
  keep(ann.work("jobs", "g", [&](delivery it) {
    attempts.push_back(it.attempt);
    when.push_back(ann.now());
    if (attempts.size() < 3)
      it.settle(verdict::again, 20ms, {});
    else
      it.settle(verdict::done, {}, {});
  }));
  EXPECT_TRUE(append(ann, "jobs", {"x"}));
  EXPECT_TRUE(run([&] { return attempts.size() == 3; }));
  pass(60ms);
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_GE(when[1] - when[0], 20ms);
  EXPECT_GE(when[2] - when[1], 20ms);
}

TEST_P(Conformance, WhatIsForgottenComesAgainAfterThePatience) {
  node& ann = join("ann");
  std::vector<std::uint32_t> attempts;
  time_point again{};
  work_options how;
  how.patience = 40ms;
  keep(ann.work(
      "jobs", "g",
      [&](delivery it) {
        attempts.push_back(it.attempt);
        if (attempts.size() == 1) return;  // forgets it
        again = ann.now();
        it.settle(verdict::done, {}, {});
      },
      how));
  const time_point begin = ann.now();
  EXPECT_TRUE(append(ann, "jobs", {"x"}));
  EXPECT_TRUE(run([&] { return attempts.size() == 2; }));
  EXPECT_GE(again - begin, 40ms);
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 2}));
}

TEST_P(Conformance, MoreTimeBeginsThePatienceAnew) {
  node& ann = join("ann");
  std::vector<delivery> held;
  std::vector<time_point> handed;
  work_options how;
  how.patience = 200ms;
  keep(ann.work(
      "jobs", "g",
      [&](delivery it) {
        handed.push_back(ann.now());
        held.push_back(std::move(it));
      },
      how));
  EXPECT_TRUE(append(ann, "jobs", {"x"}));
  EXPECT_TRUE(run([&] { return held.size() == 1; }));
  // Where this machine was too slow to ask in time, the engine says so, and nothing is known.
  pass(50ms);
  const time_point asked = ann.now();
  auto granted = await<void>([&](auto done) {
    held[0].settle(verdict::more_time, {}, std::move(done));
    return registration();
  });
  EXPECT_TRUE(run([&] { return held.size() == 2; }));
  if (granted) {
    EXPECT_GE(handed[1] - asked, 200ms);
  }
  heard<void> late;
  held[0].settle(verdict::done, {}, late.done());
  EXPECT_TRUE(run([&] { return !late.all.empty(); }));
  EXPECT_EQ(code(late), errc::conflict) << "it was handed out again";
}

TEST_P(Conformance, TooManyAttemptsMakeADeadLetterOnce) {
  node& ann = join("ann");
  int attempts = 0;
  std::vector<entry> dead;
  work_options how;
  how.attempts = 3;
  keep(ann.work(
      "jobs", "g",
      [&](delivery it) {
        if (it.content.body == "poison") {
          ++attempts;
          it.settle(verdict::again, {}, {});
        } else {
          it.settle(it.content.body == "hopeless" ? verdict::hopeless : verdict::done, {}, {});
        }
      },
      how));
  keep(ann.read("jobs.dead", 1, [&](const entry& it) { dead.push_back(it); }));
  EXPECT_TRUE(append(ann, "jobs", {"x.y", "poison", {3, 4}}));
  EXPECT_TRUE(append(ann, "jobs", {"x", "good"}));
  EXPECT_TRUE(run([&] { return dead.size() == 1; }));
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(dead[0].content.subject, "x.y");
  EXPECT_EQ(dead[0].content.body, "poison");
  EXPECT_EQ(dead[0].content.id, (operation_id{3, 4}));
  EXPECT_TRUE(append(ann, "jobs", {"x", "hopeless"}));
  EXPECT_TRUE(run([&] { return dead.size() == 2; })) << "at once";
  EXPECT_EQ(dead[1].content.body, "hopeless");
  pass(30ms);
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(dead.size(), 2U);

  how.dead_letters = "graveyard";
  std::vector<std::string> buried;
  keep(ann.read("graveyard", 1, [&](const entry& it) { buried.push_back(it.content.body); }));
  keep(ann.work(
      "jobs", "h", [&](delivery it) { it.settle(verdict::hopeless, {}, {}); }, how));
  EXPECT_TRUE(run([&] { return buried.size() == 3; })) << "of this group, all";
}

TEST_P(Conformance, AWorkerThatThrowsGetsAnotherAttempt) {
  node& ann = join("ann");
  std::vector<std::uint32_t> attempts;
  keep(ann.work("jobs", "g", [&](delivery it) {
    attempts.push_back(it.attempt);
    if (attempts.size() == 1) throw std::runtime_error("no clean pan");
    if (attempts.size() == 2) throw 7;
    it.settle(verdict::done, {}, {});
  }));
  EXPECT_TRUE(append(ann, "jobs", {"x"}));
  EXPECT_TRUE(run([&] { return attempts.size() == 3; }));
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST_P(Conformance, TheLinesOfAMemberThatVanishesGoToOthers) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<delivery> held;
  work_options how;
  how.patience = 500ms;
  keep(bob.work(
      "jobs", "g", [&](delivery it) { held.push_back(std::move(it)); }, how));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(append(ann, "jobs", {"x", std::to_string(i)}));
  EXPECT_TRUE(run([&] { return held.size() == 5; }));
  std::map<std::string, int> done;
  keep(ann.work(
      "jobs", "g",
      [&](delivery it) {
        ++done[it.content.body];
        it.settle(verdict::done, {}, {});
      },
      how));
  leave(bob);
  heard<void> late;
  held[0].settle(verdict::done, {}, late.done());  // its node is gone: nothing is called
  held.clear();
  EXPECT_TRUE(run([&] { return done.size() == 5; }));
  EXPECT_TRUE(late.all.empty());
}

TEST_P(Conformance, AWorkerHasNoMoreUnsettledThanItWants) {
  node& ann = join("ann");
  node& bob = join("bob");
  std::vector<delivery> held;
  work_options how;
  how.at_once = 2;
  int came = 0;
  keep(ann.work(
      "jobs", "g",
      [&](delivery it) {
        ++came;
        held.push_back(std::move(it));
      },
      how));
  EXPECT_TRUE(append(bob, "jobs", {"x"}));
  EXPECT_TRUE(run([&] { return held.size() == 1; }));
  for (int i = 0; i < 9; ++i) {
    heard<appended> place;
    const registration it = bob.append("jobs", {"x"}, place.done());
    EXPECT_TRUE(run_only({&bob}, [&] { return !place.all.empty(); }));
  }
  // One is on its way to the worker while it settles the one it has.
  held[0].settle(verdict::done, {}, {});
  held.erase(held.begin());
  while (came < 10) {
    const int before = came;
    EXPECT_TRUE(run([&] { return came > before; }));
    quiet();
    EXPECT_LE(held.size(), 2U);
    ASSERT_FALSE(held.empty());
    held.back().settle(verdict::done, {}, {});
    held.pop_back();
  }
  for (delivery& one : held) one.settle(verdict::done, {}, {});
  quiet();
  EXPECT_EQ(came, 10);
}

TEST_P(Conformance, WhatIsSettledIsSettledOnce) {
  node& ann = join("ann");
  std::vector<delivery> held;
  keep(ann.work("jobs", "g", [&](delivery it) { held.push_back(std::move(it)); }));
  EXPECT_TRUE(append(ann, "jobs", {"x"}));
  EXPECT_TRUE(run([&] { return held.size() == 1; }));
  heard<void> first, second;
  held[0].settle(verdict::done, {}, first.done());
  held[0].settle(verdict::done, {}, second.done());
  EXPECT_TRUE(first.all.empty() && second.all.empty());
  EXPECT_TRUE(run([&] { return !first.all.empty() && !second.all.empty(); }));
  quiet();
  EXPECT_EQ(first.all.size() + second.all.size(), 2U);
  EXPECT_EQ(code(first), std::error_code());
  EXPECT_EQ(code(second), errc::conflict);
  heard<void> third;
  held[0].settle(verdict::done, {}, third.done());
  ann.close(1s);
  EXPECT_TRUE(run([&] { return !third.all.empty(); }));
  EXPECT_EQ(third.all.size(), 1U);
  EXPECT_EQ(code(third), errc::closed);
}

TEST_P(Conformance, AWorkerThatIsDroppedMaySettleWhatItHas) {
  node& ann = join("ann");
  std::vector<delivery> held;
  work_options how;
  how.at_once = 1;
  registration it = ann.work(
      "jobs", "g", [&](delivery one) { held.push_back(std::move(one)); }, how);
  EXPECT_TRUE(append(ann, "jobs", {"x", "1"}));
  EXPECT_TRUE(append(ann, "jobs", {"x", "2"}));
  EXPECT_TRUE(run([&] { return held.size() == 1; }));
  it.drop();
  heard<void> settled;
  held[0].settle(verdict::done, {}, settled.done());
  EXPECT_TRUE(run([&] { return !settled.all.empty(); }));
  EXPECT_EQ(code(settled), std::error_code());
  quiet();
  EXPECT_EQ(held.size(), 1U) << "nothing more is handed to it";
}

TEST_P(Conformance, ADeliveryTellsUpToWhereAllIsSettled) {
  node& ann = join("ann");
  std::map<std::string, delivery> held;
  std::map<std::string, std::uint64_t> places;
  keep(ann.work("jobs", "g", [&](delivery it) { held[it.content.body] = std::move(it); }));
  const auto add = [&](const std::string& body) {
    places[body] = append(ann, "jobs", {"x", body}).value().sequence;
    EXPECT_TRUE(run([&] { return held.contains(body); }));
    return held[body].settled;
  };
  const auto settle = [&](const std::string& body) {
    auto what = await<void>([&](auto done) {
      held[body].settle(verdict::done, {}, std::move(done));
      return registration();
    });
    EXPECT_TRUE(what);
  };
  EXPECT_LT(add("1"), places["1"]);
  add("2");
  add("3");
  settle("2");
  settle("3");
  EXPECT_LT(add("4"), places["1"]);
  settle("1");
  const std::uint64_t three = add("5");
  EXPECT_GE(three, places["3"]);
  EXPECT_LT(three, places["4"]);
  settle("4");
  settle("5");
  const std::uint64_t all = add("6");
  EXPECT_GE(all, places["5"]);
  EXPECT_LT(all, places["6"]);
  // What is truncated is settled.
  EXPECT_TRUE(truncate(ann, "jobs", places["6"] + 1));
  EXPECT_GE(add("7"), places["6"]);
}

// ---- Values -------------------------------------------------------------------------------------

TEST_P(Conformance, AChangeTakesPlaceAgainstTheVersionItExpects) {
  node& ann = join("ann");
  node& bob = join("bob");
  EXPECT_EQ(code(get(ann, "b", "k")), errc::not_found);
  EXPECT_EQ(code(put(ann, "b", "k", "x", 7)), errc::conflict);
  EXPECT_EQ(code(erase(ann, "b", "k")), errc::not_found);
  auto first = put(ann, "b", "k", "1", absent);
  ASSERT_TRUE(first);
  EXPECT_GT(*first, 0U);
  auto refused = put(bob, "b", "k", "x", absent);
  EXPECT_EQ(code(refused), errc::conflict);
  EXPECT_EQ(refused.outcome(), outcome::not_applied);
  auto second = put(bob, "b", "k", std::string("2\0", 2), *first);
  ASSERT_TRUE(second);
  EXPECT_GT(*second, *first);
  EXPECT_EQ(code(put(ann, "b", "k", "x", *first)), errc::conflict);
  EXPECT_EQ(code(erase(ann, "b", "k", *first)), errc::conflict);
  auto found = get(ann, "b", "k");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, "k");
  EXPECT_EQ(found->value, std::string("2\0", 2));
  EXPECT_EQ(found->version, *second);
  EXPECT_EQ(code(get(ann, "b", "other")), errc::not_found);
  EXPECT_EQ(code(get(ann, "other", "k")), errc::not_found);

  auto erased = erase(bob, "b", "k", *second);
  ASSERT_TRUE(erased);
  EXPECT_GT(*erased, *second);
  EXPECT_EQ(code(get(ann, "b", "k")), errc::not_found);
  EXPECT_EQ(code(erase(ann, "b", "k")), errc::not_found);
  EXPECT_EQ(code(put(ann, "b", "k", "x", *second)), errc::conflict);
  EXPECT_EQ(code(put(ann, "b", "k", "x", *erased)), errc::conflict) << "it is absent";
  auto third = put(ann, "b", "k", "3", absent);
  ASSERT_TRUE(third) << "an erased one is absent";
  EXPECT_GT(*third, *erased);
  auto fourth = put(ann, "b", "k", "");
  ASSERT_TRUE(fourth);
  EXPECT_EQ(get(bob, "b", "k").value().value, std::string()) << "empty is a value";
  EXPECT_GT(put(ann, "b", "another", "4").value(), *fourth) << "versions grow in a bucket";
  EXPECT_TRUE(erase(ann, "b", "k"));
}

TEST_P(Conformance, ConcurrentIncrementersLoseNothing) {
  join("ann");
  join("bob");
  join("eve");
  const increments what = increment(engine(), everybody());
  EXPECT_TRUE(what.add_up()) << what.number << " after " << what.successes << " successes and "
                             << what.unknown << " unknown";
}

// ---- Watching -----------------------------------------------------------------------------------

/// What a watch tells.
struct watched {
  std::vector<std::pair<std::string, std::string>> all;  // "-" for an erasure
  std::vector<std::uint64_t> versions;
  std::map<std::string, std::string> last;
  int currents = 0, resyncs = 0;
  std::size_t at_current = 0;
  registration begin(node& on, std::string bucket, std::string pattern, std::uint64_t after = 0) {
    watch_options how;
    how.after = after;
    how.on_current = [this] {
      ++currents;
      at_current = all.size();
    };
    how.on_resync = [this] {
      ++resyncs;
      all.clear();
      last.clear();
      versions.clear();
    };
    return on.watch(
        std::move(bucket), std::move(pattern),
        [this](const versioned& it) {
          all.emplace_back(it.key, it.value.value_or("-"));
          versions.push_back(it.version);
          last[it.key] = it.value.value_or("-");
          if (!it.value) last.erase(it.key);
        },
        std::move(how));
  }
  [[nodiscard]] bool versions_grow() const {
    return std::is_sorted(versions.begin(), versions.end(), std::less_equal<>());
  }
};

TEST_P(Conformance, AWatchTellsWhatIsThereThenWhatChanges) {
  node& ann = join("ann");
  node& bob = join("bob");
  watched empty, some, all, one;
  keep(empty.begin(ann, "nothing", ">"));
  EXPECT_TRUE(run([&] { return empty.currents == 1; })) << "of an empty bucket, too";
  EXPECT_TRUE(empty.all.empty());
  EXPECT_TRUE(put(bob, "b", "x.1", "a"));
  EXPECT_TRUE(put(bob, "b", "y", "b"));
  EXPECT_TRUE(put(bob, "b", "x.1", "c"));
  EXPECT_TRUE(put(bob, "b", "x.2", "d"));
  keep(all.begin(ann, "b", ">"));
  keep(some.begin(ann, "b", "x.*"));
  keep(one.begin(ann, "b", "y"));
  EXPECT_TRUE(run([&] { return all.currents == 1 && some.currents == 1 && one.currents == 1; }));
  using changes = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(all.all, (changes{{"y", "b"}, {"x.1", "c"}, {"x.2", "d"}}));
  EXPECT_EQ(all.at_current, 3U);
  EXPECT_EQ(some.all, (changes{{"x.1", "c"}, {"x.2", "d"}}));
  EXPECT_EQ(one.all, (changes{{"y", "b"}}));
  EXPECT_TRUE(put(bob, "b", "x.1", "e"));
  EXPECT_TRUE(run([&] { return all.last["x.1"] == "e" && some.last["x.1"] == "e"; }));
  EXPECT_TRUE(erase(bob, "b", "y"));
  EXPECT_TRUE(run([&] { return !all.last.contains("y") && !one.last.contains("y"); }));
  EXPECT_TRUE(put(bob, "b", "y", "f"));
  EXPECT_TRUE(run([&] { return all.last.contains("y") && one.last.contains("y"); }));
  quiet();
  EXPECT_EQ(
      all.all,
      (changes{{"y", "b"}, {"x.1", "c"}, {"x.2", "d"}, {"x.1", "e"}, {"y", "-"}, {"y", "f"}}));
  EXPECT_EQ(one.all, (changes{{"y", "b"}, {"y", "-"}, {"y", "f"}}));
  for (const watched* it : {&empty, &some, &all, &one}) {
    EXPECT_EQ(it->currents, 1);
    EXPECT_EQ(it->resyncs, 0);
    EXPECT_TRUE(it->versions_grow());
  }
}

TEST_P(Conformance, AWatchGoesOnAfterAVersion) {
  node& ann = join("ann");
  std::vector<std::uint64_t> versions;
  for (const char* key : {"a", "b", "c", "a"}) versions.push_back(put(ann, "w", key, "1").value());
  EXPECT_TRUE(erase(ann, "w", "b"));
  watched since, last;
  keep(since.begin(ann, "w", ">", versions[2]));
  EXPECT_TRUE(run([&] { return since.currents == 1; }));
  using changes = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(since.all, (changes{{"a", "1"}, {"b", "-"}})) << "erasures, too";
  EXPECT_EQ(since.resyncs, 0);
  keep(last.begin(ann, "w", ">", since.versions.back()));
  EXPECT_TRUE(run([&] { return last.currents == 1; }));
  EXPECT_TRUE(last.all.empty());
  EXPECT_TRUE(put(ann, "w", "d", "1"));
  EXPECT_TRUE(run([&] { return last.all.size() == 1 && since.all.size() == 3; }));
}

TEST_P(Conformance, AWatchThatKnowsMoreThanThereIsBeginsAnew) {
  node& ann = join("ann");
  auto version = put(ann, "w", "a", "1");
  ASSERT_TRUE(version);
  watched it;
  keep(it.begin(ann, "w", ">", *version + 1000));  // of a bucket that was lost
  EXPECT_TRUE(run([&] { return it.currents == 1; }));
  EXPECT_EQ(it.resyncs, 1);
  EXPECT_EQ(it.last, (std::map<std::string, std::string>{{"a", "1"}}));
}

TEST_P(Conformance, AWatchMaySkipButEndsWithTheLastOfEachKey) {
  node& ann = join("ann");
  node& bob = join("bob");
  watched it;
  keep(it.begin(ann, "w", ">"));
  std::map<std::string, std::string> model;
  int done = 0;
  for (int i = 0; i < 600; ++i) {
    const std::string which = "k" + std::to_string(i * 7 % 5), value = std::to_string(i);
    const auto count = [&](const auto&) { ++done; };
    if (i % 11 == 3) {
      bob.erase("w", which, any_version, count).detach();
      model.erase(which);
    } else {
      bob.put("w", which, value, any_version, count).detach();
      model[which] = value;
    }
    if (i % 100 == 50) {
      EXPECT_TRUE(run([&] { return done > i / 2; }));
    }
  }
  EXPECT_TRUE(run([&] { return done == 600; }));
  EXPECT_TRUE(run([&] { return it.last == model; }));
  quiet();
  EXPECT_EQ(it.last, model);
  EXPECT_TRUE(it.versions_grow());
  EXPECT_EQ(it.currents, 1);
}

TEST_P(Conformance, NothingIsToldAfterAWatchIsDropped) {
  node& ann = join("ann");
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_TRUE(put(ann, "w", key, "1"));
  int own = 0, current = 0;
  registration it;
  watch_options how;
  how.on_current = [&] { ++current; };
  it = ann.watch(
      "w", ">",
      [&](const versioned&) {
        if (++own == 2) it.drop();
      },
      std::move(how));
  EXPECT_TRUE(run([&] { return own == 2; }));
  EXPECT_TRUE(put(ann, "w", "e", "1"));
  quiet();
  EXPECT_EQ(own, 2);
  EXPECT_EQ(current, 0);
}

// ---- Limits -------------------------------------------------------------------------------------

TEST_P(Conformance, TheLargestBodyPassesAndNoLargerOne) {
  node& ann = join("ann");
  node& bob = join("bob");
  const std::string largest(largest_body, 'x'), beyond(largest_body + 1, 'x');
  keep(serve(bob, "echo", echo));
  keep(serve(bob, "grow", [&](const message&, responder to) { to.reply(beyond); }));
  std::size_t told = 0, read = 0, worked = 0, seen = 0;
  keep(subscribe(bob, "t", [&](const message& it) { told += it.body.size(); }));
  keep(bob.read("l", 1, [&](const entry& it) { read += it.content.body.size(); }));
  keep(bob.work("l", "g", [&](const delivery& it) { worked += it.content.body.size(); }));
  keep(bob.watch("b", ">", [&](const versioned& it) { seen += it.value->size(); }));
  auto answer = call(ann, {"echo", largest});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, largest);
  EXPECT_TRUE(ann.publish({"t", largest}));
  EXPECT_TRUE(append(ann, "l", {"x", largest}));
  EXPECT_TRUE(put(ann, "b", "k", largest));
  EXPECT_EQ(get(ann, "b", "k").value().value, largest);
  EXPECT_TRUE(run([&] {
    return told == largest_body && read == largest_body && worked == largest_body &&
           seen == largest_body;
  }));
  EXPECT_EQ(code(call(ann, {"echo", beyond})), errc::too_large);
  EXPECT_EQ(code(ann.publish({"t", beyond})), errc::too_large);
  EXPECT_EQ(code(append(ann, "l", {"x", beyond})), errc::too_large);
  EXPECT_EQ(code(put(ann, "b", "k", beyond)), errc::too_large);
  EXPECT_EQ(code(call(ann, {"grow"})), errc::failed_there)
      << "it was executed, and its answer is not sent";
  quiet();
  EXPECT_EQ(told + read + worked + seen, 4 * largest_body);
}

TEST_P(Conformance, NamesThatAreNotWordsBetweenDotsAreRefused) {
  node& ann = join("ann");
  int events = 0, handled = 0;
  ann.on_event([&](const event& it) { events += it.what == event::kind::refused; });
  const std::vector<std::string> wrong{"",
                                       ".",
                                       ".a",
                                       "a.",
                                       "a..b",
                                       "a b",
                                       "a*",
                                       "a\n",
                                       std::string("a\0", 2),
                                       std::string(256, 'a')};
  const auto count = [&](const auto&...) { ++handled; };
  std::vector<std::string> with_wildcards = wrong;
  for (const char* pattern : {"*", ">", "a.*", "a.>"}) with_wildcards.push_back(pattern);
  for (const std::string& name : with_wildcards) {
    SCOPED_TRACE('"' + name + '"');
    EXPECT_EQ(code(call(ann, {name})), errc::refused);
    EXPECT_EQ(code(ann.publish({name})), errc::refused);
    EXPECT_EQ(
        code(await<void>([&](auto done) { return ann.serve(name, echo, {}, std::move(done)); })),
        errc::refused);
    EXPECT_EQ(code(append(ann, name, {"x"})), errc::refused);
    EXPECT_EQ(code(append(ann, "l", {name})), errc::refused);
    EXPECT_EQ(code(truncate(ann, name, 1)), errc::refused);
    EXPECT_EQ(code(get(ann, name, "k")), errc::refused);
    EXPECT_EQ(code(get(ann, "b", name)), errc::refused);
    EXPECT_EQ(code(put(ann, name, "k", "v")), errc::refused);
    EXPECT_EQ(code(put(ann, "b", name, "v")), errc::refused);
    EXPECT_EQ(code(erase(ann, name, "k")), errc::refused);
    EXPECT_EQ(code(erase(ann, "b", name)), errc::refused);
  }
  for (const std::string& name : wrong) {
    SCOPED_TRACE('"' + name + '"');
    EXPECT_EQ(code(await<void>(
                  [&](auto done) { return ann.subscribe(name, count, {}, std::move(done)); })),
              errc::refused);
    events = 0;
    work_options how;
    how.filter = name;
    const registration all[] = {ann.read(name, 1, count),    ann.read("l", 1, count, {name, {}}),
                                ann.watch(name, ">", count), ann.watch("b", name, count),
                                ann.work(name, "g", count),  ann.work("l", "g", count, how)};
    EXPECT_TRUE(run([&] { return events == 6; })) << events << " of 6 were refused";
  }
  for (const std::string name : {"a.>.b", "a>", ">.a"})
    EXPECT_EQ(code(await<void>(
                  [&](auto done) { return ann.subscribe(name, count, {}, std::move(done)); })),
              errc::refused)
        << name;
  const std::string longest(255, 'a');
  EXPECT_TRUE(put(ann, longest, longest, "v"));
  EXPECT_TRUE(put(ann, "b", "\xc3\xa9t\xc3\xa9.x-y_z", "v"));
  EXPECT_EQ(handled, 0);
}

}  // namespace
}  // namespace gof::testing

using Conformance = gof::testing::Conformance;
