// A tokenizer's tokens: the model's vocabulary, its merges, and the added tokens.

#include "compiler/checkpoint/TokenizerParts.h"
#include "compiler/support/Json.h"
#include "runtime/text/Compose.h"
#include "runtime/text/Utf8.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <algorithm>

namespace ashlar {
namespace {

using llvm::json::Array;
using llvm::json::Object;
using llvm::json::Value;

// The byte alphabet: bytes that print in Latin-1 stand for themselves, the others are numbered from
// U+0100 on.
constexpr bool printsInLatin1(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
}
constexpr unsigned AlphabetEnd = 0x144;

struct ByteAlphabet {
  int16_t bytes[AlphabetEnd]; // by character; -1 where it is none
  constexpr ByteAlphabet() : bytes() {
    for (int16_t &byte : bytes)
      byte = -1;
    unsigned next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte)
      bytes[printsInLatin1(byte) ? byte : next++] = static_cast<int16_t>(byte);
  }
};

class Model {
public:
  Model(const TokenizerSource &source, const Object &model, TokenizerParts &parts)
      : source(source), model(model), parts(parts) {}

  bool read() { return settings() && vocabulary() && bytes() && merges(); }

private:
  bool settings() {
    if (llvm::StringRef type = model.getString("type").value_or("BPE"); type != "BPE")
      return source.refuse({"model", "type"}, "model " + type + " is not supported; only BPE is");
    for (llvm::StringRef key : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (!isNull(key) && model.getString(key) != llvm::StringRef(""))
        return source.refuse({"model", key}, "model BPE is not supported with " + key);
    if (!isNull("dropout") && model.getNumber("dropout") != 0.0)
      return source.refuse({"model", "dropout"}, "model BPE is not supported with dropout");
    if (!isNull("byte_fallback") && model.getBoolean("byte_fallback") != false)
      return source.refuse({"model", "byte_fallback"},
                           "model BPE is not supported with byte_fallback");
    if (!isNull("ignore_merges")) {
      std::optional<bool> ignore = model.getBoolean("ignore_merges");
      if (!ignore)
        return source.malformed({"model", "ignore_merges"}, "expected true or false");
      if (*ignore)
        parts.flags |= IgnoreMerges;
    }
    return true;
  }

  bool vocabulary() {
    const Object *vocab = model.getObject("vocab");
    if (!vocab)
      return source.malformed({"model", "vocab"}, "model BPE needs vocab, an object");
    // In the order of their names, so that of several errors always the same one is reported.
    std::vector<const Object::value_type *> entries;
    for (const Object::value_type &entry : *vocab)
      entries.push_back(&entry);
    llvm::sort(entries, [](auto *a, auto *b) { return a->first < b->first; });
    for (const Object::value_type *entry : entries) {
      llvm::StringRef key = entry->first;
      std::optional<uint64_t> id = entry->second.getAsUINT64();
      if (!id)
        return badToken(key, "expected an id for token " + printable(key));
      if (*id >= source.vocabulary)
        return badToken(key, "token " + printable(key) + " has id " + std::to_string(*id) +
                                 ", but the model's vocabulary has " +
                                 std::to_string(source.vocabulary) + " entries");
      if (*id >= MaxTokens)
        return badToken(key, "token " + printable(key) + " has id " + std::to_string(*id) +
                                 ", the limit is " + std::to_string(MaxTokens));
      ids[key] = static_cast<uint32_t>(*id);
      if (*id >= parts.tokens.size())
        parts.tokens.resize(*id + 1);
      TokenizerParts::Token &token = parts.tokens[*id];
      if (token.present)
        return badToken(key, "token " + printable(key) + " has id " + std::to_string(*id) +
                                 " of another token");
      std::optional<std::string> bytes = bytesOfByteLevel(key);
      token.present = true;
      token.whole = bytes.has_value();
      token.bytes = bytes ? std::move(*bytes) : key.str();
      if (token.bytes.size() > MaxTokenBytes)
        return badToken(key, "a token of " + std::to_string(token.bytes.size()) +
                                 " bytes; the limit is " + std::to_string(MaxTokenBytes));
    }
    return true;
  }

  bool bytes() {
    std::fill(std::begin(parts.byteIds), std::end(parts.byteIds), -1);
    for (size_t id = 0; id < parts.tokens.size(); ++id)
      if (const auto &token = parts.tokens[id]; token.whole && token.bytes.size() == 1)
        parts.byteIds[static_cast<uint8_t>(token.bytes[0])] = static_cast<int32_t>(id);
    auto missing = std::count(std::begin(parts.byteIds), std::end(parts.byteIds), -1);
    if (!missing)
      return true; // and then no text is ever unknown, whatever unk_token says
    if (!isNull("unk_token"))
      return source.refuse({"model", "unk_token"},
                           "model BPE is not supported with unk_token where bytes are missing from "
                           "the vocabulary (here " +
                               std::to_string(missing) + ")");
    source.diags.warning(locatePath(source.text, {"model", "vocab"}),
                         std::to_string(missing) +
                             " of the 256 bytes are missing from the vocabulary: "
                             "text loses them");
    return true;
  }

  bool merges() {
    const Array *list = model.getArray("merges");
    if (!list)
      return source.malformed({"model", "merges"}, "model BPE needs merges, a list");
    uint32_t rank = 0;
    for (const Value &value : *list) {
      llvm::StringRef left, right;
      if (std::optional<llvm::StringRef> text = value.getAsString()) {
        if (text->starts_with("#version"))
          continue; // the head of a merges.txt
        std::tie(left, right) = text->split(' ');
        if (text->count(' ') != 1)
          return badMerge(rank, "expected two tokens with a space between them, found " +
                                    printable(*text));
      } else {
        const Array *pair = value.getAsArray();
        if (!pair || pair->size() != 2 || !(*pair)[0].getAsString() || !(*pair)[1].getAsString())
          return badMerge(rank, "expected two tokens");
        left = *(*pair)[0].getAsString();
        right = *(*pair)[1].getAsString();
      }
      std::string joined = (left + right).str();
      for (llvm::StringRef token : {left, right, llvm::StringRef(joined)})
        if (!ids.contains(token))
          return badMerge(rank, "token " + printable(token) + " is not in the vocabulary");
      parts.merges.push_back({ids[left], ids[right], rank++, ids[joined]});
    }
    // Of a pair that is given twice the last one counts.
    llvm::stable_sort(parts.merges, [](const auto &a, const auto &b) {
      return std::tie(a.left, a.right, b.rank) < std::tie(b.left, b.right, a.rank);
    });
    auto last = std::unique(parts.merges.begin(), parts.merges.end(), [](auto &a, auto &b) {
      return a.left == b.left && a.right == b.right;
    });
    parts.merges.erase(last, parts.merges.end());
    return true;
  }

  bool isNull(llvm::StringRef key) const {
    const Value *value = model.get(key);
    return !value || value->kind() == Value::Null;
  }
  bool badToken(llvm::StringRef key, const llvm::Twine &what) const {
    return source.malformed({"model", "vocab", key}, what);
  }
  bool badMerge(uint32_t rank, const llvm::Twine &what) const {
    return source.malformed({"model", "merges"}, "merge " + llvm::Twine(rank + 1) + ": " + what);
  }

  const TokenizerSource &source;
  const Object &model;
  TokenizerParts &parts;
  llvm::StringMap<uint32_t> ids;
};

uint16_t addedFlags(const Object &token) {
  auto flag = [&](llvm::StringRef key, AddedFlags value) {
    return token.getBoolean(key).value_or(false) ? value : 0;
  };
  return static_cast<uint16_t>(flag("special", AddedSpecial) |
                               flag("single_word", AddedSingleWord) | flag("lstrip", AddedLstrip) |
                               flag("rstrip", AddedRstrip));
}

} // namespace

std::optional<std::string> bytesOfByteLevel(llvm::StringRef token) {
  static constexpr ByteAlphabet Alphabet;
  std::string bytes;
  for (size_t i = 0; i < token.size();) {
    size_t length;
    uint32_t c = codePointAt(token.data() + i, length); // JSON has been checked to be UTF-8
    if (c >= AlphabetEnd || Alphabet.bytes[c] < 0)
      return std::nullopt;
    bytes.push_back(static_cast<char>(Alphabet.bytes[c]));
    i += length;
  }
  return bytes;
}

bool readModel(const TokenizerSource &source, TokenizerParts &parts) {
  const Object *model = source.root.getObject("model");
  if (!model)
    return source.malformed({"model"}, "tokenizer.json needs model, an object");
  return Model(source, *model, parts).read();
}

// Ids are given as the reference gives them, whatever the file says: that of the same token of the
// model, else the next free one behind the model's tokens. A file that says otherwise is refused.
bool readAddedTokens(const TokenizerSource &source, TokenizerParts &parts) {
  llvm::StringRef path = "added_tokens";
  const Value *value = source.root.get("added_tokens");
  if (!value || value->kind() == Value::Null)
    return true;
  const Array *list = value->getAsArray();
  if (!list)
    return source.malformed(path, "expected a list");

  llvm::StringMap<uint32_t> ids; // of the model's tokens, by what the file calls them
  const Object *vocab = source.root.getObject("model")->getObject("vocab");
  for (const auto &[key, id] : *vocab)
    ids[key] = static_cast<uint32_t>(*id.getAsUINT64());
  uint64_t next = vocab->size();

  llvm::StringSet<> seen;
  llvm::StringMap<std::string> composedNames; // of those that were composed, by what they became
  for (const Value &item : *list) {
    const Object *object = item.getAsObject();
    std::optional<llvm::StringRef> content = object ? object->getString("content") : std::nullopt;
    std::optional<uint64_t> given = object ? object->getInteger("id") : std::nullopt;
    if (!content || !given)
      return source.malformed(path, "an added token needs id and content");
    if (content->empty())
      continue;
    std::string name = printable(*content);
    if (!seen.insert(*content).second)
      return source.malformed(path, "added token " + name + " is given twice");
    uint16_t flags = addedFlags(*object);
    bool normalized = object->getBoolean("normalized").value_or(!(flags & AddedSpecial));
    std::string copy;
    std::string_view sought = *content;
    if (normalized && (parts.flags & ComposeText)) {
      sought = composedText(sought, copy);
      if (auto [other, fresh] = composedNames.try_emplace(sought, name); !fresh)
        return source.refuse(path, "added tokens " + other->second + " and " + name +
                                       " are the same once the normalizer has composed them");
    }
    if (size_t size = std::max(content->size(), sought.size()); size > MaxTokenBytes)
      return source.malformed(path, "an added token of " + llvm::Twine(size) +
                                        " bytes; the limit is " + llvm::Twine(MaxTokenBytes));
    auto known = ids.find(*content);
    uint64_t id = known != ids.end() ? known->second : next++;
    if (*given != id)
      return source.refuse(path, "added token " + name + " has id " + llvm::Twine(*given) +
                                     ", but the tokenizers package would give it " +
                                     llvm::Twine(id));
    if (id >= source.vocabulary || id >= MaxTokens)
      return source.malformed(path, "added token " + name + " has id " + llvm::Twine(id) +
                                        ", but the model's vocabulary has " +
                                        llvm::Twine(source.vocabulary) + " entries");
    if (known == ids.end() && parts.has(id))
      return source.malformed(path, "added token " + name + " has id " + llvm::Twine(id) +
                                        " of another token");
    if (id >= parts.tokens.size())
      parts.tokens.resize(id + 1);
    TokenizerParts::Token &token = parts.tokens[id];
    token.present = true;
    token.bytes = bytesOfByteLevel(sought).value_or(std::string(sought));
    token.special = flags & AddedSpecial;
    parts.added.push_back({std::string(sought), flags, normalized, static_cast<uint32_t>(id)});
  }
  return true;
}

} // namespace ashlar
