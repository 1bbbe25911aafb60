#include "compiler/checkpoint/Tokenizer.h"

#include "compiler/checkpoint/TokenizerParts.h"
#include "compiler/support/Files.h"
#include "compiler/support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

namespace ashlar {

static constexpr Bytes MaxTokenizerFile(uint64_t(256) << 20);

bool TokenizerSource::refuse(llvm::ArrayRef<llvm::StringRef> path, const llvm::Twine &what) const {
  diags.error(Exit::BadInput, locatePath(text, path), what);
  diags.note("with --no-tokenizer the app takes and gives token ids only (--tokens, "
             "--output=tokens)");
  return false;
}

bool TokenizerSource::malformed(llvm::ArrayRef<llvm::StringRef> path,
                                const llvm::Twine &what) const {
  diags.error(Exit::BadInput, locatePath(text, path), what);
  return false;
}

std::string printable(llvm::StringRef text) {
  constexpr size_t Limit = 200;
  auto isPlain = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  if (!text.empty() && text.size() <= Limit && llvm::all_of(text, isPlain))
    return text.str();
  std::string shown = llvm::json::fixUTF8(text.take_front(Limit));
  return llvm::formatv("{0}", llvm::json::Value(shown)).str();
}

std::string componentType(const llvm::json::Object &component) {
  std::optional<llvm::StringRef> type = component.getString("type");
  return type ? printable(*type) : "(none)";
}

/// Whoever ships a tokenizer in another form wants text, too.
static void warnOfOtherForms(const std::string &directory, Diagnostics &diags) {
  for (llvm::StringRef other : {"vocab.json", "tokenizer.model", "vocab.txt"}) {
    llvm::SmallString<128> path(directory);
    llvm::sys::path::append(path, other);
    if (isAbsent(path))
      continue;
    diags.warning(directory, "there is " + other +
                                 ", but no tokenizer.json: the app takes and gives "
                                 "token ids only");
    diags.note("Transformers writes it: AutoTokenizer.from_pretrained(directory)"
               ".save_pretrained(directory); --no-tokenizer is for ids only");
    return;
  }
}

std::optional<std::string> compileTokenizer(const std::string &directory, uint64_t vocabulary,
                                            Diagnostics &diags) {
  llvm::SmallString<128> path(directory);
  llvm::sys::path::append(path, "tokenizer.json");
  if (isAbsent(path)) {
    warnOfOtherForms(directory, diags);
    return std::string();
  }

  std::optional<llvm::StringRef> text = readText(path.str().str(), MaxTokenizerFile, diags);
  if (!text)
    return std::nullopt;
  std::optional<llvm::json::Value> document = parseJson(*text, diags);
  if (!document)
    return std::nullopt;
  const llvm::json::Object *root = document->getAsObject();
  if (!root) {
    diags.error(Exit::BadInput, llvm::SMLoc::getFromPointer(text->data()), "expected an object");
    return std::nullopt;
  }

  // Truncation and padding are left alone: they are wishes of whoever wrote the file, not part of
  // what text means, and Transformers resets them as well.
  TokenizerSource source{*text, *root, vocabulary, diags};
  if (const llvm::json::Value *version = root->get("version");
      version && version->getAsString() != llvm::StringRef("1.0")) {
    source.refuse({"version"}, "expected version \"1.0\"");
    return std::nullopt;
  }
  TokenizerParts parts;
  if (!readNormalizer(source, parts) || !readPreTokenizer(source, parts) || !readDecoder(source) ||
      !readModel(source, parts) || !readAddedTokens(source, parts) ||
      !readPostProcessor(source, parts))
    return std::nullopt;
  return layOut(std::move(parts));
}

} // namespace ashlar
