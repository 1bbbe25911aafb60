/// Compiles `tokenizer.json` into the flat form that the runtime reads in place
/// (runtime/text/TokenizerFormat.h).
#pragma once

#include "compiler/support/Diagnostics.h"

#include <optional>
#include <string>

namespace ashlar {

/// The compiled tokenizer of a checkpoint directory; an empty string when there is no
/// tokenizer.json (the app then takes `--tokens` only). A component that the runtime cannot
/// reproduce exactly is refused by its name, and where it stands.
std::optional<std::string> compileTokenizer(const std::string &directory, uint64_t vocabulary,
                                            Diagnostics &diags);

} // namespace ashlar
