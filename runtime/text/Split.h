/// Cuts text into the pieces within which bytes are merged. Each cutter is a scanner written for
/// one regular expression of the field; it gives the matches of that expression, takes time linear
/// in the text, and covers all of it.
#pragma once

#include "runtime/text/TokenizerFormat.h"

#include <cstddef>
#include <string_view>

namespace ashlar {

/// The length of the first piece of a text that is valid UTF-8 and not empty.
size_t firstPiece(Splitter splitter, std::string_view text);

} // namespace ashlar
