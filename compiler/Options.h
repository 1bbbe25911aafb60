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

/// Files that a command can start from instead of a model.
struct StartFiles {
  std::string plan;    // decisions as plan text
  std::string modules; // modules to be mapped
};

/// Reads the request's options.
bool parseRequest(Request &request, StartFiles &files, Diagnostics &diags);

} // namespace ashlar
