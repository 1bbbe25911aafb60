/// The bytes of a compiled tokenizer. The compiler writes them, the runtime reads them in place,
/// both by this file: nothing is parsed or built at start.
///
///   TokenizerHeader | arrays, each where its Section says | text
///
/// All numbers are little-endian, all offsets count from the header, arrays are aligned to 4 bytes
/// and the whole to 8. Absent ids have no `TokenPresent`. Byte-level tokens stand here as the bytes
/// that they mean.
#pragma once

#include <bit>
#include <cstdint>

namespace ashlar {

static_assert(std::endian::native == std::endian::little);

inline constexpr uint32_t TokenizerVersion = 2;
inline constexpr char TokenizerMagic[8] = {'A', 'S', 'H', 'L', 'T', 'E', 'X', 'T'};

inline constexpr uint32_t MaxTokenBytes = 1024; // bounds the buffers of a text stream
inline constexpr uint32_t MaxTokens = 1 << 24;

struct Section {
  uint64_t offset;
  uint64_t count;
};

/// How text is cut into the pieces within which bytes are merged.
enum class Splitter : uint32_t { None = 0, Gpt2 = 1, Llama3 = 2, Qwen2 = 3 };

enum TokenizerFlags : uint32_t {
  AddPrefixSpace = 1, // before text that does not start with one
  IgnoreMerges = 2,   // a piece that is a token as a whole is that token
  ComposeText = 4,    // into normal form C, where `added` leaves it
};

enum TokenFlags : uint16_t { TokenPresent = 1, TokenSpecial = 2 };

struct TokenEntry {
  uint32_t offset; // into the text: what the token decodes to
  uint16_t bytes;
  uint16_t flags;
};

/// Two neighbours that become one. The entries of one left token stand together, in ascending
/// order of the right one; `lefts[left]` to `lefts[left + 1]` are theirs.
struct MergeEntry {
  uint32_t right;
  uint32_t rank; // the lowest is merged first
  uint32_t result;
};

enum AddedFlags : uint16_t {
  AddedSpecial = 1,
  AddedSingleWord = 2,
  AddedLstrip = 4,
  AddedRstrip = 8
};

/// A token that is recognised in the text before everything else.
struct AddedEntry {
  uint32_t offset; // into the text: what is looked for, which may differ from what it decodes to
  uint16_t bytes;
  uint16_t flags;
  uint32_t id;
};

struct TokenizerHeader {
  char magic[8];
  uint32_t version;
  uint32_t flags;
  Splitter splitter;
  uint32_t reserved;
  uint64_t bytes;          // all of it
  Section tokens;          // TokenEntry, by id
  Section lefts;           // uint32_t: one more than tokens
  Section merges;          // MergeEntry
  Section whole;           // uint32_t: ids in the order of their bytes, for IgnoreMerges
  Section added;           // AddedEntry in the order of their bytes: found in a first pass
  Section addedNormalized; // the same: found in what the first pass leaves (and ComposeText makes)
  Section prefix;          // uint32_t: ids that stand before a text
  Section text;            // char
  int32_t byteIds[256];    // the token of each byte; -1: such a byte is dropped
};
static_assert(sizeof(TokenizerHeader) == 32 + 8 * sizeof(Section) + 1024);

} // namespace ashlar
