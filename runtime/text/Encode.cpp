// Tokenizer::encode: added tokens first, with the text between them made normal where the tokenizer
// wants that; then pieces, then merges within each piece.

#include "runtime/text/Compose.h"
#include "runtime/text/Split.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

namespace ashlar {
namespace {

bool isContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// The last code point of a valid text that is not empty, and its length.
uint32_t lastCodePoint(std::string_view text, size_t &bytes) {
  size_t i = text.size() - 1;
  while (isContinuation(text[i]))
    --i;
  return codePointAt(text.data() + i, bytes);
}

bool startsWithWord(std::string_view text) {
  size_t bytes;
  return !text.empty() && isWord(codePointAt(text.data(), bytes));
}
bool endsWithWord(std::string_view text) {
  size_t bytes;
  return !text.empty() && isWord(lastCodePoint(text, bytes));
}
size_t leadingSpace(std::string_view text) {
  size_t i = 0, bytes;
  while (i < text.size() && isSpace(codePointAt(text.data() + i, bytes)))
    i += bytes;
  return i;
}
size_t withoutTrailingSpace(std::string_view text) {
  size_t bytes;
  while (!text.empty() && isSpace(lastCodePoint(text, bytes)))
    text.remove_suffix(bytes);
  return text.size();
}

// The text itself when it is valid, else a copy with U+FFFD for what is not, kept in `copy`.
std::string_view validUtf8(std::string_view text, std::string &copy) {
  std::string_view rest = text;
  bool valid = true;
  while (!rest.empty()) {
    CodePoint c = firstCodePoint(rest);
    if (c.kind != CodePoint::Valid && valid) {
      valid = false;
      copy.assign(text.substr(0, text.size() - rest.size()));
    }
    if (!valid)
      copy += c.kind == CodePoint::Valid ? rest.substr(0, c.bytes) : ReplacementCharacter;
    rest.remove_prefix(c.bytes);
  }
  return valid ? text : std::string_view(copy);
}

// Added tokens, and the bytes that they start with: most places of a text need no further look.
struct AddedSet {
  explicit AddedSet(const Tokenizer &tokenizer, std::span<const AddedEntry> entries)
      : entries(entries) {
    for (const AddedEntry &entry : entries)
      starts[static_cast<uint8_t>(tokenizer.textOf(entry)[0])] = true;
  }
  std::span<const AddedEntry> entries;
  std::array<bool, 256> starts{};
};

class Encoder {
public:
  Encoder(const Tokenizer &tokenizer, std::span<int32_t> ids, bool readSpecial)
      : tokenizer(tokenizer), ids(ids), readSpecial(readSpecial),
        added(tokenizer, tokenizer.added()),
        addedNormalized(tokenizer, tokenizer.addedNormalized()) {}

  void emit(uint32_t id) {
    if (count < ids.size())
      ids[count] = static_cast<int32_t>(id);
    ++count;
  }

  void text(std::string_view text) {
    extract(added, text, [&](std::string_view rest) {
      std::string copy;
      if (tokenizer.flags() & ComposeText)
        rest = composedText(rest, copy);
      extract(addedNormalized, rest, [&](std::string_view part) { plain(part); });
    });
  }

  uint64_t count = 0;

private:
  // Takes the added tokens out of a text, leftmost and longest first, and hands on what is between
  // them. A match that does not count (in the midst of a word) still is not looked into.
  template <class HandOn> void extract(const AddedSet &set, std::string_view text, HandOn handOn) {
    size_t done = 0;       // up to here the text has gone out
    size_t endOfSpace = 0; // of the last white space looked at: a long run is walked only once
    for (size_t at = 0; at < text.size() && !set.entries.empty();) {
      const AddedEntry *found = set.starts[static_cast<uint8_t>(text[at])]
                                    ? tokenizer.longestAdded(set.entries, text.substr(at))
                                    : nullptr;
      if (!found) {
        ++at;
        continue;
      }
      size_t start = at, stop = at + found->bytes;
      at = stop;
      if (!readSpecial && (found->flags & AddedSpecial))
        continue;
      if ((found->flags & AddedSingleWord) &&
          (endsWithWord(text.substr(0, start)) || startsWithWord(text.substr(stop))))
        continue;
      if (found->flags & AddedLstrip)
        start = std::max(done, done + withoutTrailingSpace(span(text, done, start)));
      if ((found->flags & AddedRstrip) && stop >= endOfSpace)
        endOfSpace = stop + leadingSpace(text.substr(stop));
      if (found->flags & AddedRstrip)
        stop = endOfSpace;
      if (done < start)
        handOn(text.substr(done, start - done));
      emit(found->id);
      done = stop;
    }
    if (done < text.size())
      handOn(text.substr(done));
  }

