/// The phases before placement: read, check and bind.
#pragma once

#include "compiler/Request.h"
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Config.h"
#include "compiler/spec/Spec.h"

namespace ashlar {

inline constexpr Bytes MaxSpec{1 << 20};

/// A checkpoint with its spec, as files say it.
struct Sources {
  std::string directory; // of the checkpoint
  Config config;
  spec::File spec;
  Checkpoint checkpoint;
};

/// read: malformed files end here.
std::optional<Sources> readSources(const Request &request, Diagnostics &diags);

} // namespace ashlar
