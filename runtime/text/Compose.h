/// Normal form C: what looks the same and can be written as one character, is. Exactly what the
/// `tokenizers` package makes of a text, which knows Unicode 9 and leaves younger marks alone.
#pragma once

#include <string>
#include <string_view>

namespace ashlar {

/// The valid text itself when it is in normal form C, else a copy that is, kept in `copy`. A copy
/// has three times as many bytes at most.
std::string_view composedText(std::string_view text, std::string &copy);

} // namespace ashlar