  // White space that an earlier token took may reach beyond where a match starts.
  static std::string_view span(std::string_view text, size_t from, size_t to) {
    return from < to ? text.substr(from, to - from) : std::string_view();
  }

  void plain(std::string_view text) {
    std::string prefixed;
    if ((tokenizer.flags() & AddPrefixSpace) && text.front() != ' ') {
      prefixed.reserve(text.size() + 1);
      prefixed.push_back(' ');
      text = prefixed.append(text);
    }
    while (!text.empty()) {
      size_t length = firstPiece(tokenizer.splitter(), text);
      piece(text.substr(0, length));
      text.remove_prefix(length);
    }
  }

  void piece(std::string_view bytes) {
    if (tokenizer.flags() & IgnoreMerges) {
      if (int32_t id = tokenizer.wholeToken(bytes); id >= 0)
        return emit(static_cast<uint32_t>(id));
    }
    symbols.clear();
    for (char byte : bytes)
      if (int32_t id = tokenizer.byteId(static_cast<uint8_t>(byte)); id >= 0)
        symbols.push_back(
            {static_cast<uint32_t>(id), index(symbols.size()) - 1, index(symbols.size()) + 1});
    mergeSymbols();
    if (!symbols.empty())
      for (uint32_t i = 0; i < symbols.size(); i = symbols[i].next)
        emit(symbols[i].id);
  }

  // A linked list of tokens, merged pair by pair: lowest rank first, leftmost first among equals.
  // An entry of the queue whose pair is gone, or has become another, is stale and skipped.
  struct Symbol {
    uint32_t id; // Gone when merged into its left neighbour
    uint32_t previous, next;
  };
  static constexpr uint32_t Gone = ~0u;
  // Below 2^32: MaxTextBytes become three times as many at most, when repaired or composed.
  static uint32_t index(size_t i) { return static_cast<uint32_t>(i); }

  std::optional<Tokenizer::Merge> mergeAt(uint32_t i) const {
    uint32_t next = symbols[i].next;
    if (symbols[i].id == Gone || next >= symbols.size())
      return std::nullopt;
    return tokenizer.merge(symbols[i].id, symbols[next].id);
  }
  static uint64_t entry(uint32_t rank, uint32_t i) { return uint64_t(rank) << 32 | i; }

  void offer(uint32_t i) {
    if (auto merge = mergeAt(i)) {
      queue.push_back(entry(merge->rank, i));
      std::push_heap(queue.begin(), queue.end(), std::greater<>());
    }
  }

  void mergeSymbols() {
    queue.clear();
    for (uint32_t i = 0; i + 1 < symbols.size(); ++i)
      if (auto merge = mergeAt(i))
        queue.push_back(entry(merge->rank, i));
    std::make_heap(queue.begin(), queue.end(), std::greater<>());
    while (!queue.empty()) {
      std::pop_heap(queue.begin(), queue.end(), std::greater<>());
      uint64_t top = queue.back();
      queue.pop_back();
      auto i = static_cast<uint32_t>(top);
      auto merge = mergeAt(i);
      if (!merge || entry(merge->rank, i) != top)
        continue;
      Symbol &left = symbols[i];
      Symbol &right = symbols[left.next];
      left.id = merge->result;
      left.next = right.next;
      right.id = Gone;
      if (left.next < symbols.size())
        symbols[left.next].previous = i;
      if (left.previous < symbols.size())
        offer(left.previous);
      offer(i);
    }
  }

  const Tokenizer &tokenizer;
  std::span<int32_t> ids;
  bool readSpecial;
  AddedSet added, addedNormalized;
  std::vector<Symbol> symbols;
  std::vector<uint64_t> queue;
};

} // namespace

std::optional<uint64_t> Tokenizer::encode(std::string_view text, bool addSpecial,
                                          std::span<int32_t> ids, bool readSpecial) const {
  if (text.size() > MaxTextBytes)
    return std::nullopt;
  Encoder encoder(*this, ids, readSpecial);
  if (addSpecial)
    for (uint32_t id : prefix())
      encoder.emit(id);
  std::string copy;
  encoder.text(validUtf8(text, copy));
  return encoder.count;
}

} // namespace ashlar
