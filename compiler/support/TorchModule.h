/// Where the module for LibTorch is that apps open.
#pragma once

#include <string>

namespace ashlar {

/// What ASHLAR_TORCH_LIBRARY names; else the one that was built, or installed, with this tool.
/// Empty where there is none.
std::string torchModule();

} // namespace ashlar
