/// The plain read that runs are compared with: a loop that adds up all bytes, as anybody would
/// write it, and asks for nothing ahead.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench {

/// The sum of one thread's part of some bytes, so that all of them must come. `Register` is a
/// vector of 64-bit numbers.
template <class Register>
[[gnu::always_inline]] inline uint64_t plainRead(const std::byte *from, uint64_t bytes,
                                                 uint32_t thread, uint32_t threads) {
  uint64_t all = bytes / (4 * sizeof(Register));
  auto *at = reinterpret_cast<const Register *>(from) + all * thread / threads * 4;
  auto *end = reinterpret_cast<const Register *>(from) + all * (thread + 1) / threads * 4;
  // Not an array: compilers leave that in memory, and the loop waits for it instead.
  Register a = {}, b = {}, c = {}, d = {};
  for (; at < end; at += 4) {
    a += at[0];
    b += at[1];
    c += at[2];
    d += at[3];
  }
  a += b + c + d;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < sizeof(Register) / sizeof(uint64_t); ++i)
    sum += a[i];
  return sum;
}

} // namespace bench
