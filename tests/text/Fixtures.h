/// The tokenizers that tests/Inputs/text/make_tokenizers.py made, and how a test compiles one.
#pragma once

#include "compiler/checkpoint/Tokenizer.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace fixtures {

inline constexpr llvm::StringLiteral Gpt2(
#include "tests/Inputs/text/gpt2.inc"
);
inline constexpr llvm::StringLiteral Llama3(
#include "tests/Inputs/text/llama3.inc"
);
inline constexpr llvm::StringLiteral Qwen2(
#include "tests/Inputs/text/qwen2.inc"
);

struct Compiled {
  std::optional<std::string> bytes;
  std::string messages; // with the directory cut off
  ashlar::Exit exit;
};

/// Compiles a text as the tokenizer.json of a directory; a null text leaves the directory empty.
inline Compiled compile(llvm::StringRef json, uint64_t vocabulary = 1000) {
  llvm::SmallString<128> directory;
  if (llvm::sys::fs::createUniqueDirectory("ashlar-tokenizer", directory))
    return {};
  llvm::SmallString<128> file(directory);
  llvm::sys::path::append(file, "tokenizer.json");
  if (json.data()) {
    std::error_code error;
    llvm::raw_fd_ostream(file, error) << json;
  }
  Compiled result;
  {
    llvm::raw_string_ostream out(result.messages);
    ashlar::Diagnostics diags(out);
    result.bytes = ashlar::compileTokenizer(directory.str().str(), vocabulary, diags);
    result.exit = diags.exit();
  }
  llvm::sys::fs::remove_directories(directory);
  std::string prefix = directory.str().str() + "/";
  for (size_t at; (at = result.messages.find(prefix)) != std::string::npos;)
    result.messages.erase(at, prefix.size());
  return result;
}

/// A text with the first `from` in it replaced.
inline std::string with(llvm::StringRef text, llvm::StringRef from, llvm::StringRef to) {
  size_t at = text.find(from);
  if (at == llvm::StringRef::npos)
    return "nothing to replace";
  return (text.take_front(at) + to + text.drop_front(at + from.size())).str();
}

} // namespace fixtures
