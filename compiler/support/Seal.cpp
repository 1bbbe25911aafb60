#include "compiler/support/Seal.h"

#include "compiler/support/Files.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

#include <sys/stat.h>

namespace ashlar {

static std::string sealOf(const std::string &path) { return path + ".seal"; }

/// Empty where there is no such file.
static std::string factsOf(const std::string &path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0)
    return "";
  return llvm::formatv("bytes={0} inode={1} changed={2}.{3,0+9}\n", facts.st_size, facts.st_ino,
                       facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec);
}

bool seal(const std::string &path, Diagnostics &diags) {
  return writeFile(sealOf(path), factsOf(path), diags);
}

bool isSealed(const std::string &path) {
  auto noted = llvm::MemoryBuffer::getFile(sealOf(path));
  std::string facts = factsOf(path);
  return noted && !facts.empty() && (*noted)->getBuffer() == facts;
}

} // namespace ashlar
