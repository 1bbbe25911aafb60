#include "compiler/support/TorchModule.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

namespace ashlar {

std::string torchModule() {
  if (auto named = llvm::sys::Process::GetEnv("ASHLAR_TORCH_LIBRARY"); named && !named->empty())
    return *named;
  // bin/ashlar and lib/libashlar_torch.so
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  llvm::SmallString<256> module(llvm::sys::path::parent_path(llvm::sys::path::parent_path(self)));
  llvm::sys::path::append(module, "lib", "libashlar_torch.so");
  return llvm::sys::fs::exists(module) ? module.str().str() : "";
}

} // namespace ashlar
