#include "compiler/support/Cache.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace ashlar {

std::optional<std::string> cacheDirectory(llvm::StringRef name, Diagnostics &diags) {
  llvm::SmallString<256> path;
  if (!llvm::sys::path::cache_directory(path)) {
    diags.error(Exit::InputOutput, "",
                "no place for a cache: neither XDG_CACHE_HOME nor HOME "
                "is set");
    return std::nullopt;
  }
  llvm::sys::path::append(path, "ashlar", name);
  if (auto error = llvm::sys::fs::create_directories(path)) {
    diags.error(Exit::InputOutput, path, "cannot be created: " + error.message());
    return std::nullopt;
  }
  return path.str().str();
}

} // namespace ashlar
