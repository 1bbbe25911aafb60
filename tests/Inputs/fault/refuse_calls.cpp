// A library to be loaded before a program (LD_PRELOAD): the program's k-th call of the C library on
// a matching file fails, as it does when a disk breaks. It speaks to the program alone, not to what
// the program starts.
//
//   FAULT_PATH   the call's file has this in its path
//   FAULT_CALLS  the calls that count, with a comma behind each: pread,write,
//   FAULT_AT     which of them fails, from 1 on
//   FAULT_ERRNO  the error's number; 0: the call reads, or writes, nothing; below 0: the program
//                gets this signal before the call; 65536: it does not fail, but somebody else
//                writes to the file before it
//   FAULT_LOG    a file to which the call that failed is written: "pread /tmp/model.safetensors"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Settings {
  std::string path, calls, log;
  long at = 0;
  int error = 0;

  Settings() {
    auto text = [](const char *name) {
      const char *value = std::getenv(name);
      return std::string(value ? value : "");
    };
    path = text("FAULT_PATH");
    calls = "," + text("FAULT_CALLS");
    log = text("FAULT_LOG");
    at = std::atol(text("FAULT_AT").c_str());
    error = std::atoi(text("FAULT_ERRNO").c_str());
    unsetenv("LD_PRELOAD");
  }
};

std::string pathOf(int file) {
  char path[4096];
  std::string link = "/proc/self/fd/" + std::to_string(file);
  ssize_t length = readlink(link.c_str(), path, sizeof(path));
  return {path, size_t(length < 0 ? 0 : length)};
}

template <class Function> Function *original(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

/// Whether this call is the one that fails. Sets errno, to 0 for one that moves nothing.
bool fails(const char *call, const std::string &path) {
  static const Settings settings;
  static std::atomic<long> seen{0};
  if (path.find(settings.path) == std::string::npos ||
      settings.calls.find("," + std::string(call) + ",") == std::string::npos ||
      ++seen != settings.at)
    return false;
  // By file descriptors of its own: the functions below count the calls of the program.
  static auto *open = original<int(const char *, int, ...)>("open");
  static auto *write = original<ssize_t(int, const void *, size_t)>("write");
  std::string line = std::string(call) + " " + path + "\n";
  int log = open(settings.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log < 0 || write(log, line.data(), line.size()) < 0)
    std::abort();
  if (settings.error == 65536)
    return utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0;
  if (settings.error < 0)
    raise(-settings.error);
  errno = settings.error;
  return true;
}

} // namespace

// `call` is the name without the ending 64, which means the same here.
#define MOVES(name, call, parameters, arguments)                                                   \
  extern "C" ssize_t name parameters {                                                             \
    static auto *next = original<ssize_t parameters>(#name);                                       \
    return fails(call, pathOf(file)) ? (errno ? -1 : 0) : next arguments;                          \
  }
MOVES(read, "read", (int file, void *to, size_t bytes), (file, to, bytes))
MOVES(write, "write", (int file, const void *from, size_t bytes), (file, from, bytes))
MOVES(pread, "pread", (int file, void *to, size_t bytes, off_t at), (file, to, bytes, at))
MOVES(pread64, "pread", (int file, void *to, size_t bytes, off_t at), (file, to, bytes, at))
MOVES(pwrite, "pwrite", (int file, const void *from, size_t bytes, off_t at),
      (file, from, bytes, at))
MOVES(pwrite64, "pwrite", (int file, const void *from, size_t bytes, off_t at),
      (file, from, bytes, at))

#define RETURNS(type, name, call, failure, path, parameters, arguments)                            \
  extern "C" type name parameters {                                                                \
    static auto *next = original<type parameters>(#name);                                          \
    return fails(call, path) ? failure : next arguments;                                           \
  }
RETURNS(int, stat, "stat", -1, path, (const char *path, struct stat *facts), (path, facts))
RETURNS(int, stat64, "stat", -1, path, (const char *path, struct stat64 *facts), (path, facts))
RETURNS(int, fstat, "fstat", -1, pathOf(file), (int file, struct stat *facts), (file, facts))
RETURNS(int, fstat64, "fstat", -1, pathOf(file), (int file, struct stat64 *facts), (file, facts))
RETURNS(int, fchmod, "fchmod", -1, pathOf(file), (int file, mode_t mode), (file, mode))
RETURNS(int, rename, "rename", -1, to, (const char *from, const char *to), (from, to))
RETURNS(int, mkdir, "mkdir", -1, path, (const char *path, mode_t mode), (path, mode))
RETURNS(char *, mkdtemp, "mkdir", nullptr, path, (char *path), (path))
RETURNS(int, mkostemp, "open", -1, path, (char *path, int flags), (path, flags))
RETURNS(int, mkostemp64, "open", -1, path, (char *path, int flags), (path, flags))
RETURNS(DIR *, opendir, "opendir", nullptr, path, (const char *path), (path))

/// Does nothing: what is written in a test need not survive the machine's end.
extern "C" int fsync(int file) { return fails("fsync", pathOf(file)) ? -1 : 0; }

/// Counts for files that are written: nothing is lost with another. The file is closed all the
/// same, as Linux does.
extern "C" int close(int file) {
  static auto *next = original<int(int)>("close");
  int flags = fcntl(file, F_GETFL);
  bool failed = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fails("close", pathOf(file));
  int error = errno, result = next(file);
  if (!failed)
    return result;
  errno = error;
  return -1;
}

#define OPENS(name)                                                                                \
  extern "C" int name(const char *path, int flags, ...) {                                          \
    static auto *next = original<int(const char *, int, ...)>(#name);                              \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                                      \
    va_end(rest);                                                                                  \
    return fails("open", path) ? -1 : next(path, flags, mode);                                     \
  }
OPENS(open)
OPENS(open64)

/// A directory that ends where its reading failed, with errno set.
#define READS_DIRECTORY(name, entry)                                                               \
  extern "C" entry *name(DIR *directory) {                                                         \
    static auto *next = original<entry *(DIR *)>(#name);                                           \
    return fails("readdir", pathOf(dirfd(directory))) ? nullptr : next(directory);                 \
  }
READS_DIRECTORY(readdir, dirent)
READS_DIRECTORY(readdir64, dirent64)
