#include "runtime/text/StopTexts.h"

#include <algorithm>

namespace ashlar {

StopTexts::StopTexts(std::span<const std::string> texts) {
  for (const std::string &text : texts) {
    Stop stop{text, {0, 0}};
    for (size_t n = 1; n < text.size(); ++n) {
      uint16_t border = stop.border[n];
      while (border && text[border] != text[n])
        border = stop.border[border];
      stop.border.push_back(uint16_t(border + (text[border] == text[n])));
    }
    stops.push_back(std::move(stop));
  }
}

/// Knuth, Morris, Pratt: no byte of what was fed is looked at again.
uint32_t StopTexts::advance(Stop &stop, char next) {
  while (stop.matched && stop.text[stop.matched] != next)
    stop.matched = stop.border[stop.matched];
  return stop.matched += stop.text[stop.matched] == next;
}

/// What is held back is known to be the beginning of a stop, so it is stored nowhere else.
std::string_view StopTexts::held() const {
  return std::string_view(stops[longest].text).substr(0, stops[longest].matched);
}

StopTexts::Released StopTexts::feed(std::string_view piece) {
  if (ended)
    return {};
  if (stops.empty())
    return {{}, piece};
  std::string_view before = held();
  size_t fed = before.size();
  for (size_t i = 0; i < piece.size() && !ended; ++i, ++fed)
    for (Stop &stop : stops)
      ended |= advance(stop, piece[i]) == stop.text.size();
  // Where one is complete, it alone counts; of several the one that began first.
  size_t kept = 0;
  for (size_t s = 0; s < stops.size(); ++s) {
    bool counts = !ended || stops[s].matched == stops[s].text.size();
    if (counts && stops[s].matched > kept) {
      longest = s;
      kept = stops[s].matched;
    }
  }
  size_t released = fed - kept;
  return {before.substr(0, released),
          piece.substr(0, released - std::min(released, before.size()))};
}

std::string_view StopTexts::finish() {
  std::string_view rest = ended || stops.empty() ? std::string_view() : held();
  for (Stop &stop : stops)
    stop.matched = 0;
  ended = false;
  return rest;
}

} // namespace ashlar
