/// Runs the C++ compiler.
#pragma once

#include "compiler/link/Link.h"

namespace ashlar {

struct CompilerRun {
  std::string what; // "decode.cpp", "the app": for messages
  std::vector<std::string> arguments;
};

/// The compiler's path; an error that says how to get one when there is none.
std::optional<std::string> findCompiler(const LinkOptions &options, Diagnostics &diags);

/// Runs all, several at a time. What a failing compiler said goes into the message.
bool runCompiler(const std::string &compiler, const std::vector<CompilerRun> &runs,
                 const std::string &directory, const LinkOptions &options, Diagnostics &diags);

} // namespace ashlar
