/// What compileTokenizer collects from tokenizer.json before it lays it out: one function for each
/// part of the file, and the layout.
#pragma once

#include "compiler/support/Diagnostics.h"
#include "runtime/text/TokenizerFormat.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace ashlar {

struct TokenizerParts {
  struct Token {
    std::string bytes; // what it decodes to
    bool present = false;
    bool special = false;
    bool whole = false; // of the model's vocabulary and made of byte characters: a piece can be it
  };
  struct Merge {
    uint32_t left, right, rank, result;
  };
  struct Added {
    std::string content; // what is looked for
    uint16_t flags;
    bool normalized;
    uint32_t id;
  };

  uint32_t flags = 0;
  Splitter splitter = Splitter::None;
  std::vector<Token> tokens; // by id
  int32_t byteIds[256];
  std::vector<Merge> merges; // by left, right
  std::vector<Added> added;
  std::vector<uint32_t> prefix;

  bool has(uint64_t id) const { return id < tokens.size() && tokens[id].present; }
};

/// tokenizer.json and how its errors are reported: with the place of the innermost key of `path`
/// that is there, and what to do about it.
struct TokenizerSource {
  llvm::StringRef text;
  const llvm::json::Object &root;
  uint64_t vocabulary; // of the model: every id is below
  Diagnostics &diags;

  bool refuse(llvm::ArrayRef<llvm::StringRef> path, const llvm::Twine &what) const;
  bool malformed(llvm::ArrayRef<llvm::StringRef> path, const llvm::Twine &what) const;
};

/// A name from the file for a message: short, in quotes and escaped unless it is plain.
std::string printable(llvm::StringRef text);

/// The component's "type", "(none)" where it has none.
std::string componentType(const llvm::json::Object &component);

bool readNormalizer(const TokenizerSource &source, TokenizerParts &parts);
bool readPreTokenizer(const TokenizerSource &source, TokenizerParts &parts);
bool readDecoder(const TokenizerSource &source);
bool readModel(const TokenizerSource &source, TokenizerParts &parts);
/// After the normalizer and the model: it is what some of them are looked for in, and added tokens
/// may be tokens of its vocabulary.
bool readAddedTokens(const TokenizerSource &source, TokenizerParts &parts);
/// After the tokens: it names their ids.
bool readPostProcessor(const TokenizerSource &source, TokenizerParts &parts);

/// The bytes that a token of a byte-level vocabulary stands for; nothing where it has a character
/// outside the byte alphabet.
std::optional<std::string> bytesOfByteLevel(llvm::StringRef token);

std::string layOut(TokenizerParts parts);

} // namespace ashlar
