/// How fast a disk is read past the page cache.
#pragma once

#include "compiler/machine/Machine.h"

namespace ashlar {

/// Reads a temporary file in `directory`, which has no name and is gone afterwards. Where no file
/// can be written there: a warning and nothing.
std::optional<Disk> probeDisk(const std::string &directory, Bytes fileSize, Diagnostics &diags);

} // namespace ashlar
