/// Tells whether a file is still the one that was left there, without reading it.
#pragma once

#include "compiler/support/Diagnostics.h"

#include <string>

namespace ashlar {

/// Notes in PATH.seal what the system says of the file: its size, its number, and when it was last
/// changed, which every write and every change of its mode renews and nobody can set back.
bool seal(const std::string &path, Diagnostics &diags);

/// Whether the file was sealed and nothing has touched it since.
bool isSealed(const std::string &path);

} // namespace ashlar
