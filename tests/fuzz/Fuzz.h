/// What the fuzz targets share. A target is a program that hands the same bytes to a reader as a
/// file would: the reader may refuse them, and says why; what it takes must be what it printed.
/// `require` ends the program, which is how a fuzzer learns of a mistake.
#pragma once

#include "compiler/support/Diagnostics.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// NOLINTNEXTLINE(readability-identifier-naming): the name that the fuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// LLVM's allocators mark their memory for the sanitizer in their headers, which are compiled with
// it here, and in a library, which is not. One half of the marks is worse than none.
extern "C" const char *__asan_default_options() { return "allow_user_poisoning=0"; }
#endif
#endif

namespace fuzz {

inline void require(bool holds, llvm::StringRef what, llvm::StringRef facts = "") {
  if (holds)
    return;
  llvm::errs() << "broken: " << what << '\n' << facts << '\n';
  std::abort();
}

inline llvm::StringRef input(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

/// Diagnostics that nobody reads, but that must be there.
struct Quiet {
  std::string text;
  llvm::raw_string_ostream out{text};
  ashlar::Diagnostics diags{out};

  /// A result comes without an error, and no result with one that has words.
  template <class Result> bool took(const Result &result) {
    require(static_cast<bool>(result) == !diags.failed(), "result and errors disagree", text);
    require(static_cast<bool>(result) || !text.empty(), "nothing was said");
    return static_cast<bool>(result);
  }
};

template <class T> std::string printed(const T &value) {
  std::string text;
  llvm::raw_string_ostream out(text);
  print(value, out);
  return text;
}

/// A file in memory that holds one input after the other.
class File {
public:
  File() : descriptor(memfd_create("input", MFD_CLOEXEC)) {
    require(descriptor >= 0, "no file in memory");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor); }
  /// `size` beyond the bytes are zeros that take no memory.
  void hold(llvm::StringRef bytes, uint64_t size) const {
    bool done = ftruncate(descriptor, 0) == 0 &&
                pwrite(descriptor, bytes.data(), bytes.size(), 0) == ssize_t(bytes.size()) &&
                ftruncate(descriptor, static_cast<off_t>(size)) == 0;
    require(done, "the input cannot be written");
  }
  void hold(llvm::StringRef bytes) const { hold(bytes, bytes.size()); }

private:
  int descriptor;
};

/// A directory whose files are links to such files; it is removed when the program ends.
class Directory {
public:
  Directory() {
    const char *parent = std::getenv("TMPDIR");
    path = std::string(parent ? parent : "/tmp") + "/ashlar-fuzz-XXXXXX";
    require(mkdtemp(path.data()), "no directory for the input");
  }
  ~Directory() {
    for (const std::string &name : names)
      unlink((path + "/" + name).c_str());
    rmdir(path.c_str());
  }
  void add(const std::string &name, const File &file) {
    require(symlink(file.path().c_str(), (path + "/" + name).c_str()) == 0, "no link to the input");
    names.push_back(name);
  }
  std::string path;

private:
  std::vector<std::string> names;
};

} // namespace fuzz
