#include "runtime/text/Compose.h"

#include "runtime/text/Composition.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace ashlar {
namespace {

// Syllables of Hangul are numbered by what they consist of.
constexpr uint32_t Leads = 0x1100, LeadCount = 19, Vowels = 0x1161, VowelCount = 21, Tails = 0x11A7,
                   TailCount = 28, Syllables = 0xAC00,
                   SyllableCount = LeadCount * VowelCount * TailCount;

constexpr uint32_t FirstToCompose = 0x300; // what stands below is, and stays, composed

constexpr uint32_t first(uint64_t entry) { return entry >> 22 & 0x1FFFFF; }
constexpr uint32_t second(uint64_t entry) { return entry >> 1 & 0x1FFFFF; }
constexpr bool comesAgain(uint64_t entry) { return entry & 1; }

constexpr size_t PairCount =
    std::count_if(std::begin(Decompositions), std::end(Decompositions), comesAgain);

struct Pair {
  uint64_t parts; // (first << 21) | second
  uint32_t whole;
};
constexpr auto Pairs = [] {
  std::array<Pair, PairCount> pairs{};
  size_t count = 0;
  for (uint64_t entry : Decompositions)
    if (comesAgain(entry))
      pairs[count++] = {uint64_t(first(entry)) << 21 | second(entry), uint32_t(entry >> 43)};
  std::sort(pairs.begin(), pairs.end(), [](auto &a, auto &b) { return a.parts < b.parts; });
  return pairs;
}();

constexpr auto Seconds = [] { // of pairs
  std::array<uint32_t, PairCount> seconds{};
  for (size_t i = 0; i < PairCount; ++i)
    seconds[i] = Pairs[i].parts & 0x1FFFFF;
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}();

uint32_t markClass(uint32_t c) {
  auto behind = std::upper_bound(std::begin(MarkRanges), std::end(MarkRanges), c << 8 | 0xFF);
  return std::prev(behind)[0] & 0xFF;
}

/// The entry of a code point that can be decomposed, else 0.
uint64_t decomposition(uint32_t c) {
  auto found =
      std::lower_bound(std::begin(Decompositions), std::end(Decompositions), uint64_t(c) << 43);
  return found != std::end(Decompositions) && *found >> 43 == c ? *found : 0;
}

/// Whether a code point stays as it is whatever stands around it, or may only take what follows.
bool isStable(uint32_t c) {
  if (c < FirstToCompose)
    return true;
  if (c - Vowels < VowelCount || c - Tails < TailCount || markClass(c))
    return false;
  if (uint64_t entry = decomposition(c))
    return comesAgain(entry);
  return !std::binary_search(Seconds.begin(), Seconds.end(), c);
}

/// What two code points become, or 0.
uint32_t composition(uint32_t a, uint32_t b) {
  if (a - Leads < LeadCount && b - Vowels < VowelCount)
    return Syllables + ((a - Leads) * VowelCount + (b - Vowels)) * TailCount;
  if (a - Syllables < SyllableCount && (a - Syllables) % TailCount == 0 && b > Tails &&
      b - Tails < TailCount)
    return a + (b - Tails);
  uint64_t parts = uint64_t(a) << 21 | b;
  auto found =
      std::lower_bound(Pairs.begin(), Pairs.end(), parts,
                       [](const Pair &pair, uint64_t value) { return pair.parts < value; });
  return found != Pairs.end() && found->parts == parts ? found->whole : 0;
}

struct Character {
  uint32_t value;
  uint32_t mark; // its combining class; 0: others stand on it
};

/// What stands between two stable characters, made anew. Its vector is used again and again.
class Stretch {
public:
  void add(uint32_t c) {
    if (uint32_t syllable = c - Syllables; syllable < SyllableCount) {
      put(Leads + syllable / (VowelCount * TailCount));
      put(Vowels + syllable / TailCount % VowelCount);
      if (syllable % TailCount)
        put(Tails + syllable % TailCount);
    } else if (uint64_t entry = decomposition(c)) {
      add(first(entry));
      if (second(entry))
        put(second(entry)); // a second one is never decomposed further
    } else {
      put(c);
    }
  }

  void composeTo(std::string &text) {
    order();
    compose();
    for (const Character &c : characters)
      appendUtf8(c.value, text);
    characters.clear();
  }

private:
  void put(uint32_t c) { characters.push_back({c, markClass(c)}); }

  /// Marks behind a character stand in the order of their classes.
  void order() {
    auto isMark = [](const Character &c) { return c.mark != 0; };
    auto less = [](const Character &a, const Character &b) { return a.mark < b.mark; };
    for (auto at = characters.begin(); at != characters.end();) {
      auto begin = std::find_if(at, characters.end(), isMark);
      at = std::find_if_not(begin, characters.end(), isMark);
      std::stable_sort(begin, at, less);
    }
  }

  /// Each character takes what it can be one with, unless something of the same or a higher class
  /// that stays stands between them.
  void compose() {
    size_t kept = 0, starter = size_t(-1);
    for (const Character c : characters) {
      bool near = starter != size_t(-1) &&
                  (kept == starter + 1 ||
                   (characters[kept - 1].mark && characters[kept - 1].mark < c.mark));
      if (uint32_t whole = near ? composition(characters[starter].value, c.value) : 0) {
        characters[starter].value = whole;
        continue;
      }
      if (!c.mark)
        starter = kept;
      characters[kept++] = c;
    }
    characters.resize(kept);
  }

  std::vector<Character> characters;
};

} // namespace

std::string_view composedText(std::string_view text, std::string &copy) {
  Stretch stretch;
  bool same = true;
  size_t done = 0;   // up to here `copy` has the text
  size_t stable = 0; // the last stable character
  for (size_t at = 0, bytes; at < text.size(); at += bytes) {
    if (isStable(codePointAt(text.data() + at, bytes))) {
      stable = at;
      continue;
    }
    if (same)
      copy.clear();
    same = false;
    copy += text.substr(done, stable - done);
    for (done = stable; done < text.size(); done += bytes) {
      uint32_t c = codePointAt(text.data() + done, bytes);
      if (done > at && isStable(c))
        break;
      stretch.add(c);
    }
    stretch.composeTo(copy);
    at = stable = done;
    bytes = 0;
  }
  if (same)
    return text;
  return copy += text.substr(done);
}

} // namespace ashlar
