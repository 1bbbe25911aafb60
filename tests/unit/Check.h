/// Checks for unit tests. A test file includes this header and states what must hold:
///
///   TEST(sums) {
///     CHECK(ready);
///     CHECK_EQ(actual, expected);
///     CHECK_NEAR(actual, expected, tolerance);
///   }
///
/// It is a program: it goes on after a failure, and returns 1 when there was one. Compiled for an
/// instruction set that the processor does not have, it says so and succeeds; lit reports it as
/// unsupported.
#pragma once

#include "runtime/TileRegisters.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <type_traits>

namespace check {

inline int done = 0;
inline int failed = 0;

template <class T> std::string show(const T &value) {
  std::ostringstream out;
  out.precision(9);
  if constexpr (std::is_enum_v<T>)
    out << +static_cast<std::underlying_type_t<T>>(value);
  else if constexpr (std::is_integral_v<T>)
    out << +value; // an int8_t is a number here
  else if constexpr (requires { out << value; })
    out << value;
  else if constexpr (requires { std::string(value); })
    out << std::string(value);
  else
    out << "(a value that cannot be printed)";
  return out.str();
}

inline void record(bool holds, const char *file, int line, const char *text,
                   const std::string &facts = "") {
  ++done;
  if (holds)
    return;
  ++failed;
  std::cout << file << ':' << line << ": failed: " << text << facts << '\n';
}

template <class A, class E>
void equal(const A &actual, const E &expected, const char *file, int line, const char *text) {
  bool same;
  if constexpr (std::is_integral_v<A> && std::is_integral_v<E>)
    same = static_cast<__int128>(actual) == static_cast<__int128>(expected); // -1 is no size
  else
    same = actual == expected;
  if (same)
    record(true, file, line, text);
  else
    record(false, file, line, text, ": " + show(actual) + ", expected " + show(expected));
}

// A difference that is not a number is not near.
inline void near(double actual, double expected, double tolerance, const char *file, int line,
                 const char *text) {
  double difference = std::fabs(actual - expected);
  if (actual == expected || difference <= tolerance)
    record(true, file, line, text);
  else
    record(false, file, line, text,
           ": " + show(actual) + ", expected " + show(expected) + " within " + show(tolerance));
}

struct Test {
  inline static Test *first = nullptr;
  void (*run)();
  Test *next = nullptr;
  explicit Test(void (*run)()) : run(run) {
    Test **last = &first;
    while (*last)
      last = &(*last)->next;
    *last = this;
  }
};

// Runs before everything else of the program and without vector instructions of its own, because
// the compiler may use the missing ones anywhere. Only functions that are never inlined are called:
// they would have to be of the same instruction set. F16C is not asked for: clang 14 cannot, and
// every processor with AVX2 has it.
[[gnu::constructor(101), gnu::target("no-avx")]] static void skipWithoutInstructions() {
  __builtin_cpu_init();
  const char *missing = nullptr;
#ifdef __AVX2__
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    missing = "avx2";
#endif
#ifdef __AVX512F__
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
    missing = "avx512";
#endif
#ifdef __AVX512VNNI__
  if (!__builtin_cpu_supports("avx512vnni"))
    missing = "avx512vnni";
#endif
#ifdef __AVX512VBMI__
  if (!__builtin_cpu_supports("avx512vbmi"))
    missing = "avx512vbmi";
#endif
#ifdef __AVX512BF16__
  if (!__builtin_cpu_supports("avx512bf16"))
    missing = "avx512bf16";
#endif
#ifdef __AMX_BF16__ // of which clang 14 cannot ask either
  if (!ashlar::useTileRegisters())
    missing = "amx_bf16 that it may use";
#endif
  if (!missing)
    return;
  fputs("skipped: this processor has no ", stdout);
  puts(missing);
  fflush(stdout);
  _exit(0);
}

} // namespace check

#define TEST(name)                                                                                 \
  static void name##Test();                                                                        \
  static check::Test name##Registered(name##Test);                                                 \
  static void name##Test()
#define CHECK(...) check::record(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, #__VA_ARGS__)
#define CHECK_EQ(actual, expected)                                                                 \
  check::equal(actual, expected, __FILE__, __LINE__, #actual " == " #expected)
#define CHECK_NEAR(actual, expected, tolerance)                                                    \
  check::near(actual, expected, tolerance, __FILE__, __LINE__, #actual " near " #expected)

int main() {
  for (check::Test *test = check::Test::first; test; test = test->next)
    test->run();
  if (check::failed) {
    std::cout << check::failed << " of " << check::done << " checks failed\n";
    return 1;
  }
  std::cout << check::done << " checks passed\n";
  return 0;
}
