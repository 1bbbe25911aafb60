#include "runtime/text/Tokenizer.h"

#include "runtime/text/Utf8.h"

#include <algorithm>
#include <cstring>

namespace ashlar {
namespace {

class Validator {
public:
  Validator(std::span<const std::byte> bytes)
      : bytes(bytes), header(*reinterpret_cast<const TokenizerHeader *>(bytes.data())) {}

  const char *check() const {
    if (header.tokens.count > MaxTokens || !fits<TokenEntry>(header.tokens) ||
        !fits<uint32_t>(header.lefts) || !fits<MergeEntry>(header.merges) ||
        !fits<uint32_t>(header.whole) || !fits<AddedEntry>(header.added) ||
        !fits<AddedEntry>(header.addedNormalized) || !fits<uint32_t>(header.prefix) ||
        !fits<char>(header.text))
      return "an array of the tokenizer reaches beyond its end";
    if (header.splitter > Splitter::Qwen2)
      return "the tokenizer's splitter is unknown";
    for (const TokenEntry &token : array<TokenEntry>(header.tokens))
      if (!isText(token))
        return "a token of the tokenizer has no valid text";
    for (int32_t id : header.byteIds)
      if (id < -1 || (id >= 0 && !isToken(static_cast<uint32_t>(id))))
        return "a byte of the tokenizer has no valid token";
    for (const Section *ids : {&header.whole, &header.prefix})
      for (uint32_t id : array<uint32_t>(*ids))
        if (!isToken(id))
          return "an id of the tokenizer is not one of its tokens";
    for (const Section *section : {&header.added, &header.addedNormalized}) {
      auto added = array<AddedEntry>(*section);
      if (!std::all_of(added.begin(), added.end(), [&](auto &entry) { return isAdded(entry); }))
        return "an added token of the tokenizer is not valid";
      auto before = [&](auto &a, auto &b) { return textOf(a) < textOf(b); };
      if (!std::is_sorted(added.begin(), added.end(), before))
        return "the added tokens of the tokenizer are not in order";
    }
    return merges() ? nullptr : "the merges of the tokenizer are not valid";
  }

private:
  template <class T> bool fits(const Section &section) const {
    return section.offset % alignof(T) == 0 && section.offset <= bytes.size() &&
           section.count <= (bytes.size() - section.offset) / sizeof(T);
  }
  template <class T> std::span<const T> array(const Section &section) const {
    return {reinterpret_cast<const T *>(bytes.data() + section.offset), section.count};
  }
  bool isToken(uint32_t id) const {
    return id < header.tokens.count && (array<TokenEntry>(header.tokens)[id].flags & TokenPresent);
  }
  template <class Entry> bool isText(const Entry &entry) const {
    return entry.bytes <= MaxTokenBytes && entry.offset <= header.text.count &&
           entry.bytes <= header.text.count - entry.offset;
  }
  std::string_view textOf(const AddedEntry &entry) const {
    return {array<char>(header.text).data() + entry.offset, entry.bytes};
  }
  // Where one is found, what is left of a text must still be whole characters.
  bool isAdded(const AddedEntry &entry) const {
    return isText(entry) && entry.bytes != 0 && isUtf8(textOf(entry)) && isToken(entry.id);
  }
  bool merges() const {
    auto lefts = array<uint32_t>(header.lefts);
    auto merges = array<MergeEntry>(header.merges);
    if (lefts.size() != header.tokens.count + 1 || lefts.front() != 0 ||
        lefts.back() != merges.size() || !std::is_sorted(lefts.begin(), lefts.end()))
      return false;
    return std::all_of(merges.begin(), merges.end(), [&](const MergeEntry &entry) {
      return isToken(entry.right) && isToken(entry.result);
    });
  }

  std::span<const std::byte> bytes;
  const TokenizerHeader &header;
};

} // namespace

const char *validateTokenizer(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(TokenizerHeader) ||
      reinterpret_cast<uintptr_t>(bytes.data()) % alignof(TokenizerHeader) != 0)
    return "the tokenizer is cut short or misaligned";
  const auto &header = *reinterpret_cast<const TokenizerHeader *>(bytes.data());
  if (std::memcmp(header.magic, TokenizerMagic, sizeof TokenizerMagic) != 0)
    return "the tokenizer does not start as one";
  if (header.version != TokenizerVersion)
    return "the tokenizer is of another version";
  if (header.bytes != bytes.size())
    return "the tokenizer is cut short or too long";
  return Validator(bytes).check();
}

