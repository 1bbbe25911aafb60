/// XXH64 with seed 0, fed in pieces: what packs are checked with. One definition for the compiler,
/// which writes the sums, and the runtime, which compares them.
#pragma once

#include <cstdint>
#include <cstring>

namespace ashlar {

class Checksum {
public:
  void add(const void *data, uint64_t bytes) {
    auto *p = static_cast<const unsigned char *>(data);
    total += bytes;
    if (filled) {
      uint64_t take = bytes < 32 - filled ? bytes : 32 - filled;
      std::memcpy(buffer + filled, p, take);
      filled += take;
      p += take;
      bytes -= take;
      if (filled < 32)
        return;
      block(buffer);
      filled = 0;
    }
    for (; bytes >= 32; p += 32, bytes -= 32)
      block(p);
    std::memcpy(buffer, p, bytes);
    filled = bytes;
  }

  uint64_t value() const {
    uint64_t h;
    if (total >= 32) {
      h = rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) + rotate(lane[3], 18);
      for (uint64_t l : lane)
        h = (h ^ round(0, l)) * P1 + P4;
    } else {
      h = P5;
    }
    h += total;
    const unsigned char *p = buffer, *end = buffer + filled;
    for (; end - p >= 8; p += 8)
      h = rotate(h ^ round(0, load<uint64_t>(p)), 27) * P1 + P4;
    if (end - p >= 4) {
      h = rotate(h ^ (load<uint32_t>(p) * P1), 23) * P2 + P3;
      p += 4;
    }
    for (; p < end; ++p)
      h = rotate(h ^ (*p * P5), 11) * P1;
    h = (h ^ (h >> 33)) * P2;
    h = (h ^ (h >> 29)) * P3;
    return h ^ (h >> 32);
  }

  static uint64_t of(const void *data, uint64_t bytes) {
    Checksum sum;
    sum.add(data, bytes);
    return sum.value();
  }

private:
  static constexpr uint64_t P1 = 0x9E3779B185EBCA87, P2 = 0xC2B2AE3D27D4EB4F,
                            P3 = 0x165667B19E3779F9, P4 = 0x85EBCA77C2B2AE63,
                            P5 = 0x27D4EB2F165667C5;
  static uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }
  static uint64_t round(uint64_t acc, uint64_t input) { return rotate(acc + input * P2, 31) * P1; }
  template <class T> static uint64_t load(const unsigned char *p) {
    T value;
    std::memcpy(&value, p, sizeof(value));
    return value;
  }
  void block(const unsigned char *p) {
    for (int i = 0; i < 4; ++i)
      lane[i] = round(lane[i], load<uint64_t>(p + 8 * i));
  }

  uint64_t lane[4] = {P1 + P2, P2, 0, 0 - P1};
  uint64_t total = 0;
  unsigned char buffer[32] = {};
  uint64_t filled = 0;
};

} // namespace ashlar
