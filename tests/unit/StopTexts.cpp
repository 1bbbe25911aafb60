// Texts that end before the first of some others, whatever the pieces that they come in.
#include "runtime/text/StopTexts.h"

#include "tests/unit/Check.h"

#include <algorithm>
#include <random>

using namespace ashlar;

using Texts = std::vector<std::string>;

static std::string released(StopTexts &stops, std::string_view piece) {
  StopTexts::Released text = stops.feed(piece);
  return std::string(text.held) + std::string(text.piece);
}

TEST(WhatMayBeTheBeginningIsHeldBack) {
  StopTexts stops(Texts{"END", "\n\n"});
  CHECK_EQ(released(stops, "one E"), "one ");
  CHECK_EQ(released(stops, "N"), "");
  CHECK_EQ(released(stops, "EN"), "EN"); // the first one was none; this one may be
  CHECK_EQ(released(stops, "ds\n"), "ENds");
  CHECK_EQ(released(stops, "."), "\n.");
  CHECK(!stops.found());
  CHECK_EQ(released(stops, "two\n\nthree"), "two");
  CHECK(stops.found());
  CHECK_EQ(released(stops, "four"), "");
  CHECK_EQ(std::string(stops.finish()), "");
  CHECK(!stops.found());
  CHECK_EQ(released(stops, "five\nE"), "five\n");
  CHECK_EQ(std::string(stops.finish()), "E");
  CHECK_EQ(std::string(stops.finish()), "");
}

TEST(TheFirstThatIsCompleteEndsTheText) {
  StopTexts inner(Texts{"abcd", "bc"});
  CHECK_EQ(released(inner, "xab"), "x");
  CHECK_EQ(released(inner, "cd"), "a");
  CHECK(inner.found());
  StopTexts suffix(Texts{"c", "abc", "bc"}); // all complete at once: the one that began first
  CHECK_EQ(released(suffix, "xabcd"), "x");
  StopTexts repeated(Texts{"aab"});
  CHECK_EQ(released(repeated, "aaaab"), "aa");
  CHECK(repeated.found());
}

TEST(WithoutTextsAllIsReleasedAtOnce) {
  StopTexts none(Texts{});
  std::string_view piece = "all";
  CHECK(none.feed(piece).piece.data() == piece.data());
  CHECK(!none.found());
  CHECK_EQ(std::string(none.finish()), "");
}

// Characters of several bytes, some of which they share.
TEST(NoCharacterIsCut) {
  StopTexts stops(Texts{"\u00e9\u00e9"});
  CHECK_EQ(released(stops, "\u00e8\u00e9"), "\u00e8");
  CHECK_EQ(released(stops, "\u00e8"), "\u00e9\u00e8");
}

TEST(AnyPiecesGiveWhatSearchingGives) {
  std::mt19937 random(11);
  auto text = [&](size_t length) {
    std::string result(length, 'a');
    for (char &c : result)
      c = char('a' + random() % 2);
    return result;
  };
  int ended = 0;
  for (int round = 0; round < 20000; ++round) {
    Texts texts(1 + random() % 4);
    for (std::string &stop : texts)
      stop = text(1 + random() % 8);
    std::string whole = text(random() % 40), found;
    StopTexts stops(texts);
    for (size_t at = 0; at < whole.size();) {
      size_t take = std::min<size_t>(1 + random() % 9, whole.size() - at);
      found += released(stops, std::string_view(whole).substr(at, take));
      at += take;
      // What is held back is no more than the longest beginning of a stop that ends the text.
      size_t most = 0;
      for (const std::string &stop : texts)
        for (size_t n = 1; n < stop.size() && n <= at; ++n)
          if (whole.compare(at - n, n, stop, 0, n) == 0)
            most = std::max(most, n);
      CHECK(stops.found() || found.size() + most == at);
    }
    size_t end = std::string::npos, start = whole.size();
    for (const std::string &stop : texts)
      if (size_t at = whole.find(stop); at != std::string::npos) {
        size_t behind = at + stop.size();
        start = behind < end ? at : behind == end ? std::min(at, start) : start;
        end = std::min(behind, end);
      }
    ended += end != std::string::npos;
    CHECK_EQ(stops.found(), end != std::string::npos);
    found += stops.finish();
    CHECK_EQ(found, whole.substr(0, start));
  }
  CHECK(ended > 5000 && ended < 19000);
}

// Hours, if a beginning that fails were looked at again from its second byte.
TEST(WorkGrowsWithTheLength) {
  std::string beginning(StopTexts::MaxBytes - 1, 'a'), piece(1 << 24, 'a');
  StopTexts stops(Texts{beginning + "b"});
  CHECK_EQ(released(stops, piece).size(), piece.size() - beginning.size());
  CHECK_EQ(released(stops, "b"), "");
  CHECK(stops.found());
}
