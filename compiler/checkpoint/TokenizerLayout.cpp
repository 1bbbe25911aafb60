// Lays the parts of a tokenizer out as runtime/text/TokenizerFormat.h describes.

#include "compiler/checkpoint/TokenizerParts.h"
#include "compiler/support/Quantity.h"
#include "runtime/text/Tokenizer.h"

#include "llvm/ADT/STLExtras.h"

#include <cstring>

namespace ashlar {
namespace {

template <class T> Section append(std::string &bytes, const std::vector<T> &array) {
  bytes.resize(alignUp(bytes.size(), alignof(T)));
  Section section{bytes.size(), array.size()};
  bytes.append(reinterpret_cast<const char *>(array.data()), array.size() * sizeof(T));
  return section;
}

std::vector<AddedEntry> addedEntries(const std::vector<TokenizerParts::Added> &added,
                                     bool normalized, std::vector<char> &text) {
  std::vector<AddedEntry> entries;
  for (const TokenizerParts::Added &token : added) {
    if (token.normalized != normalized)
      continue;
    entries.push_back({static_cast<uint32_t>(text.size()),
                       static_cast<uint16_t>(token.content.size()), token.flags, token.id});
    text.insert(text.end(), token.content.begin(), token.content.end());
  }
  return entries;
}

} // namespace

std::string layOut(TokenizerParts parts) {
  TokenizerHeader header{};
  std::memcpy(header.magic, TokenizerMagic, sizeof header.magic);
  header.version = TokenizerVersion;
  header.flags = parts.flags;
  header.splitter = parts.splitter;
  std::copy(std::begin(parts.byteIds), std::end(parts.byteIds), header.byteIds);

  std::vector<char> text;
  std::vector<TokenEntry> tokens;
  std::vector<uint32_t> whole;
  for (const TokenizerParts::Token &token : parts.tokens) {
    if (token.whole && (parts.flags & IgnoreMerges))
      whole.push_back(static_cast<uint32_t>(tokens.size()));
    tokens.push_back({static_cast<uint32_t>(text.size()), static_cast<uint16_t>(token.bytes.size()),
                      static_cast<uint16_t>((token.present ? TokenPresent : 0) |
                                            (token.special ? TokenSpecial : 0))});
    text.insert(text.end(), token.bytes.begin(), token.bytes.end());
  }
  llvm::sort(whole,
             [&](uint32_t a, uint32_t b) { return parts.tokens[a].bytes < parts.tokens[b].bytes; });

  std::vector<uint32_t> lefts(tokens.size() + 1);
  std::vector<MergeEntry> merges;
  for (const TokenizerParts::Merge &merge : parts.merges) {
    ++lefts[merge.left + 1];
    merges.push_back({merge.right, merge.rank, merge.result});
  }
  for (size_t i = 1; i < lefts.size(); ++i)
    lefts[i] += lefts[i - 1];

  llvm::sort(parts.added, [](auto &a, auto &b) { return a.content < b.content; });
  std::vector<AddedEntry> added = addedEntries(parts.added, /*normalized=*/false, text);
  std::vector<AddedEntry> normalized = addedEntries(parts.added, /*normalized=*/true, text);

  std::string bytes(sizeof header, '\0');
  header.tokens = append(bytes, tokens);
  header.lefts = append(bytes, lefts);
  header.merges = append(bytes, merges);
  header.whole = append(bytes, whole);
  header.added = append(bytes, added);
  header.addedNormalized = append(bytes, normalized);
  header.prefix = append(bytes, parts.prefix);
  header.text = append(bytes, text);
  bytes.resize(alignUp(bytes.size(), alignof(TokenizerHeader)));
  header.bytes = bytes.size();
  std::memcpy(bytes.data(), &header, sizeof header);

  if (const char *fault = validateTokenizer(std::as_bytes(std::span(bytes))))
    internalError(fault);
  return bytes;
}

} // namespace ashlar
