// A target without a fuzzer: runs each file that is named, and each file of each folder.
#include "tests/fuzz/Fuzz.h"

#include "llvm/Support/FileSystem.h"

static size_t ran = 0;

static void replay(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  fuzz::require(static_cast<bool>(buffer), "an input cannot be read", path);
  llvm::StringRef bytes = (*buffer)->getBuffer();
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  ++ran;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    if (!llvm::sys::fs::is_directory(argv[i])) {
      replay(argv[i]);
      continue;
    }
    std::error_code error;
    for (llvm::sys::fs::directory_iterator it(argv[i], error), end; it != end && !error;
         it.increment(error))
      replay(it->path());
    fuzz::require(!error, "a folder cannot be read", argv[i]);
  }
  llvm::outs() << "ran " << ran << " inputs\n";
}
