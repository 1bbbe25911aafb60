/// The commands, and the options with which a user asks for something: read into a `Request`.
#pragma once

#include "compiler/Request.h"
#include "compiler/support/Diagnostics.h"

#include "llvm/Support/CommandLine.h"

namespace ashlar {

/// Functions, because options of more than one file are registered with them before `main` runs.
namespace commands {
llvm::cl::SubCommand &probe();
llvm::cl::SubCommand &plan();
llvm::cl::SubCommand &build();
llvm::cl::SubCommand &run();
llvm::cl::SubCommand &inspect();
} // namespace commands

llvm::cl::OptionCategory &requestOptions();

/// Says what was wrong in what was typed, and the way out. Returns false.
bool wrongUse(Diagnostics &diags, const llvm::Twine &text, const llvm::Twine &wayOut);

/// Reads the request's options. `planFile` is set when the decisions are taken from plan text.
bool parseRequest(Request &request, std::string &planFile, Diagnostics &diags);

} // namespace ashlar
