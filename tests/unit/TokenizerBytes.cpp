// The compiled form: checked once, and then safe whatever the text and the ids; streams that hold
// back what is not complete.
#include "runtime/text/Tokenizer.h"
#include "tests/text/Fixtures.h"

#include "tests/unit/Check.h"

#include <cstring>
#include <map>
#include <random>
#include <vector>

using namespace ashlar;

static const std::string &compiled(llvm::StringRef json) {
  static std::map<const char *, std::string> all;
  std::string &bytes = all[json.data()];
  if (bytes.empty())
    bytes = fixtures::compile(json).bytes.value_or("");
  return bytes;
}
static Tokenizer open(llvm::StringRef json) {
  return *Tokenizer::open(std::as_bytes(std::span(compiled(json))));
}

static std::vector<int32_t> encode(const Tokenizer &tokenizer, std::string_view text) {
  std::vector<int32_t> ids(text.size() * 3 + 8);
  ids.resize(tokenizer.encode(text, /*addSpecial=*/false, ids).value());
  return ids;
}

TEST(EqualInputEqualBytes) {
  CHECK(fixtures::compile(fixtures::Qwen2).bytes == compiled(fixtures::Qwen2));
}

TEST(TooSmallASpanIsFilledAndCounted) {
  Tokenizer tokenizer = open(fixtures::Gpt2);
  std::string_view text = "one stone, two stones";
  std::vector<int32_t> all = encode(tokenizer, text);
  std::vector<int32_t> few(3, -7);
  CHECK_EQ(tokenizer.encode(text, true, std::span(few).first(2)).value(), all.size());
  CHECK(few[0] == all[0] && few[1] == all[1] && few[2] == -7);
  CHECK_EQ(tokenizer.encode(text, true, {}).value(), all.size());
  CHECK(!tokenizer.encode({text.data(), Tokenizer::MaxTextBytes + 1}, true, {}));
}

TEST(InvalidUtf8IsReplaced) {
  Tokenizer tokenizer = open(fixtures::Gpt2);
  auto same = [&](std::string_view broken, std::string_view repaired) {
    CHECK(encode(tokenizer, broken) == encode(tokenizer, repaired));
  };
  same("a\xFF z", "a\uFFFD z");
  same("\xE2\x82z", "\uFFFDz");
  same("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD");
  same("\xF0\x9F\x99", "\uFFFD");
  same("\xC0\xAF\xF5", "\uFFFD\uFFFD\uFFFD");
}

TEST(StreamsGiveWholeCharacters) {
  Tokenizer tokenizer = open(fixtures::Gpt2);
  TextStream stream(tokenizer);
  auto byte = [&](unsigned char b) { return std::string(stream.feed(tokenizer.byteId(b))); };
  CHECK_EQ(byte('a'), "a");
  CHECK_EQ(byte(0xF0), "");
  CHECK_EQ(byte(0x9F), "");
  CHECK_EQ(byte(0x99), "");
  CHECK_EQ(byte(0x82), "\xF0\x9F\x99\x82");
  CHECK_EQ(byte(0xE2), "");
  CHECK_EQ(byte('z'), "\uFFFDz"); // the incomplete one is known to be broken only now
  CHECK_EQ(byte(0x80), "\uFFFD");
  CHECK_EQ(byte(0xC3), "");
  CHECK_EQ(std::string(stream.feed(0)), ""); // <|endoftext|> is special
  CHECK_EQ(std::string(stream.finish()), "\uFFFD");
  CHECK_EQ(std::string(stream.finish()), "");
  CHECK_EQ(std::string(stream.feed(-1)), "");
  CHECK_EQ(std::string(stream.feed(1 << 30)), "");
  CHECK_EQ(std::string(TextStream(tokenizer, /*skipSpecial=*/false).feed(0)), "<|endoftext|>");
}

// Each of these takes hours when the work grows with the square of the length.
TEST(LongTextsTakeLinearTime) {
  std::string word(1 << 20, 'a'), spaces(1 << 20, ' '), lines;
  while (lines.size() < 1 << 19)
    lines += "\n ";
  for (llvm::StringRef json : {fixtures::Gpt2, fixtures::Llama3, fixtures::Qwen2}) {
    Tokenizer tokenizer = open(json);
    for (const std::string &text : {word, spaces, lines}) {
      std::string back;
      TextStream stream(tokenizer);
      for (int32_t id : encode(tokenizer, text))
        back += stream.feed(id);
      if (json != fixtures::Qwen2) // its added tokens swallow white space
        CHECK(back == text);
    }
  }
}

