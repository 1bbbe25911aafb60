/// The way through: from files to a placed executable, one phase after another.
#pragma once

#include "compiler/PhaseLog.h"
#include "compiler/Request.h"
#include "compiler/link/Link.h"
#include "compiler/support/Diagnostics.h"

namespace ashlar {

struct PlanOptions {
  Request request;
  InputFile planFile;      // decisions are taken from this text; without: made
  std::string modulesFile; // modules to map without a model; empty: none
  bool splitInput = false; // the file of these two that there is, or else the spec, is several
  Emit emit = Emit::Report;
  std::string output = "-";
  bool json = false;
  Watch watch;
};

struct BuildOptions {
  Request request;
  InputFile planFile;
  std::string app;
  std::string sources; // directory; empty: none
  std::string depfile; // for make and ninja; empty: none
  LinkOptions link;
  Watch watch;
};

/// Each returns the exit code; what is wrong was said through `diags`.
Exit planCommand(const PlanOptions &options, Diagnostics &diags);
Exit buildCommand(const BuildOptions &options, Diagnostics &diags);
/// Builds into the cache unless the same app is there already; returns its path in `app`.
Exit cachedBuild(const BuildOptions &options, std::string &app, Diagnostics &diags);
/// Goes on after a path that cannot be shown; of several, each is shown under its name.
Exit inspectCommand(llvm::ArrayRef<std::string> paths, bool json, Diagnostics &diags);

} // namespace ashlar