std::optional<Tokenizer> Tokenizer::open(std::span<const std::byte> bytes, const char **wrong) {
  if (const char *found = validateTokenizer(bytes)) {
    if (wrong)
      *wrong = found;
    return std::nullopt;
  }
  return Tokenizer(reinterpret_cast<const TokenizerHeader *>(bytes.data()));
}

std::string_view Tokenizer::bytesOf(int32_t id) const {
  auto entries = array<TokenEntry>(header->tokens);
  return static_cast<uint32_t>(id) < entries.size() ? textOf(entries[id]) : std::string_view();
}

bool Tokenizer::isSpecial(int32_t id) const {
  auto entries = array<TokenEntry>(header->tokens);
  return static_cast<uint32_t>(id) < entries.size() && (entries[id].flags & TokenSpecial);
}

std::optional<Tokenizer::Merge> Tokenizer::merge(uint32_t left, uint32_t right) const {
  auto lefts = array<uint32_t>(header->lefts);
  auto entries = array<MergeEntry>(header->merges);
  auto first = entries.begin() + lefts[left], last = entries.begin() + lefts[left + 1];
  auto found = std::lower_bound(first, last, right, [](const MergeEntry &entry, uint32_t value) {
    return entry.right < value;
  });
  if (found == last || found->right != right)
    return std::nullopt;
  return Merge{found->rank, found->result};
}

int32_t Tokenizer::wholeToken(std::string_view bytes) const {
  if (bytes.size() > MaxTokenBytes)
    return -1;
  auto ids = array<uint32_t>(header->whole);
  auto found = std::lower_bound(ids.begin(), ids.end(), bytes, [&](uint32_t id, auto value) {
    return bytesOf(static_cast<int32_t>(id)) < value;
  });
  return found != ids.end() && bytesOf(static_cast<int32_t>(*found)) == bytes
             ? static_cast<int32_t>(*found)
             : -1;
}

// The entries stand in the order of their text: those that start with the first n bytes of the text
// are a range, which narrows as n grows.
const AddedEntry *Tokenizer::longestAdded(std::span<const AddedEntry> entries,
                                          std::string_view text) const {
  const AddedEntry *longest = nullptr;
  auto first = entries.begin(), last = entries.end();
  for (size_t n = 0; n < text.size() && first != last; ++n) {
    auto byte = static_cast<uint8_t>(text[n]);
    auto at = [&](const AddedEntry &entry) {
      return n < entry.bytes ? static_cast<uint8_t>(textOf(entry)[n]) : -1;
    };
    first = std::partition_point(first, last, [&](const auto &entry) { return at(entry) < byte; });
    last = std::partition_point(first, last, [&](const auto &entry) { return at(entry) <= byte; });
    if (first != last && first->bytes == n + 1)
      longest = &*first;
  }
  return longest;
}

void TextStream::put(std::string_view text) {
  std::memcpy(output + written, text.data(), text.size());
  written += static_cast<uint32_t>(text.size());
}

std::string_view TextStream::feed(int32_t id) {
  written = 0;
  std::string_view token = tokenizer.bytesOf(id);
  if (token.empty() || (skipSpecial && tokenizer.isSpecial(id)))
    return {};
  std::memcpy(input + waiting, token.data(), token.size());
  std::string_view rest(input, waiting + token.size());
  while (!rest.empty()) {
    CodePoint c = firstCodePoint(rest);
    if (c.kind == CodePoint::Incomplete)
      break; // at the end only
    put(c.kind == CodePoint::Valid ? rest.substr(0, c.bytes) : ReplacementCharacter);
    rest.remove_prefix(c.bytes);
  }
  waiting = static_cast<uint32_t>(rest.size());
  std::memmove(input, rest.data(), rest.size());
  return {output, written};
}

std::string_view TextStream::finish() {
  written = 0;
  if (waiting)
    put(ReplacementCharacter);
  waiting = 0;
  return {output, written};
}

} // namespace ashlar