TEST(CutBytesAreRefused) {
  const std::string &whole = compiled(fixtures::Llama3);
  std::vector<uint64_t> aligned(whole.size() / 8 + 2);
  std::memcpy(aligned.data(), whole.data(), whole.size());
  auto bytes = std::as_bytes(std::span(aligned));
  CHECK(!validateTokenizer(bytes.first(whole.size())));
  for (size_t size = 0; size < whole.size(); size += size < 2000 ? 1 : 97)
    CHECK(validateTokenizer(bytes.first(size)));
  CHECK(validateTokenizer(bytes.first(whole.size() + 1)));
  CHECK(validateTokenizer(bytes.subspan(4, 4000)));
  CHECK(validateTokenizer({}));
}

TEST(DamageIsNamed) {
  auto says = [](auto damage) {
    std::string bytes = compiled(fixtures::Llama3);
    auto &header = *reinterpret_cast<TokenizerHeader *>(bytes.data());
    damage(header, bytes);
    const char *wrong = nullptr;
    Tokenizer::open(std::as_bytes(std::span(bytes)), &wrong);
    return std::string(wrong ? wrong : "");
  };
  auto array = [](std::string &bytes, const Section &section, auto entry) {
    return reinterpret_cast<decltype(entry) *>(bytes.data() + section.offset);
  };
  CHECK_EQ(says([](auto &, auto &bytes) { bytes.resize(8); }),
           "the tokenizer is cut short or misaligned");
  CHECK_EQ(says([](auto &header, auto &) { header.magic[0] = 'B'; }),
           "the tokenizer does not start as one");
  CHECK_EQ(says([](auto &header, auto &) { header.version = TokenizerVersion + 1; }),
           "the tokenizer is of another version");
  CHECK_EQ(says([](auto &, auto &bytes) { bytes += "more"; }),
           "the tokenizer is cut short or too long");
  CHECK_EQ(says([](auto &header, auto &) { header.merges.count = ~0ull; }),
           "an array of the tokenizer reaches beyond its end");
  CHECK_EQ(says([](auto &header, auto &) { header.splitter = Splitter(9); }),
           "the tokenizer's splitter is unknown");
  CHECK_EQ(says([&](auto &header, auto &bytes) {
             array(bytes, header.tokens, TokenEntry())->offset = ~0u;
           }),
           "a token of the tokenizer has no valid text");
  CHECK_EQ(says([](auto &header, auto &) { header.byteIds[0] = -2; }),
           "a byte of the tokenizer has no valid token");
  CHECK_EQ(says([&](auto &header, auto &bytes) { *array(bytes, header.whole, uint32_t()) = ~0u; }),
           "an id of the tokenizer is not one of its tokens");
  CHECK_EQ(
      says([&](auto &header, auto &bytes) { array(bytes, header.added, AddedEntry())->bytes = 0; }),
      "an added token of the tokenizer is not valid");
  CHECK_EQ(says([&](auto &header, auto &bytes) { // a match could begin within a character
             bytes[header.text.offset + array(bytes, header.added, AddedEntry())->offset] = '\xA9';
           }),
           "an added token of the tokenizer is not valid");
  CHECK_EQ(says([&](auto &header, auto &bytes) {
             AddedEntry *added = array(bytes, header.added, AddedEntry());
             std::swap(added[0], added[1]);
           }),
           "the added tokens of the tokenizer are not in order");
  CHECK_EQ(says([&](auto &header, auto &bytes) { *array(bytes, header.lefts, uint32_t()) = 1; }),
           "the merges of the tokenizer are not valid");
}

// Whatever validation lets pass can be used: the sanitizers watch.
TEST(DamagedBytesDoNoHarm) {
  std::mt19937 random(5);
  std::string_view text = "<|im_start|>one  stones wall <left>123 it's\n \n unmerged <both> x";
  for (llvm::StringRef json : {fixtures::Llama3, fixtures::Qwen2}) {
    const std::string &whole = compiled(json);
    unsigned passed = 0;
    for (int round = 0; round < 4000; ++round) {
      std::string damaged = whole;
      for (int i = random() % 4; i >= 0; --i) {
        // The header decides most, and what added tokens look for stands at the end.
        size_t at = random() % (round % 2 ? sizeof(TokenizerHeader) : whole.size());
        if (round % 4 == 2)
          at = whole.size() - 1 - random() % 64;
        damaged[at] = static_cast<char>(random() % 3 ? random() : 0xFF);
      }
      auto tokenizer = Tokenizer::open(std::as_bytes(std::span(damaged)));
      if (!tokenizer)
        continue;
      ++passed;
      std::string all(text);
      for (const AddedEntry &entry : tokenizer->added()) // behind what begins a character
        all.append("\xC3").append(tokenizer->textOf(entry));
      TextStream stream(*tokenizer);
      for (int32_t id : encode(*tokenizer, all))
        stream.feed(id);
      stream.finish();
    }
    CHECK(passed > 100);
  }
}
