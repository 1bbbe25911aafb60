// Normal form C by examples of the rules that make it; tests/oracle/tokenizers.py compares every
// code point with the package.
#include "runtime/text/Compose.h"

#include "tests/unit/Check.h"

#include <string>

using namespace ashlar;

static std::string composed(std::string_view text) {
  std::string copy = "what stood here";
  return std::string(composedText(text, copy));
}

TEST(WhatIsComposedStaysWhereItIs) {
  for (std::string_view text : {"", "plain", "größe é 石壁 한국어 🙂", "\u1ebf"}) {
    std::string copy;
    CHECK(composedText(text, copy).data() == text.data());
  }
}

TEST(OneCharacter) {
  CHECK_EQ(composed("e\u0301"), "\u00e9");
  CHECK_EQ(composed("xe\u0301y\u0308 z"), "x\u00e9\u00ff z");
  CHECK_EQ(composed("e\u0302\u0301"), "\u1ebf"); // by way of another composed one
  CHECK_EQ(composed("\u212b \u2126 \uf900"), "\u00c5 \u03a9 \u8c48"); // other names of the same
  CHECK_EQ(composed("\u0958"), "\u0915\u093c");                       // never composed
  CHECK_EQ(composed("\U0001d15e"), "\U0001d157\U0001d165");
}

TEST(OrderOfMarks) {
  CHECK_EQ(composed("q\u0307\u0323"), "q\u0323\u0307");
  CHECK_EQ(composed("q\u0323\u0307"), "q\u0323\u0307");
  CHECK_EQ(composed("d\u0307\u0323"), "\u1e0d\u0307");
  CHECK_EQ(composed("a\u0327\u0301"), "\u00e1\u0327"); // one of another class stands between
  CHECK_EQ(composed("a\u0308\u0301"), "\u00e4\u0301"); // one of the same does
  CHECK_EQ(composed("\u0301e\u0301"), "\u0301\u00e9");
  CHECK_EQ(composed("\u0344"), "\u0308\u0301");
  CHECK_EQ(composed("a\u0897\u0323"), "a\u0897\u0323"); // the package does not know that mark
}

TEST(Hangul) {
  CHECK_EQ(composed("\u1112\u1161\u11ab\u1100\u1173\u11af"), "\ud55c\uae00");
  CHECK_EQ(composed("\uac00\u11a8"), "\uac01");
  CHECK_EQ(composed("\uac01\u11a8"), "\uac01\u11a8");
  CHECK_EQ(composed("\uac00\u11a7"), "\uac00\u11a7");
  CHECK_EQ(composed("\u1100\u1176"), "\u1100\u1176");
}

// With work that grows with the square of the length it would take hours.
TEST(ManyMarks) {
  std::string text = "a", sorted = "\u1ea1";
  for (int i = 0; i < 200000; ++i)
    text += i % 2 ? "\u0323" : "\u0315";
  for (int i = 1; i < 100000; ++i)
    sorted += "\u0323";
  for (int i = 0; i < 100000; ++i)
    sorted += "\u0315";
  CHECK(composed(text) == sorted);
}
