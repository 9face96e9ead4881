// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// The interface of a library that uses gof inside and in its types.

#include <gof/command.hpp>

namespace consumer {

struct add {
  int amount;
  void execute(int& value) const { value += amount; }
  void undo(int& value) const { value -= amount; }
};

class counter {
 public:
  counter() : history_(value_) {}
  counter(const counter&) = delete;
  counter& operator=(const counter&) = delete;

  void increase(int amount);
  bool undo();
  bool redo();
  int value() const { return value_; }

 private:
  int value_ = 0;
  gof::command::history<int, add> history_;
};

}  // namespace consumer
