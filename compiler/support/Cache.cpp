#include "compiler/support/Cache.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>

namespace ashlar {

/// An absolute path in the environment; a relative one is to be ignored.
static llvm::StringRef absolute(const char *variable) {
  const char *value = std::getenv(variable);
  return value && llvm::sys::path::is_absolute(value) ? value : "";
}

std::optional<std::string> cacheDirectory(llvm::StringRef name, Diagnostics &diags) {
  llvm::SmallString<256> path = absolute("XDG_CACHE_HOME");
  if (path.empty() && !absolute("HOME").empty())
    llvm::sys::path::append(path, absolute("HOME"), ".cache");
  if (path.empty()) {
    diags.error(Exit::InputOutput, "",
                "no place for a cache: neither XDG_CACHE_HOME nor HOME is an absolute path");
    diags.note("set one of them, or use ashlar build -o APP");
    return std::nullopt;
  }
  llvm::sys::path::append(path, "ashlar");
  if (!name.empty())
    llvm::sys::path::append(path, name);
  if (auto error = llvm::sys::fs::create_directories(path)) {
    diags.error(Exit::InputOutput, path, "cannot be created: " + error.message());
    return std::nullopt;
  }
  return path.str().str();
}

} // namespace ashlar
