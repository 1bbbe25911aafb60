// What writing a file leaves behind, when it succeeds and when it does not.

#include "compiler/support/Files.h"

#include "tests/unit/Check.h"

#include "llvm/Support/FileSystem.h"

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace ashlar;

namespace {

/// A directory that is gone with the test.
struct Directory {
  llvm::SmallString<128> path;
  Directory() { CHECK(!llvm::sys::fs::createUniqueDirectory("ashlar-files", path)); }
  ~Directory() { llvm::sys::fs::remove_directories(path); }
  std::string operator/(llvm::StringRef name) const { return (path + "/" + name).str(); }
  size_t entries() const {
    std::error_code error;
    size_t count = 0;
    for (llvm::sys::fs::directory_iterator it(path, error), end; it != end; it.increment(error))
      ++count;
    return count;
  }
};

struct Quiet {
  std::string text;
  llvm::raw_string_ostream out{text};
  Diagnostics diags{out};
};

std::string content(const std::string &path) {
  Quiet quiet;
  std::optional<llvm::StringRef> text = readText(path, Bytes(1 << 20), quiet.diags);
  return text ? text->str() : "(unread)";
}

struct stat status(const std::string &path) {
  struct stat result;
  CHECK_EQ(lstat(path.c_str(), &result), 0);
  return result;
}

} // namespace

TEST(replaces) {
  Directory directory;
  Quiet quiet;
  std::string path = directory / "file", link = directory / "link";
  CHECK(writeFile(path, "old", quiet.diags));
  CHECK_EQ(content(path), "old");
  CHECK_EQ(chmod(path.c_str(), 0755), 0);
  CHECK_EQ(symlink("file", link.c_str()), 0);
  CHECK(writeFile(link, "new", quiet.diags));
  CHECK(S_ISLNK(status(link).st_mode));
  CHECK_EQ(content(path), "new");
  CHECK_EQ(status(path).st_mode & 0777, 0755);
  CHECK_EQ(directory.entries(), 2u);
  CHECK_EQ(quiet.text, "");
}

TEST(devicesStay) {
  Quiet quiet;
  CHECK(writeFile("/dev/null", "text", quiet.diags));
  CHECK(S_ISCHR(status("/dev/null").st_mode));
  CHECK(!writeFile("/dev/full", "text", quiet.diags));
  CHECK(quiet.diags.exit() == Exit::InputOutput);
  CHECK_EQ(quiet.text, "/dev/full: error: cannot be written: No space left on device\n");
}

// A limit on the size of files stands for a full disk.
TEST(failureKeepsTheOldFile) {
  Directory directory;
  Quiet quiet;
  std::string path = directory / "file";
  CHECK(writeFile(path, "old", quiet.diags));
  rlimit before, small;
  getrlimit(RLIMIT_FSIZE, &before);
  small = {1000, before.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  CHECK(!writeFile(path, std::string(5000, 'x'), quiet.diags));
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(quiet.diags.exit() == Exit::InputOutput);
  CHECK_EQ(content(path), "old");
  CHECK_EQ(directory.entries(), 1u);
}

TEST(noDirectory) {
  Directory directory;
  Quiet quiet;
  CHECK(!writeFile(directory / "none/file", "text", quiet.diags));
  CHECK(quiet.diags.exit() == Exit::InputOutput);
}

TEST(unchangedKeepsItsTime) {
  Directory directory;
  Quiet quiet;
  std::string path = directory / "file";
  CHECK(writeIfChanged(path, "same", quiet.diags));
  timespec past[2] = {{1000, 0}, {1000, 0}};
  CHECK_EQ(utimensat(AT_FDCWD, path.c_str(), past, 0), 0);
  CHECK(writeIfChanged(path, "same", quiet.diags));
  CHECK_EQ(status(path).st_mtime, 1000);
  CHECK(writeIfChanged(path, "diff", quiet.diags));
  CHECK(status(path).st_mtime != 1000);
  CHECK_EQ(content(path), "diff");
}

TEST(readingRefuses) {
  Directory directory;
  Quiet quiet;
  std::string path = directory / "file", pipe = directory / "pipe";
  CHECK(writeFile(path, "12345", quiet.diags));
  CHECK(readText(path, Bytes(5), quiet.diags).has_value());
  CHECK(!quiet.diags.failed());
  CHECK(!readText(path, Bytes(4), quiet.diags));
  CHECK(quiet.diags.exit() == Exit::BadInput);
  CHECK_EQ(mkfifo(pipe.c_str(), 0600), 0);
  CHECK(!readText(pipe, Bytes(5), quiet.diags)); // and does not wait for a writer
  CHECK(!readText(directory.path.str().str(), Bytes(5), quiet.diags));
  CHECK(!readText(directory / "none", Bytes(5), quiet.diags));
}

TEST(digests) {
  CHECK_EQ(digest(""), "af1349b9f5f9a1a6a0404dea36dcc949"); // BLAKE3's published value
}
