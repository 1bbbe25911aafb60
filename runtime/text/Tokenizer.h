/// Text to token ids and back, by a compiled tokenizer that is read where it lies. `open` checks
/// every offset and count once; afterwards no text and no id, however malformed, leads outside.
///
/// A tokenizer is a view: the bytes must outlive it, and it may be used by many threads. Ids and
/// text are those that the `tokenizers` package gives for the same tokenizer.json.
#pragma once

#include "runtime/text/TokenizerFormat.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace ashlar {

/// What is wrong with the bytes of a tokenizer; nothing when they can be used.
const char *validateTokenizer(std::span<const std::byte> bytes);

class Tokenizer {
public:
  /// Nothing when `validateTokenizer` finds fault, which it says in `wrong`.
  static std::optional<Tokenizer> open(std::span<const std::byte> bytes,
                                       const char **wrong = nullptr);

  static constexpr uint64_t MaxTextBytes = uint64_t(1) << 30;

  /// Writes the ids of a text, as many as `ids` holds, and returns how many there are: more than
  /// `ids.size()` means that it was too small. Invalid UTF-8 is read as U+FFFD. Nothing for a text
  /// beyond `MaxTextBytes`. Allocates in proportion to the text.
  ///
  /// `addSpecial` puts before it what the tokenizer wants there (such as a BOS token). Without
  /// `readSpecial`, special tokens that are spelt out in the text are read as plain text: for text
  /// that must not control the model.
  std::optional<uint64_t> encode(std::string_view text, bool addSpecial, std::span<int32_t> ids,
                                 bool readSpecial = true) const;

  /// What a token decodes to, as bytes that may end within a character; empty for an unknown id.
  std::string_view bytesOf(int32_t id) const;
  bool isSpecial(int32_t id) const;
  /// One more than the highest id.
  uint64_t tokens() const { return header->tokens.count; }

  // What encoding needs of the tables.
  struct Merge {
    uint32_t rank;
    uint32_t result;
  };
  std::optional<Merge> merge(uint32_t left, uint32_t right) const;
  /// The token that is these bytes as a whole, or -1. Only for `IgnoreMerges`.
  int32_t wholeToken(std::string_view bytes) const;
  const AddedEntry *longestAdded(std::span<const AddedEntry> entries, std::string_view text) const;
  uint32_t flags() const { return header->flags; }
  Splitter splitter() const { return header->splitter; }
  int32_t byteId(uint8_t byte) const { return header->byteIds[byte]; }
  std::span<const AddedEntry> added() const { return array<AddedEntry>(header->added); }
  std::span<const AddedEntry> addedNormalized() const {
    return array<AddedEntry>(header->addedNormalized);
  }
  std::span<const uint32_t> prefix() const { return array<uint32_t>(header->prefix); }
  template <class Entry> std::string_view textOf(const Entry &entry) const {
    auto text = array<char>(header->text);
    return {text.data() + entry.offset, entry.bytes};
  }

private:
  explicit Tokenizer(const TokenizerHeader *header) : header(header) {}
  template <class T> std::span<const T> array(const Section &section) const {
    return {reinterpret_cast<const T *>(reinterpret_cast<const char *>(header) + section.offset),
            section.count};
  }

  const TokenizerHeader *header;
};

/// Turns ids into text as they come. What it gives is always valid UTF-8 and, all of it together,
/// what decoding all ids at once gives: bytes wait here until their character is complete. Never
/// allocates.
class TextStream {
public:
  explicit TextStream(const Tokenizer &tokenizer, bool skipSpecial = true)
      : tokenizer(tokenizer), skipSpecial(skipSpecial) {}

  /// The text that is complete now; valid until the next call. Ids that the tokenizer does not have
  /// give nothing.
  std::string_view feed(int32_t id);
  /// What was left incomplete at the end, as U+FFFD. The stream starts anew.
  std::string_view finish();

private:
  void put(std::string_view text);

  const Tokenizer &tokenizer;
  bool skipSpecial;
  uint32_t waiting = 0; // bytes of an incomplete character, at the start of `input`
  uint32_t written = 0;
  char input[4 + MaxTokenBytes];
  char output[3 * (4 + MaxTokenBytes)]; // every byte may become a U+FFFD
};

} // namespace ashlar
