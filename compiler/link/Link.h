/// Turns emitted sources into something that runs: an executable with its weights, or a project
/// that builds by itself.
#pragma once

#include "compiler/emit/Emit.h"
#include "compiler/pack/Pack.h"

namespace ashlar {

struct LinkOptions {
  std::string compiler; // of C++20; empty: the first of c++, g++, clang++ on the path
  bool append = true;   // the weights ride at the executable's end, or lie beside it
  unsigned jobs = 0;    // compilers at a time; 0: as many as there are cores
  bool verbose = false; // shows the commands
};

/// Compiles, links and packs into `app`, which is replaced at the end or not at all. A compiler
/// that fails on what we emitted is a bug of ours.
bool linkApp(const std::string &app, const std::vector<SourceFile> &sources,
             const PackContents &contents, const LinkOptions &options,
             std::vector<QuantizedWeight> &quantized, Diagnostics &diags);

/// Writes the project: emitted files, runtime and kernels, CMakeLists.txt, the plan, the pack.
bool writeProject(const std::string &directory, const std::vector<SourceFile> &sources,
                  const PackContents &contents, std::vector<QuantizedWeight> &quantized,
                  Diagnostics &diags);

} // namespace ashlar
