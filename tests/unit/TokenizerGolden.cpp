// Text to ids and back, as the package `tokenizers` does it: tests/Inputs/text/make_tokenizers.py
// asked it.
#include "runtime/text/Tokenizer.h"
#include "tests/text/Fixtures.h"

#include "tests/unit/Check.h"

#include <vector>

using namespace ashlar;
using namespace std::string_view_literals;

struct Golden {
  std::string_view text;
  std::vector<int32_t> ids;   // with special tokens, added and read
  std::vector<int32_t> plain; // without
  std::string_view decoded;   // the ids
  std::string_view shown;     // the ids that are not special
};

#include "tests/Inputs/text/golden.inc"

static std::string show(std::span<const int32_t> ids) {
  std::string text;
  for (int32_t id : ids)
    text += std::to_string(id) + ' ';
  return text;
}

static std::string encode(const Tokenizer &tokenizer, std::string_view text, bool special) {
  std::vector<int32_t> ids(text.size() + 8);
  auto count = tokenizer.encode(text, special, ids, special);
  return count && *count <= ids.size() ? show(std::span(ids).first(*count)) : "(none)";
}

static std::string decode(const Tokenizer &tokenizer, std::span<const int32_t> ids, bool skip) {
  TextStream stream(tokenizer, skip);
  std::string text;
  for (int32_t id : ids)
    text += stream.feed(id);
  text += stream.finish();
  return text;
}

static void compare(llvm::StringRef json, std::span<const Golden> goldens) {
  fixtures::Compiled compiled = fixtures::compile(json);
  CHECK_EQ(compiled.messages, "");
  CHECK(compiled.bytes.has_value());
  if (!compiled.bytes)
    return;
  auto tokenizer = Tokenizer::open(std::as_bytes(std::span(*compiled.bytes)));
  CHECK(tokenizer.has_value());
  for (const Golden &golden : goldens) {
    CHECK_EQ(encode(*tokenizer, golden.text, true), show(golden.ids));
    CHECK_EQ(encode(*tokenizer, golden.text, false), show(golden.plain));
    CHECK_EQ(decode(*tokenizer, golden.ids, false), golden.decoded);
    CHECK_EQ(decode(*tokenizer, golden.ids, true), golden.shown);
  }
}

TEST(Gpt2) { compare(fixtures::Gpt2, gpt2Golden); }
TEST(Llama3) { compare(fixtures::Llama3, llama3Golden); }
TEST(Qwen2) { compare(fixtures::Qwen2, qwen2Golden); }
