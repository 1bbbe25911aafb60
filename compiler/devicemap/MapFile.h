/// Device maps of the user's, as JSON: {"model.embed_tokens": 0, "lm_head": "cuda:1", "": "cpu"}.
#pragma once

#include "compiler/devicemap/JsonCursor.h"
#include "compiler/devicemap/Place.h"

namespace ashlar::devicemap {

/// An object is a map; text is a strategy or a device, and so is a number. Null is no choice.
bool readChoice(const llvm::json::Value &value, JsonCursor &cursor, std::optional<Choice> &into);

} // namespace ashlar::devicemap
