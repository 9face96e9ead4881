// SPDX-License-Identifier: BSL-1.0
#include "creational/singleton/library.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace {

struct library {
  explicit library(const char* file) : handle(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (handle == nullptr) throw std::runtime_error(dlerror());
  }
  template <class F>
  F* function(const char* name) const {
    return reinterpret_cast<F*>(dlsym(handle, name));
  }
  void* handle;
};

class SingletonInLibraries : public testing::Test {
 protected:
  library a_{GOF_LIBRARY_A}, b_{GOF_LIBRARY_B};
};

TEST_F(SingletonInLibraries, IsOneEachWhereItIsHidden) {
  const auto own_of_a = a_.function<lines*()>("own");
  const auto own_of_b = b_.function<lines*()>("own");
  EXPECT_EQ(own_of_a(), own_of_a());
  EXPECT_NE(own_of_a(), own_of_b());
}

TEST_F(SingletonInLibraries, IsTheSameWhereItIsHandedOver) {
  lines mine;
  for (const library* l : {&a_, &b_}) {
    l->function<void(lines*)>("take")(&mine);
    EXPECT_EQ(l->function<lines*()>("taken")(), &mine);
  }
  for (const library* l : {&a_, &b_}) l->function<void(lines*)>("take")(nullptr);
  EXPECT_EQ(a_.function<lines*()>("taken")(), nullptr);
  EXPECT_EQ(b_.function<lines*()>("taken")(), nullptr);
}

}  // namespace
