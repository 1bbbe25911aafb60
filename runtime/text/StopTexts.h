/// Ends a text before the first of some texts appears in it, as it comes piece by piece. What may
/// be the beginning of one of them is held back until it is decided. Allocates when it is made, and
/// never after; a piece takes time in proportion to its length.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

class StopTexts {
public:
  /// Of all of them together.
  static constexpr uint64_t MaxBytes = 4096;

  /// None of the texts is empty.
  explicit StopTexts(std::span<const std::string> texts);

  /// What is decided now: first what was held back of earlier pieces, then some of this one. Valid
  /// as long as the piece. Where texts and pieces are UTF-8, no character is cut.
  struct Released {
    std::string_view held, piece;
  };
  Released feed(std::string_view piece);
  /// Whether one of the texts was found. From then on nothing is released.
  bool found() const { return ended; }

  /// At the end: what is still held back. The next piece starts a new text.
  std::string_view finish();

private:
  struct Stop {
    std::string text;
    std::vector<uint16_t> border; // [n]: the most bytes that end the first n and begin the text
    uint32_t matched = 0;         // bytes of it that end what was fed
  };
  uint32_t advance(Stop &stop, char next);
  std::string_view held() const;

  std::vector<Stop> stops;
  size_t longest = 0; // the stop of which most is matched: that much is held back
  bool ended = false;
};

} // namespace ashlar
