/// The bytes of a pack: weights in the plan's order and the kernels' layout, the plan's text and
/// report, and the compiled tokenizer. The compiler writes it, the runtime reads it, both by this
/// file.
///
///   PackHeader | extents, each aligned to 4096 | index: PackEntry[entries] | names | PackTrailer
///
/// A pack belongs to a plan, not to weights: weights trained further fit the same app, and its
/// checksums tell one set from another.
///
/// A pack stands in a file of its own or at the end of an executable. The trailer is always the
/// last 64 bytes of the file; it says how long the pack is, and so where it starts. All numbers
/// are little-endian. Offsets count from the start of the pack.
#pragma once

#include <cstdint>

namespace ashlar {

inline constexpr uint32_t PackVersion = 2;
inline constexpr uint64_t PackAlignment = 4096;
inline constexpr char PackMagic[8] = {'A', 'S', 'H', 'L', 'P', 'A', 'C', 'K'};
inline constexpr char PackEndMagic[8] = {'A', 'S', 'H', 'L', 'P', 'E', 'N', 'D'};

struct PackHeader {
  char magic[8];
  uint32_t version;
  uint32_t entries;
  char planDigest[32]; // hexadecimal digits
  char modelDigest[32];
  uint64_t indexOffset;
  uint64_t namesOffset;
  uint64_t namesBytes;
  uint8_t reserved[24];
};
static_assert(sizeof(PackHeader) == 128);

enum class PackKind : uint32_t { Weight = 0, Plan = 1, Tokenizer = 2, Report = 3 };

struct PackEntry {
  uint64_t nameOffset; // into the names
  uint32_t nameBytes;
  PackKind kind;
  uint64_t offset;
  uint64_t bytes;
  uint64_t checksum; // XXH64 of the bytes, seed 0
  uint8_t type;      // of a weight: 0 f32, 1 f16, 2 bf16, 3 int8, 4 int4
  uint8_t layout;    // of a weight: 0 rows, 1 vector, 2 panels
  uint8_t reserved[6];
};
static_assert(sizeof(PackEntry) == 48);

struct PackTrailer {
  uint64_t packBytes;     // header to trailer, both included
  uint64_t indexChecksum; // XXH64 of header, index and names, in this order
  uint8_t reserved[40];
  char magic[8];
};
static_assert(sizeof(PackTrailer) == 64);

} // namespace ashlar
